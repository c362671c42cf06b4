"""Templates: found by the name that the person writes, and read. `applied_templates` is about what they do.

The name may be an address, ``prefix:path`` for a plugin's loader, a file, or a stored template, in this order, as in
`llm`; but a file that is there goes before a loader.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from innkeeper_protocol.payloads import templates as wire
from innkeeper_sdk.api.errors import TemplateInvalid
from innkeeper_sdk.api.templates import FIELDS, AttachmentType, Template

from innkeeper.errors import TemplateError, UsageError
from innkeeper.remote.host import Host
from innkeeper.remote.loaders import TEMPLATES, find_reference, has_prefix, load_template, paths_named_by
from innkeeper.remote.named_paths import with_home_folder
from innkeeper.storage.templates import read_template, template_names
from innkeeper.untrusted import one_line

from .wanted import SHOWN_LETTERS, Origin
from .web_text import NotFetched, fetch_text, is_address, without_password


class FoundTemplate(NamedTuple):
    """A template. *origin* says where it came from, where that is not a file of the person's."""

    template: Template
    origin: Origin | None = None

    @property
    def functions(self) -> str | None:
        """The Python code of its tools. Only what lies in a file of the person's is theirs to run."""
        return self.template.functions if self.origin is None else None

    @property
    def remark(self) -> str:
        """What the person should know about it, or ""."""
        if self.origin is None or not self.template.functions:
            return ""
        return (
            f"Template {self.origin.called} brings functions of its own, which are not run: "
            "only those of a template in a file of yours are."
        )


def find_template(host: Host, name: str) -> FoundTemplate:
    """Return the template that *name*, as the person wrote it, means.

    Raises TemplateError, with the nearest names; PluginError for what a loader does.
    """
    if is_address(name):
        called = one_line(without_password(name), SHOWN_LETTERS)
        try:
            text = fetch_text(name)
        except NotFetched as error:
            raise TemplateError(f"Could not load template {called}", why=str(error)) from error
        return FoundTemplate(parse_template(name, text), Origin(called))
    path = os.path.join(host.cwd or "", name)
    if os.path.exists(path):
        return FoundTemplate(parse_template(name, _text_of(path, name)))
    if has_prefix(name):
        return _by_loader(host, name)
    text_stored = _stored(host, name)
    if text_stored is None:
        raise _unknown(host, name)
    return FoundTemplate(parse_template(name, text_stored))


def find_stored_template(host: Host, name: str) -> FoundTemplate:
    """Return the stored template *name*. Raises TemplateError."""
    text = _stored(host, name)
    if text is None:
        raise _unknown(host, name)
    return FoundTemplate(parse_template(name, text))


def parse_template(name: str, text: str) -> Template:
    """Return the template that *text*, a YAML document, describes; a bare text is a prompt. Raises TemplateError."""
    import yaml

    called = f"Template '{one_line(name, SHOWN_LETTERS)}'"
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TemplateError(f"{called} is not YAML.", why=str(error) or type(error).__name__) from error
    if isinstance(loaded, str):
        return Template(name=name, prompt=loaded)
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise TemplateError(
            f"{called} holds neither a text nor fields.", hint="A file with `prompt: Summarise $input` is one."
        )
    try:
        return Template(**{**loaded, "name": name})
    except TemplateInvalid as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        fields = ", ".join(name for name in FIELDS if name != "name")
        raise TemplateError(
            f"{called} cannot be used.",
            why="\n".join(lines),
            hint=f"A template may have: {fields}. A text with a colon in it stands in quotes.",
        ) from error
    except TypeError as error:
        raise TemplateError(f"{called} cannot be used.", why="attachment_types: each has a type and a value") from error


def _by_loader(host: Host, name: str) -> FoundTemplate:
    reference = find_reference(host.index, TEMPLATES, name)
    reference = reference._replace(argument=with_home_folder(reference.argument))
    shown = paths_named_by(host, reference)
    loaded = load_template(host, reference, read=shown)
    return FoundTemplate(template_in(loaded), Origin(str(reference), reference.loader.plugin, shown))


def template_in(payload: wire.Template) -> Template:
    """Return the template that a plugin gave."""
    typed = [AttachmentType(type=one.type or "", value=one.path or one.url or "") for one in payload.attachment_types]
    fields: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name in payload.__struct_fields__
        if name != "attachment_types" and (value := getattr(payload, name))
    }
    return Template(**{**fields, "name": payload.name}, attachment_types=typed or None)


def _stored(host: Host, name: str) -> str | None:
    try:
        return read_template(host.home, name)
    except UsageError:  # no name that a stored one could have
        return None


def _text_of(path: str, name: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"Template '{one_line(name, SHOWN_LETTERS)}' cannot be read.", why=str(error)) from error


def _unknown(host: Host, name: str) -> TemplateError:
    import difflib

    near = difflib.get_close_matches(name, template_names(host.home), n=3, cutoff=0.5)
    return TemplateError(
        f"Invalid template: {one_line(name, SHOWN_LETTERS)}",
        why="There is no file of that name, and no stored template.",
        hint=f"Near to it: {', '.join(near)}. All of them: llm templates" if near else "What is stored: llm templates",
    )
