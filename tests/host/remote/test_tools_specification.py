"""What people write after -T."""

from __future__ import annotations

import pytest
from innkeeper.errors import UsageError
from innkeeper.remote.tools_specification import Specification, read_specification


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("llm_time", Specification("llm_time")),
        (" Box ", Specification("Box")),
        ("Box()", Specification("Box")),
        ("llm-boxes/Box(1)", Specification("llm-boxes/Box", (1,))),
        ("Box('d.db')", Specification("Box", ("d.db",))),
        ('Box("a", 2, x=(1, 2))', Specification("Box", ("a", 2), {"x": [1, 2]})),
        ("Box(on=true, off=false, none=null)", Specification("Box", (), {"on": True, "off": False, "none": None})),
        ('Box({"url": "x", "deep": [{}]})', Specification("Box", (), {"url": "x", "deep": [{}]})),
        ('Box([{"a": 1}])', Specification("Box", ([{"a": 1}],))),
        ('Box({"a": 1}, x=2)', Specification("Box", ({"a": 1},), {"x": 2})),
        ("Box(-1.5, (1))", Specification("Box", (-1.5, 1))),
        ("Box('(')", Specification("Box", ("(",))),
        (r"Box('\d+')", Specification("Box", (r"\d+",))),
    ],
)  # fmt: skip
def test_arguments_are_literals(text: str, expected: Specification) -> None:
    assert read_specification(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Box(", "A bracket is not closed."),
        ("Box(1) + Box(2)", "Something stands behind the closing bracket."),
        ("Box(1)(2)", "Something stands behind the closing bracket."),
        ("Box(d.db)", "d is no value; a text stands in quotes."),
        ("Box(**{'a': 1})", "** is of no use here."),
        ("Box({1, 2})", "Values are texts, numbers, True, False, None, lists of them, and dicts with texts as keys."),
        ("Box(b'x')", "Values are texts, numbers, True, False, None, lists of them, and dicts with texts as keys."),
        (f"Box({2**64})", "Values are texts, numbers, True, False, None, lists of them, and dicts with texts as keys."),
        ("Box({1: 2})", "Values are texts, numbers, True, False, None, lists of them, and dicts with texts as keys."),
    ],
)
def test_what_is_no_literal_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_specification(text)
    assert (caught.value.message, caught.value.why) == (f"{text} is not written as a tool.", why)


@pytest.mark.parametrize(
    "text",
    [
        "Box(__import__('os').system('true'))",
        "Box([x for x in 'ab'])",
        "Box(1 if 1 else 2)",
        "Box(f'{1}')",
        "Box(" + "[" * 10_000 + "]" * 10_000 + ")",
        "Box(" + "-" * 100_000 + "1)",
        "Box(x=1, x=2)",
        "Box(\0)",
        "Box(" + "9" * 5000 + ")",
    ],
    ids=["call", "comprehension", "condition", "f-string", "deep", "signs", "twice", "null", "digits"],
)
def test_nothing_is_evaluated(text: str) -> None:
    with pytest.raises(UsageError, match="is not written as a tool"):
        read_specification(text)


def test_texts_among_the_arguments_are_found_at_any_depth() -> None:
    found = read_specification("Box('a', {'k': ['b', 1]}, x={'y': 'c'})")
    assert found.texts() == ["a", "b", "c"]


def test_home_folder_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    found = read_specification("Box('~/d.db', x=['~', 'a~'])")
    assert found.with_home_folder() == (("/home/me/d.db",), {"x": ["/home/me", "a~"]})
