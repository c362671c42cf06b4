"""What a plugin says of itself is a stranger's word: bounded, cleaned, and what is unfit left out with a sentence."""

from __future__ import annotations

import json
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from innkeeper.errors import StorageError
from innkeeper.installation import manifest, spoken
from innkeeper.installation.inventory import InstalledPlugin, change_index
from innkeeper.installation.manifest import checked, read_manifest, summarised, write_manifest
from innkeeper.paths import Home
from innkeeper_protocol.payloads.commands import CommandInfo, ParameterInfo
from innkeeper_protocol.payloads.describe import Description, PermissionRequest, Problem
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
from innkeeper_protocol.payloads.models import ModelInfo, ServerSideTool
from innkeeper_protocol.payloads.templates import LoaderInfo
from innkeeper_protocol.payloads.tools import ToolboxInfo, ToolInfo

HONEST = Description(
    hooks=("register_models", "register_tools"),
    models=(
        ModelInfo(
            model_id="vendor/model-1.5:free",
            label="Vendor: vendor/model-1.5:free",
            aliases=("m1", "größer"),
            has_async=True,
            can_stream=True,
            needs_key="vendor",
            key_env_var="VENDOR_API_KEY",
            attachment_types=("image/png",),
            server_side_tools=(ServerSideTool(name="search", spec={"depth": 2}, description="Searches"),),
            options_schema={"properties": {"temperature": {"type": "number", "maximum": 2.0, "default": None}}},
        ),
    ),
    embedding_models=(EmbeddingModelInfo(model_id="e", label="e", batch_size=8),),
    commands=(
        CommandInfo(
            name="jq",
            short_help="Run jq",
            help="Run jq\n\nOn anything.",
            full_help="Usage: jq\n",
            parameters=(ParameterInfo(name="length", kind="option", declarations=("-l", "--length"), default=3),),
            commands=(CommandInfo(name="inner", short_help="x"),),
            is_group=True,
        ),
    ),
    template_loaders=(LoaderInfo(prefix="gh", description="From GitHub\nor elsewhere"),),
    fragment_loaders=(LoaderInfo(prefix="docs"),),
    tools=(ToolInfo(name="add", description="Add", input_schema={"type": "object"}),),
    toolboxes=(ToolboxInfo(name="Files", tools=(ToolInfo(name="Files_read"),)),),
    permissions=PermissionRequest(net=("api.example.com:443",), keys=("vendor",), reason="To ask"),
    problems=(Problem(where="register_tools", message="ValueError: x"),),
    imported_files=("/e/site-packages/a.py",),
    registration_files=("/home/u/models.yaml",),
)


def test_honest_description_is_kept_as_it_is() -> None:
    assert checked(HONEST) == HONEST


def test_index_gets_the_short_of_it() -> None:
    assert summarised(HONEST) == {
        "hooks": ["register_models", "register_tools"],
        "models": [
            {
                "id": "vendor/model-1.5:free",
                "label": "Vendor: vendor/model-1.5:free",
                "aliases": ["m1", "größer"],
                "sync": True,
                "async": True,
            }
        ],
        "embedding_models": [{"id": "e", "label": "e", "aliases": []}],
        "commands": [{"name": "jq", "help": "Run jq", "hidden": False}],
        "template_loaders": ["gh"],
        "fragment_loaders": ["docs"],
        "tools": [
            {"name": "add", "description": "Add", "toolbox": False},
            {"name": "Files", "description": "", "toolbox": True},
        ],
        "problems": ["register_tools: ValueError: x"],
    }
    assert set(summarised(HONEST)) <= set(vars(InstalledPlugin(name="p", version="1")))


