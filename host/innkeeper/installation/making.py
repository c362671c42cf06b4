"""Makes a plugin's environment in a new generation, has it described, and commits it.

The steps are in this order so that a package that is no plugin costs one small download, and so that everything is on
disk before the index names it. Until then nothing of what was there has changed.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from innkeeper.confinement.granting import allow
from innkeeper.confinement.grants import Grants, load
from innkeeper.errors import InstallError, PluginError
from innkeeper.paths import Home
from innkeeper.untrusted import one_line

from . import openai_settings
from .bytecode import compile_files, worth_compiling
from .deferred_options import deferrable_classes
from .editable import source_files
from .environment import described_size, sync
from .fingerprint import default_plugin_hash, is_current, watch
from .generation import new_generation
from .interpreters import Interpreter
from .inventory import InstalledPlugin, change_index
from .manifest import MOST, checked, summarised, write_manifest
from .plan import Plan, Workshop
from .record import Asked, write_record
from .request import Describe
from .requirement import without_password
from .resolution import content_of, resolve
from .runtime import REAL, SDK, NeedsRealLlm, first_choice, lacking
from .sdk_wheels import put_sdk_into, sdk_wheels
from .uv_failure import UvFailed
from .wheel import read_installed

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.describe import Description

MOST_WATCHED = 500
"""Source files of an editable plugin that are looked at each time it starts, at 2 us each."""


def make(plan: Plan, workshop: Workshop, *, scratch: str) -> InstalledPlugin:
    """Make the environment that *plan* describes, commit it, and return the plugin; its lock is held by the caller.

    What is there already and would come out the same is returned as it is. *scratch* is a folder that goes afterwards.
    A plugin that may need more than the SDK is made anew with the real ``llm``, and stays so if that helps. Raises
    InstallError, and then nothing has changed.
    """
    chosen = replace(plan, runtime=first_choice(plan))
    try:
        return _make(chosen, workshop, scratch=scratch)
    except NeedsRealLlm as need:
        workshop.progress(f"{plan.name} gets the real llm in its environment: {one_line(need.why, 200)}")
        most = None if need.problems is None else need.problems - 1
        try:
            return _make(replace(chosen, runtime=REAL, most_problems=most), workshop, scratch=scratch)
        except InstallError:
            if most is None:
                raise
    workshop.progress(f"{plan.name} is no better off with it")
    return _make(replace(chosen, most_problems=MOST["problems"]), workshop, scratch=scratch)


def _make(plan: Plan, workshop: Workshop, *, scratch: str) -> InstalledPlugin:
    """Make it on the runtime of *plan*. Raises NeedsRealLlm where the other one may do better, and nobody knows yet."""
    home = workshop.home
    with new_generation(home, plan.name) as generation:
        folder = home.generation_dir(plan.name, generation)
        resolution = resolve(folder, plan, sdk_wheels(home).requirements(), workshop, scratch=scratch)
        if plan.earlier is not None and _is_made_already(home, plan, plan.earlier, folder):
            return plan.earlier
        workshop.progress(f"Making the environment of {plan.name}: {described_size(resolution.packages)}")
        plugin, files = _make_environment(plan, workshop, resolution.project.interpreter, generation)
        if plan.runtime == SDK and not plan.source:  # a source that is edited may change at any time
            plugin.deferred = deferrable_classes(plugin.site_packages, files)
        description = said(workshop.describe, plugin)
        _compare(plan, description)
        see_that_it_loads(plugin, description)
        register(home, plugin, description)
        compile_files(
            worth_compiling(plugin.site_packages, description.imported_files, files),
            tier=workshop.tier,
            subject=plan.name,
            interpreter=resolution.project.interpreter,
            readable=plugin.site_packages,
            scratch=os.path.join(folder, "compiling"),
        )
        write_manifest(folder, description)
        commit(home, plugin, replace(plan.asked, added=resolution.added))
    return plugin


def _is_made_already(home: Home, plan: Plan, earlier: InstalledPlugin, folder: str) -> bool:
    if plan.request.force_reinstall or earlier.generation is None or earlier.source_kind == "editable":
        return False
    before = home.generation_dir(earlier.name, earlier.generation)
    files = ("pyproject.toml", "uv.lock")
    same = all(content_of(os.path.join(before, file)) == content_of(os.path.join(folder, file)) for file in files)
    return same and is_current(home, earlier)


def _make_environment(
    plan: Plan, workshop: Workshop, interpreter: Interpreter, generation: str
) -> tuple[InstalledPlugin, list[str]]:
    """Make the environment from its lock; return the plugin, which has said nothing yet, and its own files."""
    home = workshop.home
    folder = home.generation_dir(plan.name, generation)
    try:
        site_packages = sync(folder, interpreter, progress=workshop.progress, no_cache=plan.request.no_cache)
    except UvFailed as error:
        raise error.explained(plan.name) from error
    sdk = put_sdk_into(home, site_packages, interpreter, tier=workshop.tier, runtime=plan.runtime).hash
    distribution = read_installed(site_packages, plan.name)
    if distribution is None:
        raise InstallError(f"{plan.name} was not installed.", why="Its environment does not hold it.")
    plugin = InstalledPlugin(
        name=plan.name,
        version=distribution.version,
        requirement=without_password(plan.request.requirement),
        source_kind=plan.source_kind,
        location=plan.location,
        generation=generation,
        interpreter=interpreter.path,
        base_prefix=interpreter.base_prefix,
        site_packages=site_packages,
        extra_read=[plan.source] if plan.source else [],
        sdk=f"{sdk}-{default_plugin_hash(home, plan.name)}" if plan.is_default else sdk,
        is_default=plan.is_default,
        runtime=plan.runtime,
        installed_at=time.time(),
    )
    return plugin, [os.path.join(site_packages, path) for path in distribution.files]


def _compare(plan: Plan, description: Description) -> None:
    """See that the runtime of *plan* is the better one, as far as is known. Raises NeedsRealLlm, InstallError."""
    if plan.most_problems is None:
        lacks = lacking(description) if plan.runtime == SDK and not plan.is_default else ""
        if lacks:
            raise NeedsRealLlm(lacks, len(description.problems))
    elif len(description.problems) > plan.most_problems:
        raise InstallError(f"Plugin '{plan.name}' registers no more on the real llm.")


def described(describe: Describe, plugin: InstalledPlugin) -> Description:
    """Ask *plugin* what it registers, and return what of that is fit to be kept. Raises InstallError."""
    description = said(describe, plugin)
    see_that_it_loads(plugin, description)
    return description


def said(describe: Describe, plugin: InstalledPlugin) -> Description:
    """Do as `described` for a plugin that may be unable to say anything but why. Raises InstallError."""
    try:
        answer = describe(plugin)
    except PluginError as error:
        raise InstallError(
            f"Plugin '{plugin.name}' could not say what it registers.",
            why="\n".join(part for part in (error.message, error.why) if part),
        ) from error
    return checked(answer)


def see_that_it_loads(plugin: InstalledPlugin, description: Description) -> None:
    """Raise InstallError for a plugin of which nothing can be used."""
    if not description.hooks and description.problems:
        again = quote(plugin.requirement)
        raise InstallError(
            f"Plugin '{plugin.name}' cannot be loaded.",
            why="\n".join(f"{problem.where}: {problem.message}" for problem in description.problems[:3]),
            hint=f"If it lacks a package, or needs an older one: llm install {again} --with 'PACKAGE<2'",
        )


def register(home: Home, plugin: InstalledPlugin, description: Description) -> None:
    """Enter into *plugin* what its checked *description* says, and the files on which that hangs."""
    for name, value in summarised(description).items():
        setattr(plugin, name, value)
    granted = load(home, plugin.name, plugin.source)
    keys = [home.keys_file] if granted.keys and not plugin.is_default else []
    settings = openai_settings.extra_files(home) if openai_settings.concerns(plugin) else ()
    own = [path for folder in plugin.extra_read for path in source_files(folder)][:MOST_WATCHED]
    named = [path for path in description.registration_files if _is_seen(home, plugin, granted, path)]
    plugin.watched = watch([*named, home.grants_file(plugin.name), *keys, *settings, *own])


def _is_seen(home: Home, plugin: InstalledPlugin, granted: Grants, path: str) -> bool:
    """Say whether *plugin* may see *path*: to be described anew would else tell it when a file changes."""
    folders = (home.data_dir(plugin.name), *plugin.extra_read, *granted.read, *granted.write)
    real = os.path.realpath(path)
    return granted.trust or any(f"{real}/".startswith(f"{os.path.realpath(folder)}/") for folder in folders)


def commit(home: Home, plugin: InstalledPlugin, asked: Asked) -> None:
    """Write the record of *plugin*, and put it into the index: from here on it is the one that is installed."""
    if asked.request.no_sandbox:
        allow(home, plugin.name, plugin.source, Grants(no_sandbox=True))
        plugin.watched |= watch([home.grants_file(plugin.name)])
    write_record(home, plugin, asked)
    with change_index(home) as index:
        index.put(plugin)
