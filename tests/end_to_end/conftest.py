"""Homes. Making one costs an installation, so tests that only read share one; the others get their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .command_plugins import inn_with_commands
from .inn import Inn
from .loader_plugins import served, write_loader_plugins
from .plugin_source import model_plugin, write_plugin
from .recorder_plugin import RECORDER


@pytest.fixture
def inn(tmp_path: Path) -> Inn:
    """A home of the test's own, with nothing in it."""
    return Inn(tmp_path / "home")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with llm-markov and llm-echo from the package index, unmodified. For tests that only read."""
    inn = Inn(tmp_path_factory.mktemp("published") / "home")
    inn.ok("install", "llm-markov", "llm-echo")
    return inn


@pytest.fixture(scope="session")
def default_only(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home in which nothing was installed; the default plugin becomes ready when first used."""
    return Inn(tmp_path_factory.mktemp("default") / "home")


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with a model that says what it was sent, and tools. For tests that bring a log database of their own."""
    folder = tmp_path_factory.mktemp("recorder")
    inn = Inn(folder / "home")
    inn.ok("install", write_plugin(folder, "recorder", RECORDER))
    return inn


ROGUES = {
    "prints": """
        import os, sys
        print("stray print")
        os.write(1, b"stray write\\n")
        yield "the answer"
        """,
    "raises": """
        yield "so far "
        raise RuntimeError("boom")
        """,
    "dies": """
        import os, signal, sys
        yield "so far "
        print("last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    "leaves": """
        import os
        os._exit(7)
        yield ""
        """,
    "deaf": """
        import os, time
        os.closerange(3, 1024)
        time.sleep(3600)
        yield ""
        """,
    "babbles": """
        import os, socket
        for descriptor in range(3, 1024):
            try:
                os.write(descriptor, b"HTTP/1.1 200 OK\\r\\n\\r\\n" * 8)
            except OSError:
                pass
        yield "fine"
        """,
    "numbers": """
        yield 42
        """,
    "colours": """
        yield "\\x1b]0;owned\\x07\\x1b[31mred\\x1b[0m\\r\\n\\u202etxet\\x9b2J"
        """,
    "floods": """
        while True:
            yield "x" * 1000
        """,
    "waits": """
        import time
        yield "ready\\n"
        time.sleep(3600)
        """,
    "stubborn": """
        import signal, time
        try:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        except ValueError:
            pass
        yield "ready\\n"
        while True:
            try:
                time.sleep(3600)
            except BaseException:
                pass
        """,
}
"""What each plugin's model does when asked. Plugin and model have the same name."""


@pytest.fixture(scope="session")
def rogues(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with one plugin for each kind of trouble that a model can make. For tests that only read."""
    folder = tmp_path_factory.mktemp("rogues")
    inn = Inn(folder / "home")
    sources = [model_plugin(folder, f"rogue-{name}", body, model_id=name) for name, body in ROGUES.items()]
    inn.ok("install", *sources)
    return inn


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with the plugins of `command_plugins`. For tests that only read."""
    return inn_with_commands(tmp_path_factory.mktemp("commands"))


@pytest.fixture(scope="session")
def loaders(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with loaders, our own and published ones. Tests store things in it, each under names of its own."""
    folder = tmp_path_factory.mktemp("loaders")
    inn = Inn(folder / "home")
    published = ["llm-templates-fsspec", "llm-fragments-symbex", "llm-fragments-site-text"]
    inn.ok("install", *write_loader_plugins(folder), "llm-echo", *published)
    return inn


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page on this machine; ``t.yaml``, a template, lies beside it."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "page.html").write_text(
        "<html><body><article><p>Here pelicans fish in groups, which few other birds do.</p></article></body></html>"
    )
    (folder / "t.yaml").write_text("prompt: from afar\n")
    with served(folder) as address:
        yield f"{address}/page.html"
