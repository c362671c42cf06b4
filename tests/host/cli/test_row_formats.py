"""Rows for ``llm embed-multi``: the format is found out, what is broken is named, and memory stays flat."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from innkeeper.cli.row_formats import rows_of
from innkeeper.errors import UsageError


def rows(content: str | bytes, format_: str | None = None) -> list[list[Any]]:
    raw = content.encode() if isinstance(content, str) else content
    return list(rows_of(io.BytesIO(raw), format_))


@pytest.mark.parametrize("format_", [None, "csv"])
def test_csv_has_a_header_and_quotes(format_: str | None) -> None:
    content = 'id,title,body\n1,"One, two","line\nbreak ""quoted"""\n2,Grüße,\n'

    assert rows(content, format_) == [["1", "One, two", 'line\nbreak "quoted"'], ["2", "Grüße", ""]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id\tname\n1\ta,b,c,d\n", [["1", "a,b,c,d"]]),
        ("id;name;x\n1;a;b\n", [["1", "a", "b"]]),
        ("id|name\n1|a\n", [["1", "a"]]),
        ('id, name\n1, "a, b"\n', [["1", "a, b"]]),
        ("id\n1\n2\n", [["1"], ["2"]]),
        ("\n\nid,name\r\n1,a\r\n\r\n2,b\r\n", [["1", "a"], ["2", "b"]]),
        (b"\xef\xbb\xbfid,name\n1,a\n", [["1", "a"]]),
        ("id,name\n", []),
        ("", []),
    ],
    ids=["tabs", "semicolons", "bars", "spaces", "one column", "blank lines", "byte order mark", "header", "nothing"],
)
def test_separator_is_the_one_of_the_header(content: str | bytes, expected: list[list[str]]) -> None:
    assert rows(content) == expected


def test_tsv_is_what_the_person_says() -> None:
    assert rows("id\ta,b\n1\tx\n", "tsv") == [["1", "x"]]


def test_short_row_is_filled_and_a_long_field_is_read() -> None:
    long = "x" * 500_000

    assert rows(f"id,a,b\n1\n2,{long}\n") == [["1", "", ""], ["2", long, ""]]


OBJECTS = [{"id": "one", "text": 'a "b" {c} [d], \\', "n": 1}, {"id": 2, "text": None}, {"id": "ü", "list": [1, {}]}]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(OBJECTS),
        json.dumps(OBJECTS, indent=2),
        "".join(json.dumps(entry) + "\n" for entry in OBJECTS),
        "\n".join(json.dumps(entry, ensure_ascii=False) for entry in OBJECTS) + "\n\n\n",
        " ".join(json.dumps(entry, indent=4) for entry in OBJECTS),
    ],
    ids=["array", "indented", "lines", "no last line", "one after another"],
)
def test_json_is_objects_in_an_array_or_one_after_another(content: str) -> None:
    assert rows(content) == [list(entry.values()) for entry in OBJECTS]
    assert rows(content, "json") == rows(content, "nl") == rows(content)


def test_objects_longer_than_what_is_read_at_once_are_whole() -> None:
    entries = [{"id": number, "text": "ä" * 150_000} for number in range(3)]

    assert rows(json.dumps(entries)) == [list(entry.values()) for entry in entries]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"id": 1}, {"id": ]', "Item 2 of its JSON is broken: Expecting value"),
        ('[{"id": 1}', "Its JSON array does not end"),
        ('[{"id": 1}, 7]', "Item 2 of its JSON is not an object"),
        ('{"id": 1}\n[2]\n', "Item 2 of its JSON is not an object"),
        ("[{}]", "Item 1 of its JSON is empty"),
        ('{"a": ' * 100_000, "Item 1 of its JSON is broken"),
        ("id,a\n1,b\n2,c,d\n", "Line 3 has 3 columns, and the header 2"),
        (b"id,a\n1,\xff\n", "It is not text in UTF-8"),
    ],
)
def test_what_is_broken_is_named(content: str | bytes, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        rows(content)

    assert says in caught.value.why


class Endless(io.RawIOBase):
    """A file of *count* rows that nobody has in memory."""

    def __init__(self, start: bytes, row: bytes, count: int) -> None:
        self._parts: Iterator[bytes] = iter([start, *[row] * count])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = next(self._parts, b"")
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize(
    ("start", "row"),
    [
        (b"id,text\n", b"7," + b"x" * 1000 + b"\n"),
        (b"[", b'{"id": 7, "text": "' + b"x" * 1000 + b'"},'),
        (b"\n", b'{"id": 7, "text": "' + b"x" * 1000 + b'"}\n'),
    ],
    ids=["csv", "array on one line", "lines"],
)
def test_memory_is_flat_in_the_number_of_rows(start: bytes, row: bytes) -> None:
    stream = io.BufferedReader(Endless(start, row, 20_000))
    tracemalloc.start()
    try:
        count = 0
        for _ in rows_of(stream, None):
            count += 1
            if count == 20_000:
                break
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 20_000
    assert peak < 2_000_000
