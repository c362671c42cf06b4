"""A home whose files cannot be written: whoever finds out says that, and what helps against it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from innkeeper.confinement.grants import NOTHING, take_once
from innkeeper.confinement.tier import choose_tier
from innkeeper.errors import StorageError
from innkeeper.paths import Home
from innkeeper.storage.keys import set_key
from innkeeper.storage.unwritable import MAKE_ROOM, what_to_do
from innkeeper.storage.whole_file import write_whole

ANOTHER_PLACE = "Innkeeper must be able to write its files. Another place for them: LLM_USER_PATH=FOLDER"


@pytest.fixture
def nowhere(tmp_path: Path) -> Home:
    """A home where a file is, which not even root can make a folder of."""
    (tmp_path / "file").write_text("")
    return Home(str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("number", "helps"),
    [
        (errno.ENOSPC, MAKE_ROOM),
        (errno.EDQUOT, MAKE_ROOM),
        (errno.EROFS, ANOTHER_PLACE),
        (errno.EACCES, ANOTHER_PLACE),
        (errno.EIO, ""),
    ],
)
def test_what_helps_depends_on_why_it_could_not_be_written(number: int, helps: str) -> None:
    assert what_to_do(OSError(number, "said the system")) == helps


def test_file_that_cannot_be_written_is_said_with_the_way_out(nowhere: Home) -> None:
    with pytest.raises(StorageError) as caught:
        write_whole(nowhere.aliases_file, "{}", what="The file of the aliases")

    assert caught.value.hint == ANOTHER_PLACE


def test_lock_that_cannot_be_made_is_said_with_the_way_out(nowhere: Home) -> None:
    with pytest.raises(StorageError) as caught:
        set_key(nowhere, "name", "value")

    assert caught.value.hint == ANOTHER_PLACE


def test_confinement_that_cannot_be_tried_is_not_taken_for_a_machine_without_it(nowhere: Home) -> None:
    """Or the person would be told to run plugins unconfined."""
    with pytest.raises(StorageError) as caught:
        choose_tier(nowhere)

    assert caught.value.hint == ANOTHER_PLACE


def test_permission_that_nobody_gave_is_not_taken_whatever_the_file_system_says(nowhere: Home) -> None:
    """One that cannot be written answers EROFS even where there is nothing to be moved."""
    assert take_once(nowhere, "weather", "index") == NOTHING
