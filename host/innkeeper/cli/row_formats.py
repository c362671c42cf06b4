"""Rows of a CSV, TSV, JSON or newline-delimited JSON file, read as they are needed: memory is flat in their number.

Which of them a file is, its beginning says. What is no such file is an error that names the row.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from innkeeper.errors import UsageError

READ_LETTERS = 64 * 1024
"""Of JSON, at once."""

DELIMITERS = "\t,;|"

Row = list[Any]
"""The values of a row, in the order of its columns."""


def rows_of(stream: BinaryIO, format_: str | None) -> Iterator[Row]:
    """Yield the rows in *stream*. *format_* is ``csv``, ``tsv``, ``json``, ``nl``, or None to find out.

    Raises UsageError for what cannot be read.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        yield from _rows(text, format_)
    except UnicodeDecodeError as error:
        raise _unreadable(f"It is not text in UTF-8: {error}") from error
    except csv.Error as error:
        raise _unreadable(f"It is not CSV: {error}") from error
    finally:
        text.detach()


def _rows(text: io.TextIOWrapper, format_: str | None) -> Iterator[Row]:
    first = text.readline(READ_LETTERS)
    while first and not first.strip():
        first = text.readline(READ_LETTERS)
    if format_ in ("json", "nl") or (format_ is None and first.lstrip()[:1] in ("[", "{")):
        return _objects(first, text)
    if not first.endswith("\n"):
        first += text.readline()
    return _separated(first, text, "\t" if format_ == "tsv" else None)


def _separated(first: str, text: io.TextIOWrapper, delimiter: str | None) -> Iterator[Row]:
    """Yield the rows below the header, the *first* line. Without a *delimiter* it is the one found most in that."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # or a field may have 128 KB: a page of text has more
    used = delimiter or max(DELIMITERS, key=first.count)
    reader = csv.reader(chain([first], text), delimiter=used, skipinitialspace=f"{used} " in first)
    header = next(reader, None)
    if header is None:
        return
    for row in reader:
        if len(row) > len(header):
            raise _unreadable(
                f"Line {reader.line_num} has {len(row)} columns, and the header {len(header)}; "
                "text that holds the separator has to be in quotes"
            )
        if row:
            yield [*row, *[""] * (len(header) - len(row))]


def _objects(buffer: str, text: io.TextIOWrapper) -> Iterator[Row]:
    """Yield the objects of an array, or objects one after another, one a line or not."""
    decoder = json.JSONDecoder()
    buffer = buffer.lstrip()
    is_array = buffer.startswith("[")
    position, number = int(is_array), 1
    while True:
        position = _skip(buffer, position, " \t\r\n," if is_array and number > 1 else " \t\r\n")
        if position == len(buffer):
            buffer, position = text.read(READ_LETTERS), 0
            if not buffer and is_array:
                raise _unreadable("Its JSON array does not end")
            if not buffer:
                return
        elif is_array and buffer[position] == "]":
            return
        elif buffer[position] != "{":
            raise _unreadable(f"Item {number} of its JSON is not an object")
        else:
            try:
                value, position = decoder.raw_decode(buffer, position)
            except (ValueError, RecursionError) as error:
                more = text.read(max(READ_LETTERS, len(buffer)))
                if not more or isinstance(error, RecursionError):
                    raise _unreadable(f"Item {number} of its JSON is broken: {error}") from error
                buffer, position = buffer[position:] + more, 0
                continue
            if not value:
                raise _unreadable(f"Item {number} of its JSON is empty")
            yield list(value.values())
            number += 1


def _skip(text: str, position: int, letters: str) -> int:
    while position < len(text) and text[position] in letters:
        position += 1
    return position


def _unreadable(why: str) -> UsageError:
    found = UsageError("The input cannot be read.", why=f"{why}.", hint="What is understood: llm embed-multi --help")
    found.exit_code = 1
    return found
