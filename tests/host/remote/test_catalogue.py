"""Which model a name means."""

from __future__ import annotations

from collections.abc import Callable

from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.remote.catalogue import find_by_query, find_model, unknown_model


def plugin(name: str, **aliases_by_id: list[str]) -> InstalledPlugin:
    models = [{"id": model_id, "label": model_id, "aliases": names} for model_id, names in aliases_by_id.items()]
    return InstalledPlugin(name=name, version="1", models=models)


INDEX = Index([plugin("llm-first", twin=["t"], alone=[]), plugin("llm-second", twin=[], other=["alone", "o"])])


def found(name: str, aliases: dict[str, str] | None = None) -> str | None:
    model = find_model(INDEX, aliases or {}, name)
    return None if model is None else model.qualified_id


def test_id_of_two_plugins_means_the_first() -> None:
    assert found("twin") == "llm-first/twin"


def test_plugin_and_id_mean_that_plugins_model() -> None:
    assert found("llm-second/twin") == "llm-second/twin"
    assert found("second/twin") == "llm-second/twin"


def meant_among(*others: InstalledPlugin) -> Callable[..., str | None]:
    """Return what says which model a name means, where *others* were there before those of INDEX."""
    index = Index([*others, *INDEX.plugins])

    def meant(name: str, aliases: dict[str, str] | None = None) -> str | None:
        model = find_model(index, aliases or {}, name)
        return None if model is None else model.qualified_id

    return meant


def test_id_of_another_plugin_cannot_look_like_plugin_and_id() -> None:
    meant = meant_among(plugin("thief", **{"llm-first/alone": [], "a": ["llm-first/twin", "second/other"]}))

    assert meant("llm-first/alone") == "llm-first/alone"
    assert meant("llm-first/twin") == "llm-first/twin"
    assert meant("second/other") == "llm-second/other"
    assert meant("mine", {"mine": "second/other"}) == "llm-second/other"


def test_ids_of_a_plugin_may_begin_with_its_name() -> None:
    meant = meant_among(plugin("gateway", **{"a": [], "gateway/a": [], "gateway/b": []}))

    assert (meant("gateway/a"), meant("gateway/b")) == ("gateway/gateway/a", "gateway/gateway/b")


def test_a_whole_id_means_itself_where_it_begins_as_another_plugin_is_called_in_short() -> None:
    """llm-openai-plugin has ``openai/gpt-4o``, beside the ``gpt-4o`` of the plugin for OpenAI that is there already."""
    meant = meant_among(plugin("llm-first-plugin", **{"first/alone": []}))

    assert meant("first/alone") == "llm-first-plugin/first/alone"
    assert meant("mine", {"mine": "first/alone"}) == "llm-first-plugin/first/alone"
    assert meant("first/twin") == "llm-first/twin"


def test_an_id_wins_over_the_alias_of_another_model() -> None:
    assert found("alone") == "llm-first/alone"


def test_the_persons_alias_wins_over_a_plugins_names() -> None:
    assert found("o") == "llm-second/other"
    assert found("o", {"o": "twin"}) == "llm-first/twin"
    assert found("o", {"o": "second/twin"}) == "llm-second/twin"
    assert found("alone", {"alone": "other"}) == "llm-second/other"


def test_an_alias_of_nothing_is_nothing() -> None:
    assert found("mine", {"mine": "gone"}) is None
    assert found("nowhere/twin") is None


def test_a_query_takes_the_shortest_id_that_holds_all_of_it() -> None:
    model = find_by_query(INDEX, ("O",))
    assert model is not None
    assert model.qualified_id == "llm-first/alone"
    assert find_by_query(INDEX, ("tw", "nothing")) is None


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    error = unknown_model(INDEX, {"twins-of-mine": "twin"}, "twim")

    assert error.message == "Unknown model: twim"
    assert "twin" in error.hint
