"""The variables that a plugin gets: those of a list, and with the terminal those that say what it is like."""

from __future__ import annotations

from innkeeper.confinement.environment import plugin_environment
from innkeeper.confinement.policy import Policy

PERSONS = {"PATH": "/home/person/bin", "SECRET": "s", "LANG": "de_DE.UTF-8", "TERM": "xterm", "FORCE_COLOR": "1"}

ALWAYS = {
    "LANG": "de_DE.UTF-8",
    "HOME": "/data",
    "USER": "plugin",
    "LOGNAME": "plugin",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TMPDIR": "/tmp",
    "LLM_USER_PATH": "/data",
    "INNKEEPER_PLUGIN": "p",
}


def environment_of(policy: Policy) -> dict[str, str]:
    return plugin_environment(policy, data_dir="/data", tmp="/tmp", environ=PERSONS, channel=None, broker=None)


def test_only_what_is_listed_is_passed_on() -> None:
    assert environment_of(Policy("p")) == ALWAYS


def test_with_the_terminal_goes_what_it_is_like() -> None:
    assert environment_of(Policy("p", terminal=True)) == {**ALWAYS, "TERM": "xterm", "FORCE_COLOR": "1"}
