"""The names that plugins take from ``llm`` are here, with the signatures that the real package gives them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent / "llm_behaviour"

OF_PYDANTIC = {"Options", "Template", "AttachmentType"}
"""Classes that are pydantic models there, and need not be here; what plugins use of them is tested by what it does."""

MODULES = (
    "llm",
    # What the documentation for plugins mentions beyond __all__, and what published plugins import.
    "llm:EmbeddingModel,EmbeddingModelWithAliases,ModelWithAliases,UnknownModelError,cosine_similarity,decode,encode,"
    "get_async_model_aliases,get_async_models,get_default_embedding_model,get_embedding_model,"
    "get_embedding_model_aliases,get_embedding_models,get_embedding_models_with_aliases,get_fragment_loaders,"
    "get_model_aliases,get_models,get_models_with_aliases,get_plugins,get_template_loaders,get_tools,load_keys,"
    "load_plugins,remove_alias,set_alias,set_default_embedding_model,set_default_model",
    "llm.parts:AttachmentPart,Message,Part,ReasoningPart,StreamEvent,TextPart,ToolCallPart,ToolResultPart,assistant,"
    "system,tool_message,user",
    "llm.errors:ConversationNotSupported,ModelError,NeedsKeyException",
    "llm.models:AsyncChainResponse,ChainResponse,_partition_tools",
    "llm.hookspecs:hookimpl,register_commands,register_embedding_models,register_fragment_loaders,register_models,"
    "register_template_loaders,register_tools",
    "llm.templates:Template,AttachmentType",
    "llm.embeddings:Collection,Entry",
    "llm.tools:llm_time,llm_version",
    "llm.migrations:migrate",
    # What plugins that copied code of that module take from it beside its classes, which test_openai_like_llm has.
    "llm.default_plugins.openai_models:AsyncConversation,AsyncKeyModel,Conversation,KeyModel,Prompt,StreamEvent,"
    "_partition_tools,dicts_to_table_string,hookimpl,logging_client,remove_dict_none_values,simplify_usage_dict",
    "llm.serialization",
    "llm.cli:get_default_model,load_template,logs_db_path,logs_on,render_errors,resolve_attachment,"
    "resolve_attachment_with_type,attachment_types_callback,template_dir,user_dir",
    "llm.utils:dicts_to_table_string,extract_fenced_code_block,find_unused_key,has_plugin_prefix,"
    "instantiate_from_spec,logging_client,make_schema_id,maybe_fenced_code,mimetype_from_path,mimetype_from_string,"
    "monotonic_ulid,multi_schema,output_rows_as_json,remove_dict_none_values,schema_dsl,schema_summary,"
    "simplify_usage_dict,token_usage_string,truncate_string",
)

OTHERWISE = {
    "llm.Fragment": "there, __new__ takes anything and __init__ refuses what is neither content nor source",
    "llm.AsyncResponse.from_row": "reads the database of logs, which is the host's",
    "llm.Response.from_row": "reads the database of logs, which is the host's",
}

DEFAULTS_OF_OUR_OWN = {
    ("llm.get_default_model", "default"): "the model that ships is the host's to name",
    ("llm.cli.get_default_model", "default"): "the model that ships is the host's to name",
}


def offered_by(python: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [python, SCRIPTS / "signatures.py", *MODULES], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def theirs(real_llm: Path) -> dict[str, Any]:
    return offered_by(real_llm)


@pytest.fixture(scope="module")
def ours(plugin_python: Path) -> dict[str, Any]:
    return offered_by(plugin_python)


def test_every_name_is_here_and_of_the_same_kind(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    assert {name: thing["kind"] for name, thing in ours.items()} == {
        name: thing["kind"] for name, thing in theirs.items()
    }


def test_every_call_that_works_there_works_here(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Each of their parameters is there by the same name, kind, place and default. More of ours must be optional."""
    wrong = [
        problem
        for name, thing in theirs.items()
        if name.rpartition(".")[2] not in OF_PYDANTIC
        for problem in _differences(name, thing, ours[name])
    ]
    assert wrong == []


def test_classes_are_subclasses_of_the_same(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Plugins say isinstance, and ``except ValueError``."""
    public = {name.rpartition(".")[2] for name in theirs} | {"ValueError", "KeyError", "Exception", "str"}
    wrong = {
        name: sorted(missing)
        for name, thing in theirs.items()
        if thing["kind"] == "class"
        and (missing := {base for base in thing["bases"] if base in public} - set(ours[name]["bases"]))
    }
    assert wrong == {}


def _differences(name: str, theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    found = [] if name in OTHERWISE else _parameter_differences(name, theirs["parameters"], ours["parameters"])
    for member, thing in theirs.get("members", {}).items():
        own = ours["members"].get(member)
        path = f"{name}.{member}"
        if path in OTHERWISE:
            continue
        if own is None or own["kind"] != thing["kind"]:
            found.append(f"{path}: {thing['kind']} there, {own and own['kind']} here")
        else:
            found += _parameter_differences(path, thing.get("parameters", []), own.get("parameters", []))
    return found


def _parameter_differences(name: str, theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[str]:
    by_name = {parameter["name"]: (place, parameter) for place, parameter in enumerate(ours)}
    found = []
    for place, parameter in enumerate(theirs):
        if parameter["kind"].startswith("VAR_"):
            if all(own["kind"] != parameter["kind"] for own in ours):
                found.append(f"{name}: takes no more {parameter['kind']}")
            continue
        own_place, own = by_name.get(parameter["name"], (None, None))
        if own is None:
            found.append(f"{name}: no parameter {parameter['name']}")
            continue
        if parameter["kind"] == "POSITIONAL_OR_KEYWORD" and (own_place, own["kind"]) != (place, parameter["kind"]):
            found.append(f"{name}: {parameter['name']} is elsewhere")
        if own["default"] != parameter["default"] and (name, parameter["name"]) not in DEFAULTS_OF_OUR_OWN:
            found.append(f"{name}: {parameter['name']} defaults to {own['default']}, not {parameter['default']}")
    their_names = {parameter["name"] for parameter in theirs}
    found += [
        f"{name}: {own['name']} is required"
        for own in ours
        if own["default"] is None and own["name"] not in their_names and not own["kind"].startswith("VAR_")
    ]
    return found
