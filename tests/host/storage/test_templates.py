"""Templates that are kept: files in a folder, called by their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from innkeeper.errors import StorageError, UsageError
from innkeeper.paths import Home
from innkeeper.storage.templates import read_template, template_names, write_template


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def test_what_was_stored_is_read_back_and_listed(home: Home) -> None:
    write_template(home, "summary", "prompt: Sümmarise\n")
    write_template(home, "a", "prompt: a\n")

    assert read_template(home, "summary") == "prompt: Sümmarise\n"
    assert template_names(home) == ["a", "summary"]
    assert (Path(home.root) / "templates/summary.yaml").stat().st_mode & 0o777 == 0o600


def test_nothing_is_stored_in_a_new_home(home: Home) -> None:
    assert template_names(home) == []
    assert read_template(home, "summary") is None


def test_a_name_may_lead_into_a_folder(home: Home) -> None:
    write_template(home, "work/summary", "hi")

    assert read_template(home, "work/summary") == "hi"


@pytest.mark.parametrize("name", ["", "..", "../keys", "a/../../b", "/etc/passwd", "a//b", "gh:x", "a\nb", "./a"])
def test_a_name_that_leads_elsewhere_is_none(home: Home, name: str) -> None:
    with pytest.raises(UsageError):
        write_template(home, name, "hi")


def test_a_file_that_is_no_text_is_an_error(home: Home) -> None:
    write_template(home, "broken", "x")
    (Path(home.root) / "templates/broken.yaml").write_bytes(b"\xff\xfe")

    with pytest.raises(StorageError, match="The template 'broken' cannot be read"):
        read_template(home, "broken")
