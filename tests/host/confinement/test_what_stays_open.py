"""What no wall here stops. SECURITY.md names each; when one of these fails, it can be taken from that list."""

from __future__ import annotations

import textwrap

from .rooms import Room
from .yard import yard_of


def said_by(room: Room, code: str) -> str:
    with yard_of(room, with_victim=False) as yard:
        (yard.home / "link").symlink_to("secret")
        names = f"secret, link = {yard.known['secret']!r}, {str(yard.home / 'link')!r}\n"
        return room.run(names + textwrap.dedent(code)).text


def test_names_and_sizes_of_any_file_are_seen_in_the_weaker_tier(room: Room) -> None:
    """Landlock has no right for stat, and a filter cannot read paths."""
    code = """
        import os
        try:
            print(os.stat(secret).st_size > 0)
        except OSError as error:
            print(type(error).__name__)
    """

    assert said_by(room, code) == ("FileNotFoundError" if room.tier == "ns" else "True")


def test_where_links_lead_is_seen_in_the_weaker_tier(room: Room) -> None:
    code = """
        import os
        try:
            print(os.readlink(link) == "secret")
        except OSError as error:
            print(type(error).__name__)
    """

    assert said_by(room, code) == ("FileNotFoundError" if room.tier == "ns" else "True")


def test_many_small_files_fit_below_the_limit_of_one(room: Room) -> None:
    code = """
        for number in range(3):
            with open(f"part{number}", "wb") as file:
                file.truncate(60 << 20)
        print("full")
    """

    assert said_by(room, code) == "full"


def test_libraries_of_its_own_are_loaded(room: Room) -> None:
    """No gain over the Python it already runs."""
    code = """
        import ctypes, ctypes.util, shutil, _ctypes
        shutil.copyfile(_ctypes.__file__, "library.so")
        ctypes.CDLL("./library.so")
        print("loaded")
    """

    assert said_by(room, code) == "loaded"
