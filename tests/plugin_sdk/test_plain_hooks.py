"""Hooks that are plain are called without pluggy, and all others as pluggy calls them."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import pluggy
import pytest
from innkeeper_sdk.api.hook_marks import Hookimpl, Hookspec
from innkeeper_sdk.api.hooks import hookimpl
from innkeeper_sdk.entry_points import EntryPoint, LoadedPlugins
from innkeeper_sdk.plain_hooks import NotPlain, call_plainly
from innkeeper_sdk.registry import Registry

PLUGIN = EntryPoint("plugin", "plugin", "llm-plugin")


def module(**names: Any) -> ModuleType:
    made = ModuleType("plugin")
    vars(made).update(names)
    return made


def loaded(plugin: Any) -> LoadedPlugins:
    plugins = LoadedPlugins()
    plugins.add(plugin, PLUGIN)
    return plugins


def nothing(**settings: Any) -> Any:
    @hookimpl(**settings)
    def register_models(register: Any) -> None:
        register("model")

    return register_models


def test_marks_are_those_of_pluggy() -> None:
    def function() -> None: ...

    for ours, theirs in (
        (Hookimpl(), pluggy.HookimplMarker("llm")),
        (Hookspec(), pluggy.HookspecMarker("llm")),
    ):
        assert ours(function) is function
        marked = dict(vars(function))
        assert vars(theirs(function)) == marked
        vars(function).clear()
    assert vars(hookimpl(tryfirst=True, specname="other")(function)) == vars(
        pluggy.HookimplMarker("llm")(tryfirst=True, specname="other")(function)
    )


def test_a_plain_plugin_is_asked_without_importing_pluggy() -> None:
    code = """if True:
        import sys
        from types import ModuleType
        from innkeeper_sdk.api.hooks import hookimpl
        from innkeeper_sdk.entry_points import EntryPoint, LoadedPlugins
        from innkeeper_sdk.registry import Registry

        plugin = ModuleType("plugin")
        @hookimpl
        def register_models(register):
            register("model")
        plugin.register_models = register_models
        plugins = LoadedPlugins()
        plugins.add(plugin, EntryPoint("plugin", "plugin", "llm-plugin"))
        print([one.model for one in Registry(plugins).models()], "pluggy" in sys.modules)
    """

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "['model'] False\n"


def test_only_the_arguments_that_it_names_are_given() -> None:
    given = []

    @hookimpl
    def register_models(model_aliases: Any, extra: int = 3) -> None:
        given.append((model_aliases, extra))

    call_plainly(module(register_models=register_models), "register_models", {"register": 1, "model_aliases": 2})

    assert given == [(2, 3)]


def test_a_plugin_without_the_hook_is_not_called() -> None:
    call_plainly(module(register_models=nothing()), "register_tools", {})


class Plugin:
    register_models = staticmethod(nothing())


@pytest.mark.parametrize(
    "plugin",
    [
        Plugin(),
        module(register_models=nothing(hookwrapper=True)),
        module(register_models=nothing(), other=nothing(specname="register_models")),
        module(register_models=hookimpl(lambda unknown: None)),
    ],
)
def test_what_is_not_plain_is_left_to_pluggy(plugin: Any) -> None:
    with pytest.raises(NotPlain):
        call_plainly(plugin, "register_models", {"register": 1})


def test_pluggy_calls_what_is_not_plain() -> None:
    assert [one.model for one in Registry(loaded(Plugin())).models()] == ["model"]


def test_a_function_that_does_not_fit_its_hook_is_a_problem() -> None:
    registry = Registry(loaded(module(register_models=hookimpl(lambda unknown: None))))

    assert registry.models() == []
    (problem,) = registry.problems
    assert problem.where == "import of plugin"
    assert "unknown" in problem.message


def test_the_manager_has_the_plugins_that_were_loaded_before_it() -> None:
    plugins = loaded(module(register_models=nothing()))

    assert plugins.hook_names() == ("register_models",)
    assert plugins.manager.has_plugin("llm-plugin:plugin")
