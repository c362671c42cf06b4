"""SPEC.md against the code, the tests and the vectors: neither says what the others do not know."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from innkeeper_protocol import connection, framing, messages, methods, negotiation, values, version
from innkeeper_protocol.codec import BATCH_COST
from innkeeper_protocol.errors import ErrorCode
from innkeeper_protocol.peer import blobs

from . import spec_page, vectors
from .spec_page import PROTOCOL, RULE, SPEC

TESTS = Path(__file__).resolve().parents[1]


def test_revision_is_that_of_the_page() -> None:
    assert SPEC.startswith(f"# The Innkeeper plugin protocol, revision {version.REVISION}\n")
    assert f"the number of this protocol; {version.REVISION}." in SPEC
    assert max(version.REVISIONS) == version.REVISION


def test_methods_are_those_of_the_page() -> None:
    assert spec_page.table_below("Methods") == [spec_page.method_row(method) for method in methods.METHODS.values()]


def test_codes_are_those_of_the_page() -> None:
    assert [(int(code), name) for code, name, _ in spec_page.table_below("Errors")] == [
        (code.value, code.name) for code in ErrorCode
    ]


def test_codes_are_unique() -> None:
    """ERR-1."""
    assert len({code.value for code in ErrorCode}) == len(ErrorCode.__members__)


def test_fields_of_every_payload_are_those_of_the_page() -> None:
    assert spec_page.structs_in_spec() == spec_page.structs_in_code()


def test_limits_are_those_of_the_page() -> None:
    numbers = [int(limit.split(" ")[0].replace(",", "")) for _, limit, _ in spec_page.table_below("Limits")]
    assert numbers == [
        framing.MAX_FRAME_BYTES,
        negotiation.SMALLEST_FRAME_LIMIT,
        messages.MAX_ID,
        values.MAX_DEPTH,
        connection.MAX_INCOMING_CALLS,
        connection.MAX_INCOMING_BYTES,
        connection.MAX_UNANSWERED,
        BATCH_COST,
        blobs.HELD_BYTES,
        blobs.HELD_BLOBS,
    ]


def test_rules_are_numbered_without_gaps() -> None:
    numbers: dict[str, list[int]] = {}
    for rule in spec_page.rules():
        area, number = rule.split("-")
        numbers.setdefault(area, []).append(int(number))
    assert {area: list(range(1, len(found) + 1)) for area, found in numbers.items()} == numbers


def python_text(*folders: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.rglob("*.py")))


def test_every_rule_is_cited_by_a_test_or_a_vector() -> None:
    cited = set(RULE.findall(python_text(TESTS / "protocol", TESTS / "conformance")))
    cited |= {rule for path in vectors.FOLDER.glob("*.json") for rule in RULE.findall(path.read_text(encoding="utf-8"))}
    assert [rule for rule in spec_page.rules() if rule not in cited] == []


def test_rules_that_code_tests_and_vectors_cite_exist() -> None:
    text = python_text(PROTOCOL / "innkeeper_protocol", TESTS / "protocol", TESTS / "conformance")
    text += "".join(path.read_text(encoding="utf-8") for path in vectors.FOLDER.glob("*.json")) + SPEC
    areas = {rule.split("-")[0] for rule in spec_page.rules()}
    cited = {rule for rule in RULE.findall(text) if rule.split("-")[0] in areas}
    assert sorted(cited - set(spec_page.rules())) == []


def test_every_vector_is_used() -> None:
    """Whole sections are cases of tests; no file and no section is left out."""
    for module in ("test_vectors", "test_dialogues"):
        importlib.import_module(f".{module}", __package__)
    there = {
        (path.name, section)
        for path in vectors.FOLDER.glob("*.json")
        for section in json.loads(path.read_text(encoding="utf-8"))
    }
    assert vectors.asked_for == there


def test_names_of_vectors_are_unique_in_their_section() -> None:
    for path in vectors.FOLDER.glob("*.json"):
        for section, found in vectors.content(path.name).items():
            names = [vectors.vector_id(vector) for vector in found]
            assert sorted(set(names)) == sorted(names), f"{path.name} {section}"


def test_every_field_of_every_payload_stands_in_a_vector() -> None:
    keys: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            keys.update(value)
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect([vector["value"] for vector in vectors.content("payloads.json")["payloads"]])
    blocks = spec_page.structs_in_code().values()
    fields = {line.split(":")[0].strip(" ?") for block in blocks for line in block.split("\n")[1:]}
    assert sorted(fields - keys - {"option", "message"}) == []
