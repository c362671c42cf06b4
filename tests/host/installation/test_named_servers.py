"""Servers that the person's variables name, and those that a plugin was refused, as grants have them."""

from __future__ import annotations

import pytest
from innkeeper.installation.named_servers import MOST_TRIED, of_refusals, of_variables


@pytest.mark.parametrize(
    ("name", "value", "servers"),
    [
        ("ANTHROPIC_BASE_URL", "https://gateway.example.com/v1", ["gateway.example.com:443"]),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1:8080", ["127.0.0.1:8080"]),
        ("OLLAMA_HOST", "gpu.lan:11434", ["gpu.lan:11434"]),
        ("OLLAMA_HOST", "[::1]:11434", ["[::1]:11434"]),
        ("OLLAMA_HOST", "gpu.lan", None),
        ("OLLAMA_HOST", "", None),
        ("OLLAMA_HOST", "no host at all:80", None),
        ("FTP_URL", "file:///etc/passwd", None),
        ("ANTHROPIC_API_KEY", "https://example.com", None),
    ],
)
def test_what_a_variable_names(name: str, value: str, servers: list[str] | None) -> None:
    assert of_variables([name], {name: value}) == ({} if servers is None else {name: servers})


def test_a_variable_that_is_not_set_names_nothing() -> None:
    assert of_variables(["OLLAMA_HOST"], {"OTHER_HOST": "a:1"}) == {}


def test_what_was_refused_can_be_granted_as_far_as_it_is_a_server() -> None:
    assert of_refusals(["127.0.0.1:11434", "private:box.example.com:80", "no port", "a b:1"]) == [
        "127.0.0.1:11434",
        "private:box.example.com:80",
    ]
    assert len(of_refusals(f"host{number}.example.com:443" for number in range(50))) == MOST_TRIED
