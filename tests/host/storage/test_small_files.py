"""Small files of the home that several processes change at the same time: nobody's change is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from innkeeper.paths import Home
from innkeeper.storage.aliases import read_aliases
from innkeeper.storage.model_options import all_model_options

PROCESSES, ROUNDS = 3, 6

ALIASES = """
from innkeeper.storage.aliases import remove_alias, set_alias
def change(home, name):
    set_alias(home, name, "markov")
    set_alias(home, f"{name}-too", "markov")
    remove_alias(home, f"{name}-too")
"""

OPTIONS = """
from innkeeper.storage.model_options import clear_model_options, set_model_option
def change(home, name):
    set_model_option(home, name, "length", "3")
    set_model_option(home, name, "delay", "0")
    clear_model_options(home, name, "delay")
"""

MAIN = """
import sys
from innkeeper.paths import Home
sys.stdin.read()
for number in range(int(sys.argv[3])):
    change(Home(sys.argv[1]), f"{sys.argv[2]}-{number}")
"""


@pytest.mark.parametrize(
    ("change", "read"), [(ALIASES, read_aliases), (OPTIONS, all_model_options)], ids=["aliases", "options"]
)
def test_what_many_processes_change_at_once_is_all_there(
    tmp_path: Path, change: str, read: Callable[[Home], dict[str, object]]
) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", change + MAIN, str(tmp_path), str(number), str(ROUNDS)], stdin=subprocess.PIPE
        )
        for number in range(PROCESSES)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.close()  # which starts them all
    assert [process.wait(60) for process in running] == [0] * PROCESSES

    assert set(read(Home(str(tmp_path)))) == {f"{one}-{number}" for one in range(PROCESSES) for number in range(ROUNDS)}