BAD_NAMES = {
    "newline": "two\nlines",
    "escape": "\x1b[31mred",
    "nul": "nul\0nul",
    "empty": "",
    "blank": " ",
    "padded": " padded",
    "long": "x" * 201,
    "reversed": "\u202edesrever",
    "c1": "\x9b2J",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_bad_name_is_left_out_with_a_problem(name: str) -> None:
    said = Description(
        hooks=("register_models",),
        models=(ModelInfo(model_id=name), ModelInfo(model_id="good", label="good", aliases=("fine", name))),
        embedding_models=(EmbeddingModelInfo(model_id=name),),
        commands=(CommandInfo(name=name),),
        template_loaders=(LoaderInfo(prefix=name),),
        fragment_loaders=(LoaderInfo(prefix=name),),
        tools=(ToolInfo(name=name),),
        toolboxes=(ToolboxInfo(name=name), ToolboxInfo(name="Box", tools=(ToolInfo(name=name),))),
    )

    found = checked(said)

    assert msgspec.structs.replace(found, problems=()) == Description(
        hooks=("register_models",), models=(ModelInfo(model_id="good", label="good", aliases=("fine",)),)
    )
    assert [problem.where for problem in found.problems] == [
        "models", "embedding models", "commands", "template loaders", "fragment loaders", "tools", "toolboxes",
        "toolboxes",
    ]  # fmt: skip
    assert all(problem.message.isprintable() and problem.message.startswith("Number ") for problem in found.problems)


def test_name_of_a_command_is_one_word_that_is_no_option() -> None:
    found = checked(Description(commands=(CommandInfo(name="two words"), CommandInfo(name="--help"))))

    assert found.commands == ()
    assert len(found.problems) == 2


def test_texts_are_cleaned_and_cut() -> None:
    said = ModelInfo(model_id="m", label="a\x1b]0;title\x07\nb" + "c" * 1000, options_schema={"d\x1b": "e\x00\n"})

    (found,) = checked(Description(models=(said,))).models

    assert found.label.startswith("a ]0;title b")
    assert (len(found.label) <= spoken.LABEL_LETTERS, found.label.isprintable()) == (True, True)
    assert found.options_schema == {"d ": "e \n"}
    assert checked(Description(models=(ModelInfo(model_id="m"),))).models[0].label == "m"


def test_second_of_a_name_is_left_out() -> None:
    found = checked(Description(tools=(ToolInfo(name="t", description="1"), ToolInfo(name="t", description="2"))))

    assert [tool.description for tool in found.tools] == ["1"]
    assert found.problems == (Problem(where="tools", message="t is there twice."),)


def test_a_model_that_is_registered_again_has_the_names_of_both() -> None:
    """In `llm` its id means the last, and each alias still means one."""
    first = ModelInfo(model_id="m", label="1", aliases=("a", "b"))
    found = checked(Description(models=(first, ModelInfo(model_id="m", label="2", aliases=("b", "c")))))

    assert [(model.label, model.aliases) for model in found.models] == [("2", ("a", "b", "c"))]
    assert found.problems == ()


def test_number_of_everything_is_bounded() -> None:
    many = manifest.MOST["models"] + 1
    said = Description(
        hooks=tuple(f"h{n}" for n in range(99)),
        models=tuple(ModelInfo(model_id=f"m{n}", label="x") for n in range(many)),
        problems=tuple(Problem(where="x", message="y") for _ in range(1000)),
        registration_files=tuple(f"/{n}" for n in range(1000)),
    )

    found = checked(said)

    assert (len(found.hooks), len(found.problems), len(found.registration_files)) == (50, 50, 64)
    assert len(json.dumps(summarised(found))) < 600_000


def test_registration_that_is_too_large_in_all_is_left_out_as_a_whole() -> None:
    aliases = tuple(f"{'a' * 150}{n}" for n in range(50))
    said = Description(hooks=("h",), models=tuple(ModelInfo(model_id=f"m{n}", aliases=aliases) for n in range(2000)))

    found = checked(said)

    assert (found.hooks, found.models) == (("h",), ())
    assert "too large" in found.problems[-1].message


def test_schema_that_is_no_json_or_has_no_end_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(60):
        deep = {"d": deep}
    wide = {"w": list(range(30_000))}
    for schema in (deep, wide, {"bytes": b"x"}, {"keys": {1: 2}}):
        found = checked(Description(models=(ModelInfo(model_id="m", options_schema=schema),)))
        assert (found.models, len(found.problems)) == ((), 1)

    infinite = checked(Description(models=(ModelInfo(model_id="m", options_schema={"x": float("inf")}),)))
    assert infinite.models[0].options_schema == {"x": None}


def test_commands_in_commands_without_end_are_refused() -> None:
    command = CommandInfo(name="last")
    for _ in range(50):
        command = CommandInfo(name="c", commands=(command,))

    assert checked(Description(commands=(command,))).commands == ()


def test_paths_that_are_none_are_left_out() -> None:
    said = ("/good", "relative", "/nul\0", "/" + "x" * 5000)

    found = checked(Description(imported_files=said, registration_files=said))

    assert (found.imported_files, found.registration_files) == (("/good",), ("/good",))


@given(st.builds(ModelInfo, model_id=st.text(), label=st.text(), aliases=st.lists(st.text()).map(tuple)))
def test_whatever_a_model_says_can_be_kept_and_shown(said: ModelInfo) -> None:
    found = checked(Description(hooks=("h",), models=(said,)))

    assert msgspec.json.decode(msgspec.json.encode(found), type=Description) == found
    for model in found.models:
        assert all(name.isprintable() and name for name in (model.model_id, model.label, *model.aliases))


def test_manifest_that_cannot_be_read_says_how_to_mend_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(str(tmp_path_factory.mktemp("home")))
    plugin = InstalledPlugin(name="p", version="1", generation="g")

    with pytest.raises(StorageError, match="llm plugins repair p"):
        read_manifest(home, plugin)


def test_plugin_whose_environment_was_replaced_is_its_successor(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Another process, or the start of this very plugin, may have made it anew since the index was read."""
    home = Home(str(tmp_path_factory.mktemp("home")))
    before, after = (InstalledPlugin(name="p", version="1", generation=name, site_packages="/s") for name in "ab")
    os.makedirs(home.generation_dir("p", "b"))
    write_manifest(home.generation_dir("p", "b"), Description(hooks=("register_models",)))
    with change_index(home) as index:
        index.put(after)

    assert read_manifest(home, before) == Description(hooks=("register_models",))
