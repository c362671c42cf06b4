"""What a plugin registers, as plain values by kind and name: under this host from its manifest, under the real `llm` by
its own plugin manager, and how the two differ.

Run as a script by the Python of an environment with the real `llm`, and a plugin's distribution named, it prints the
latter as JSON. So it imports nothing that is not there.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

Registrations = dict[str, dict[str, dict[str, Any]]]
"""Kind of thing, such as ``models``, to name, to what is said of it."""

TEXT_COLUMNS = 78

WORDS = ("help", "help of options")

CONTROL = re.compile(r"[^\S\n]|[\0-\x09\x0b-\x1f]")
"""White space, and what does something to a terminal: this host shows blanks in its place."""

SHORT_LETTERS = 300

MARK = "\0"
"""Printed before the JSON: a plugin may print what it likes when it is loaded."""


def of_manifest(description: Any) -> Registrations:
    """Return what stands in a manifest of this host."""
    return {
        "models": {
            one.model_id: {
                **_facts(
                    one,
                    "aliases label can_stream needs_key key_env_var attachment_types supports_schema supports_tools",
                ),
                "sync": one.has_sync,
                "async": one.has_async,
                **_options(one.options_schema),
                "server-side tools": sorted(tool.name for tool in one.server_side_tools),
            }
            for one in description.models
        },
        "embedding models": {
            one.model_id: _facts(one, "aliases label needs_key key_env_var supports_text supports_binary batch_size")
            for one in description.embedding_models
        },
        "commands": dict(_manifest_commands(description.commands)),
        "template loaders": {one.prefix: {"description": one.description} for one in description.template_loaders},
        "fragment loaders": {one.prefix: {"description": one.description} for one in description.fragment_loaders},
        "tools": {
            one.name: {"description": one.description, "arguments": one.input_schema} for one in description.tools
        },
        "toolboxes": {
            one.name: {
                tool.name: {"description": tool.description, "arguments": tool.input_schema} for tool in one.tools
            }
            for one in description.toolboxes
        },
    }


def _facts(one: Any, names: str) -> dict[str, Any]:
    found = {name: getattr(one, name) for name in names.split()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _manifest_commands(commands: Any, before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for one in commands:
        parameters = {
            parameter.name: _facts(parameter, "kind declarations metavar required multiple is_flag hidden choices")
            for parameter in one.parameters
        }
        yield before + one.name, {"hidden": one.hidden, "help": one.full_help, "parameters": parameters}
        yield from _manifest_commands(one.commands, f"{before}{one.name} ")


def differences(ours: Registrations, theirs: Registrations) -> Iterator[tuple[str, bool]]:
    """Yield each thing, and each of its facts, that is not the same with us as with the real llm; and whether that is
    about the words of a help text alone.
    """
    for kind, there in theirs.items():
        here = ours[kind]
        yield from ((f"{kind}: {name} is missing", False) for name in there if name not in here)
        yield from ((f"{kind}: {name} is not in llm", False) for name in here if name not in there)
        for name in here.keys() & there.keys():
            for fact, value in there[name].items():
                if here[name].get(fact) != value:
                    yield f"{kind}: {name}: {fact} is {first_difference(here[name].get(fact), value)}", fact in WORDS


def first_difference(here: Any, there: Any) -> str:
    """Say how two values differ: by the first of their lines that do."""
    texts = (one if isinstance(one, str) else json.dumps(one, default=str, indent=1) for one in (here, there))
    lines = zip_longest(*(text.splitlines() for text in texts), fillvalue="")
    one, other = next(((one.strip(), other.strip()) for one, other in lines if one != other), (here, there))
    return f"{_short(one)}, not {_short(other)}"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= SHORT_LETTERS else f"{text[:SHORT_LETTERS]}..."


def of_real_llm(distribution: str) -> tuple[Registrations, list[str]]:
    """Return what the plugin *distribution* registers here, and which of its hooks raised what."""
    import llm.cli  # first of all, as the program does: it loads the plugins
    from llm import Tool
    from llm.plugins import pm

    names = {plugin: _canonical(info.metadata["Name"]) for plugin, info in pm.list_plugin_distinfo()}
    others = [plugin for plugin in pm.get_plugins() if names.get(plugin) != distribution]
    if len(others) == len(pm.get_plugins()):
        raise LookupError(f"llm has loaded no plugin of {distribution}")
    failed: list[str] = []

    def call(hook: str, **arguments: Any) -> None:
        try:
            pm.subset_hook_caller(hook, others)(**arguments)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a stranger's hook may raise anything
            failed.append(f"{hook}: {type(error).__name__}: {error}")

    models: dict[str, Any] = {}
    embedding_models: dict[str, Any] = {}
    loaders: dict[str, dict[str, Any]] = {"template": {}, "fragment": {}}
    tools: dict[str, Any] = {}
    toolboxes: dict[str, Any] = {}

    def register_model(model: Any, async_model: Any = None, aliases: Any = None) -> None:
        earlier = models.get((model or async_model).model_id, {}).get("aliases", ())
        models[(model or async_model).model_id] = _model(
            model, async_model, dict.fromkeys([*earlier, *(aliases or ())])
        )

    def register_embedding_model(model: Any, aliases: Any = None) -> None:
        facts = _facts(model, "needs_key key_env_var supports_text supports_binary batch_size")
        embedding_models[model.model_id] = {**facts, "aliases": list(aliases or ()), "label": str(model)}

    def loader(kind: str) -> Callable[[str, Any], None]:
        def register(prefix: str, function: Any) -> None:
            loaders[kind][prefix] = {"description": inspect.getdoc(function)}

        return register

    def register_tool(given: Any, name: str | None = None) -> None:
        if inspect.isclass(given):
            toolboxes[name or given.__name__] = {tool.name: _tool(tool) for tool in given.method_tools()}
        else:
            tool = given if isinstance(given, Tool) else Tool.function(given, name=name)
            tools[name or tool.name] = _tool(tool)

    call("register_models", register=register_model, model_aliases=[])
    call("register_embedding_models", register=register_embedding_model)
    for kind in loaders:
        call(f"register_{kind}_loaders", register=loader(kind))
    call("register_tools", register=register_tool)
    before = set(llm.cli.cli.commands.values())
    call("register_commands", cli=llm.cli.cli)
    found = {
        "models": models,
        "embedding models": embedding_models,
        "commands": dict(_click_commands(llm.cli.cli, before)),
        "template loaders": loaders["template"],
        "fragment loaders": loaders["fragment"],
        "tools": tools,
        "toolboxes": toolboxes,
    }
    return found, failed


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _options(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema of options allows, and apart from that how it explains them."""
    properties = schema.get("properties", {})
    return {
        "options": _without_words(schema),
        "help of options": {name: option.get("description") for name, option in properties.items()},
    }


