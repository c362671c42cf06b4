"""Templates applied to what the person asks: the prompt they make together, and what they add to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.templates import Template

from innkeeper.errors import TemplateError
from innkeeper.remote.host import Host
from innkeeper.remote.plugin_files import read_for_plugin
from innkeeper.untrusted import one_line

from .applied import Applied
from .media_types import type_of_address, type_of_content
from .templates import FoundTemplate
from .wanted import SHOWN_LETTERS, Origin, Wanted
from .web_text import is_address


def needs_input(found: Sequence[FoundTemplate]) -> bool:
    """Say whether one of them has a place for what the person adds, which must be read before they are applied."""
    return any("input" in one.template.vars() for one in found)


def apply_templates(
    host: Host,
    found: Sequence[FoundTemplate],
    *,
    prompt: str | None,
    system: str | None,
    params: dict[str, Any],
    stdin: Callable[[], bytes],
) -> Applied:
    """Apply the templates one after the other, each to what the one before made of *prompt*.

    Of system prompts, models, values of an option or a parameter, and of what to extract, the first that is said
    counts, and *system* and *params* before all; of schemas the last. Raises TemplateError, PermissionDenied.
    """
    applied = Applied(prompt, system)
    for one in found:
        template = one.template
        params = {**(template.defaults or {}), **params}
        applied.prompt, applied.system = fill_in(template, applied.prompt, applied.system, params)
        applied.model = applied.model or template.model
        applied.options = {**(template.options or {}), **applied.options}
        applied.schema = template.schema_object or applied.schema
        if not (applied.extract or applied.extract_last):
            applied.extract, applied.extract_last = bool(template.extract), bool(template.extract_last)
        applied.fragments += [Wanted(text, one.origin) for text in template.fragments or ()]
        applied.system_fragments += [Wanted(text, one.origin) for text in template.system_fragments or ()]
        applied.tools += [Wanted(text, one.origin) for text in template.tools or ()]
        applied.functions += [one.functions] if one.functions else []
        untyped = [(value, None) for value in template.attachments or ()]
        typed = [(entry.value, entry.type) for entry in template.attachment_types or ()]
        applied.attachments += _attachments(host, one.origin, untyped, stdin)
        applied.typed_attachments += _attachments(host, one.origin, typed, stdin)
    return applied


def fill_in(
    template: Template, prompt: str | None, system: str | None, params: dict[str, Any]
) -> tuple[str | None, str | None]:
    """Return prompt and system prompt as *template* has them. *prompt* goes where it says ``$input``, else behind.

    A *system* that is given stays. Raises TemplateError.
    """
    takes_input = "input" in template.vars()
    called = one_line(template.name, SHOWN_LETTERS)
    try:
        own_prompt, own_system = template.evaluate((prompt or "") if takes_input else "", params)
    except Template.MissingVariables as error:
        first = str(error).partition(": ")[2].partition(",")[0]
        raise TemplateError(str(error), hint=f"Template {called} takes them as parameters: -p {first} VALUE") from error
    except ValueError as error:
        raise TemplateError(
            f"Template {called} cannot be filled in.", why=str(error), hint="A dollar sign by itself is written $$"
        ) from error
    if own_prompt:
        prompt = own_prompt if takes_input or not prompt else f"{own_prompt}\n{prompt}"
    return prompt, system or own_system


def _attachments(
    host: Host, origin: Origin | None, values: Sequence[tuple[str, str | None]], stdin: Callable[[], bytes]
) -> Iterator[Attachment]:
    """Yield the attachments that a template names by path or address, each with its type or None."""
    for value, media_type in values:
        if is_address(value):
            # Whose template it is decides who may be asked: a stranger's server is not, even for the type.
            yield Attachment(
                type=type_of_address(value, said=media_type) if origin is not None else media_type, url=value
            )
        elif origin is None and value == "-":
            yield Attachment(type=media_type, content=stdin())
        elif origin is None:
            path = os.path.join(host.cwd or os.getcwd(), value)
            if not os.path.exists(path):
                raise TemplateError(
                    f"File {one_line(value, SHOWN_LETTERS)} does not exist", why="A template attaches it."
                )
            yield Attachment(type=media_type, path=os.path.realpath(path))
        elif origin.plugin is None or value == "-":
            raise origin.refused(f"'{value}'")
        else:
            content = read_for_plugin(host, origin.plugin, value, shown=origin.shown)
            yield Attachment(type=type_of_content(content, said=media_type, name=value), content=content)
