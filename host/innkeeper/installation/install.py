"""Installing plugins, and keeping them fit to start: each change of a plugin is made here, under its lock.

An environment is never changed. Whatever has to be different is made in a new generation beside it, and one
replacement of the index decides; see `making` and `generation`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from innkeeper.errors import InstallError, UnknownPlugin
from innkeeper.paths import Home
from innkeeper.untrusted import cleaned

from .defaults import default_names, default_request
from .fingerprint import is_current, is_made_by_this_host
from .generation import plugin_lock, sweep
from .interpreters import at, choose
from .inventory import InstalledPlugin, canonical_name, read_index
from .making import commit, described, make, register
from .manifest import write_manifest
from .plan import Plan, Workshop, is_for_any_python, plan_of_default
from .record import Asked, asked_for
from .request import Describe, InstallRequest, Progress
from .requirement import RESERVED, Requirement, parse, parse_more, wheel_name, without_password
from .resolution import WHEELS
from .scratch import scratch_folder
from .source import Wheel, obtain_wheel
from .uv_failure import UvFailed, disk_full
from .wheel import read_wheel


def install(
    home: Home, request: InstallRequest, *, tier: str, describe: Describe, progress: Progress
) -> InstalledPlugin:
    """Install what *request* asks for, and return it; what satisfies the request already stays as it is.

    Builds run in *tier*. Blocks while another process changes the same plugin. Raises UsageError for a request that
    means nothing, BuildNeeded for one that ``build=True`` may help, InstallError for what cannot be installed,
    ConfinementError; whatever was installed before is still there then.
    """
    requirement = parse(request.requirement, editable=request.editable)
    parse_more(request.with_, "--with")
    without = tuple(canonical_name(one.name) for one in parse_more(request.without, "--without"))
    request = replace(request, without=without)
    workshop = Workshop(home, tier, describe, progress)
    with _explained(requirement.subject), scratch_folder(home) as scratch:
        sweep(home)
        wheel = None
        if requirement.kind not in ("index", "url"):
            wheel = obtain_wheel(requirement, request, tier=tier, scratch=scratch, progress=progress)
        name = wheel.distribution.name if wheel else str(requirement.name)
        _check_name(name, requirement)
        with plugin_lock(home, name, progress):
            earlier = read_index(home).named(name)
            if earlier is not None and earlier.is_ready:
                before = asked_for(home, earlier)
                request = request.after(before.request)
                if _satisfies(earlier, before, request, requirement):
                    return _up_to_date(earlier, workshop, scratch)
            asked = Asked(request, replace(requirement, name=name).dependency)
            if wheel is None and name in default_names():
                plan = plan_of_default(home, name, asked, default_request(name))
            else:
                plan = _plan(name, requirement, asked, wheel)
            keeps = not request.upgrade and not request.force_reinstall
            return make(replace(plan, earlier=earlier, keeps_versions=keeps), workshop, scratch=scratch)


def make_ready(
    home: Home, plugin: InstalledPlugin, *, tier: str, describe: Describe, progress: Progress
) -> InstalledPlugin:
    """Return *plugin* fit to be started: made on first use, made anew after this host changed, described anew when
    what it registers may have changed.

    Whoever starts plugins asks `fingerprint.is_current` first, which is quick. Raises as `install` does, and
    UnknownPlugin where it was removed meanwhile.
    """
    with _explained(plugin.name), scratch_folder(home) as scratch, plugin_lock(home, plugin.name, progress):
        return _up_to_date(_present(home, plugin.name), Workshop(home, tier, describe, progress), scratch)


def repair(home: Home, name: str, *, tier: str, describe: Describe, progress: Progress) -> InstalledPlugin:
    """Make the environment of the plugin *name* anew, as it was asked for, with the versions it has. Raises as
    `make_ready` does.
    """
    workshop = Workshop(home, tier, describe, progress)
    with _explained(name), scratch_folder(home) as scratch, plugin_lock(home, name, progress):
        plan = _plan_again(_present(home, name), workshop, scratch)
        forced = replace(plan.asked, request=replace(plan.request, force_reinstall=True))
        return make(replace(plan, asked=forced), workshop, scratch=scratch)


def refresh(
    home: Home, plugin: InstalledPlugin, *, tier: str, describe: Describe, progress: Progress
) -> InstalledPlugin:
    """Ask *plugin* anew what it registers, and return it as it is then. Raises as `make_ready` does."""
    with _explained(plugin.name), scratch_folder(home) as scratch, plugin_lock(home, plugin.name, progress):
        workshop, present = Workshop(home, tier, describe, progress), _present(home, plugin.name)
        if not is_made_by_this_host(home, present):
            return _up_to_date(present, workshop, scratch)
        return _describe_anew(present, workshop)


def _present(home: Home, name: str) -> InstalledPlugin:
    found = read_index(home).named(name)
    if found is None:
        raise UnknownPlugin(f"There is no plugin '{name}'.", hint="What is installed: llm plugins --all")
    return found


def _up_to_date(plugin: InstalledPlugin, workshop: Workshop, scratch: str) -> InstalledPlugin:
    home = workshop.home
    if is_current(home, plugin):
        return plugin
    if not is_made_by_this_host(home, plugin):
        return make(_plan_again(plugin, workshop, scratch), workshop, scratch=scratch)
    return _describe_anew(plugin, workshop)


def _describe_anew(plugin: InstalledPlugin, workshop: Workshop) -> InstalledPlugin:
    home = workshop.home
    description = described(workshop.describe, plugin)
    register(home, plugin, description)
    write_manifest(home.generation_dir(plugin.name, str(plugin.generation)), description)
    commit(home, plugin, asked_for(home, plugin))
    return plugin


def _check_name(name: str, requirement: Requirement) -> None:
    """Raise InstallError where what the person named turns out to have a name that is the host's to give.

    In a folder of theirs that stays where it is, they may work at a default plugin.
    """
    if name in RESERVED:
        raise InstallError(f"{name} is no plugin to install.", why=RESERVED[name])
    if name in default_names() and requirement.kind not in ("index", "editable"):
        raise InstallError(
            f"{name} was not installed: a plugin of that name comes with Innkeeper.",
            why="No other may take its place, since it is given what only that one should have.",
            hint=f"To have Innkeeper's own: llm install {name}",
        )


def _satisfies(plugin: InstalledPlugin, before: Asked, request: InstallRequest, requirement: Requirement) -> bool:
    """Say whether *plugin*, asked for as *before*, is all that is asked for now."""
    if requirement.kind != "index" or request.upgrade or request.force_reinstall:
        return False
    fits = SpecifierSet(requirement.specifier).contains(plugin.version, prereleases=True)
    options = replace(before.request, requirement=request.requirement, editable=request.editable, build=request.build)
    return fits and set(requirement.extras) <= before.extras and request.to_keep() == options.to_keep()


def _plan(name: str, requirement: Requirement, asked: Asked, wheel: Wheel | None) -> Plan:
    kind = "url" if requirement.kind == "url-source" else requirement.kind
    location = without_password(requirement.location.partition("#")[0])
    if wheel is None:
        return Plan(name=name, source_kind=kind, location=location, asked=asked)
    return Plan(
        name=name,
        source_kind=kind,
        location=location,
        asked=asked,
        wheel=wheel.path,
        source=wheel.source,
        first_python=wheel.interpreter,
    )


def _plan_again(plugin: InstalledPlugin, workshop: Workshop, scratch: str) -> Plan:
    """Return the plan for making *plugin* as it was asked for, on the Python it has, from the wheels that were kept.

    Where that Python is gone, another one is chosen, and what was built for it is built again.
    """
    asked = asked_for(workshop.home, plugin)
    if plugin.is_default:
        plan = plan_of_default(workshop.home, plugin.name, asked, default_request(plugin.name))
        python = at(plugin.interpreter) or plan.first_python
        return replace(plan, first_python=python, earlier=plugin, keeps_versions=True)
    python = at(plugin.interpreter)
    kept = {
        wheel_name(os.path.basename(path)): path
        for path in _kept_wheels(workshop.home, plugin)
        if python is not None or is_for_any_python(path)
    }
    own = kept.pop(plugin.name, None)
    plan = Plan(
        name=plugin.name,
        source_kind=plugin.source_kind,
        location=plugin.location,
        asked=asked,
        wheel=own,
        source=plugin.extra_read[0] if plugin.extra_read else "",
        built=tuple(kept.values()),
        first_python=python,
    )
    if own is not None and python is None:
        python = choose(read_wheel(own).requires_python, asked.request.python, subject=plugin.name)
        plan = replace(plan, first_python=python)
    elif own is None and plugin.source_kind not in ("index", "url"):
        requirement = parse(asked.request.requirement, editable=asked.request.editable)
        wheel = obtain_wheel(
            requirement, asked.request, tier=workshop.tier, scratch=scratch, progress=workshop.progress
        )
        plan = replace(_plan(plugin.name, requirement, asked, wheel), built=plan.built)
    return replace(plan, earlier=plugin, keeps_versions=True)


def _kept_wheels(home: Home, plugin: InstalledPlugin) -> list[str]:
    folder = os.path.join(home.generation_dir(plugin.name, str(plugin.generation)), WHEELS)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))] if os.path.isdir(folder) else []


@contextmanager
def _explained(subject: str) -> Iterator[None]:
    """Turn what uv and the system say into an error of installing *subject*."""
    try:
        yield
    except UvFailed as error:
        raise error.explained(subject) from error
    except RecursionError as error:
        raise InstallError(f"{subject} was not installed.", why="Its folders are nested too deep.") from error
    except OSError as error:
        full = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)]
        if any(text in str(error) for text in full):  # shutil collects several errors into one, as texts
            raise disk_full(subject) from error
        raise InstallError(f"{subject} was not installed.", why=cleaned(str(error))) from error