def _without_words(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_words(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_words(one) for name, one in schema.items() if name != "description" or not isinstance(one, str)
    }


def _model(model: Any, async_model: Any, aliases: Any) -> dict[str, Any]:
    one = model or async_model
    return {
        "aliases": list(aliases or ()),
        "label": str(one),
        **{name: bool(getattr(one, name, False)) for name in ("can_stream", "supports_schema", "supports_tools")},
        **{name: getattr(one, name, None) for name in ("needs_key", "key_env_var")},
        "attachment_types": sorted(map(str, one.attachment_types or ())),
        "sync": model is not None,
        "async": async_model is not None,
        **_options(one.Options.model_json_schema()),
        "server-side tools": sorted(tool.__name__ for tool in getattr(one, "supported_server_side_tools", ())),
    }


def _tool(tool: Any) -> dict[str, Any]:
    return {"description": tool.description, "arguments": tool.input_schema}


def _click_commands(group: Any, before: set[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    import click

    def walk(parent: Any, command: Any, name: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        settings = {**command.context_settings, "terminal_width": TEXT_COLUMNS}
        context = command.context_class(command, info_name=name, parent=parent, **settings)
        parameters = {str(parameter.name): _parameter(parameter, context) for parameter in command.params}
        help_ = CONTROL.sub(" ", command.get_help(context))
        yield path + name, {"hidden": bool(command.hidden), "help": help_, "parameters": parameters}
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                yield from walk(context, command.get_command(context, child), child, f"{path}{name} ")

    top = group.context_class(group, info_name="llm", terminal_width=TEXT_COLUMNS, **group.context_settings)
    for name, command in group.commands.items():
        if command not in before:
            yield from walk(top, command, name, "")


def _parameter(parameter: Any, context: Any) -> dict[str, Any]:
    return {
        "kind": parameter.param_type_name,
        "declarations": [*parameter.opts, *parameter.secondary_opts],
        "metavar": parameter.make_metavar(context),
        "required": bool(parameter.required),
        "multiple": bool(parameter.multiple or parameter.nargs == -1),
        "is_flag": bool(getattr(parameter, "is_flag", False)),
        "hidden": bool(getattr(parameter, "hidden", False)),
        "choices": [str(choice) for choice in getattr(parameter.type, "choices", ())],
    }


if __name__ == "__main__":
    registered, failed_hooks = of_real_llm(sys.argv[1])
    print(MARK + json.dumps({"registered": registered, "failed": failed_hooks}, default=str))
