"""Template loaders: what a loader returned, as the payload that travels."""

from __future__ import annotations

from typing import Any

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.content import Attachment
from innkeeper_protocol.payloads.templates import LoaderInfo, Template

from innkeeper_sdk.failures import log_exception
from innkeeper_sdk.registry import Registry


def load(registry: Registry, prefix: str, path: str) -> Template:
    """Run the loader of *prefix*. Raises CallFailed: NOT_FOUND, or LOADER_ERROR with the loader's own text."""
    loader = registry.template_loaders().get(prefix)
    if loader is None:
        raise registry.missing(f"no template loader for '{prefix}:'")
    try:
        loaded = loader(path)
    except CallFailed:
        raise
    except (Exception, SystemExit) as error:  # whatever a loader raises is the person's message
        log_exception(error)
        raise CallFailed(ErrorCode.LOADER_ERROR, str(error) or type(error).__name__) from error
    return template_out(loaded, f"{prefix}:{path}")


def template_out(template: Any, name: str) -> Template:
    """Build the payload. *name* stands in where the loader gave none. A field that is None is left at its default."""
    try:
        return Template(
            name=str(template.name or name),
            prompt=template.prompt,
            system=template.system,
            attachments=tuple(template.attachments or ()),
            attachment_types=tuple(_typed_attachment(entry) for entry in template.attachment_types or ()),
            model=template.model,
            defaults=dict(template.defaults or {}),
            options=dict(template.options or {}),
            extract=template.extract,
            extract_last=template.extract_last,
            schema_object=template.schema_object,
            fragments=tuple(map(str, template.fragments or ())),
            system_fragments=tuple(map(str, template.system_fragments or ())),
            tools=tuple(template.tools or ()),
            functions=template.functions,
        )
    except AttributeError as error:
        raise CallFailed(
            ErrorCode.LOADER_ERROR, f"the loader returned {type(template).__name__}, not a Template"
        ) from error


def template_in(payload: Template) -> Any:
    """Build the plugin's template."""
    from innkeeper_sdk.api.templates import AttachmentType
    from innkeeper_sdk.api_in_use import api

    written = {name: getattr(payload, name) for name in payload.__struct_fields__ if name != "attachment_types"}
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in written.items()}
    typed = [
        AttachmentType(type=entry.type or "", value=entry.path or entry.url or "") for entry in payload.attachment_types
    ]
    return api().Template(**{name: value for name, value in given.items() if value}, attachment_types=typed or None)


def _typed_attachment(entry: Any) -> Attachment:
    """An attachment type is a MIME type and a path or URL."""
    value = str(entry.value)
    if value.startswith(("http://", "https://")):
        return Attachment(type=entry.type, url=value)
    return Attachment(type=entry.type, path=value)


def infos(registry: Registry) -> tuple[LoaderInfo, ...]:
    """Describe the template loaders."""
    return loader_infos(registry.template_loaders())


def loader_infos(loaders: dict[str, Any]) -> tuple[LoaderInfo, ...]:
    """Describe loaders of either kind by prefix and docstring."""
    import inspect

    return tuple(LoaderInfo(prefix=prefix, description=inspect.getdoc(loader)) for prefix, loader in loaders.items())
