"""The memory of the host and of a plugin's processes while a model answers, beside the real llm; confined and not.

PSS: what a process has for itself, and its share of what it has in common with others.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from environments import PUBLISHED, Workbench, model, workbench
from measure import Command, Report

ROUNDS = 3
WAITS = 'yield "ready\\n"; import time; time.sleep(600)'


@dataclass(frozen=True)
class Memory:
    """PSS of one `llm` and of the processes below it."""

    host_mib: float
    plugin_mib: float

    @property
    def both_mib(self) -> float:
        return self.host_mib + self.plugin_mib


def main() -> int:
    with workbench() as bench:
        return compare(bench)


def compare(bench: Workbench) -> int:
    waiting = bench.wheel("llm_waits", model("waits", WAITS))
    llm = bench.ours()
    for home in ("one", "trusting"):
        bench.install(llm, home, [waiting])
    bench.check([llm, "plugins", "allow", "llm-waits", "--trust"], bench.environment("trusting"))
    bench.install(llm, "twenty", [waiting, *PUBLISHED])
    real_1, real_20 = bench.real("real-1", [waiting]), bench.real("real-20", [waiting, *PUBLISHED])
    programs = {
        "one": bench.command("one", llm, "-m", "waits", "hi"),
        "trusting": bench.command("trusting", llm, "-m", "waits", "hi"),
        "twenty": bench.command("twenty", llm, "-m", "waits", "hi"),
        "real one": bench.command("real", real_1, "-m", "waits", "hi"),
        "real twenty": bench.command("real", real_20, "-m", "waits", "hi"),
    }
    used = {name: typical(command) for name, command in programs.items()}

    report = Report("memory while a model answers")
    for name, limit in (("one", 1.0), ("twenty", 0.35)):
        ours, real = used[name], used[f"real {name}"]
        report.at_most(
            f"{name} installed: host and plugin, x real llm",
            ours.both_mib / real.both_mib,
            limit,
            f"{ours.host_mib:.0f} + {ours.plugin_mib:.0f} MiB / {real.both_mib:.0f} MiB",
        )
    report.at_most("twenty installed, x one", used["twenty"].both_mib / used["one"].both_mib, 1.05)
    report.note(
        "plugin's processes, confined / unconfined",
        used["one"].plugin_mib / used["trusting"].plugin_mib,
        f"{used['one'].plugin_mib:.0f} / {used['trusting'].plugin_mib:.0f} MiB",
    )
    return report.finish()


def typical(command: Command) -> Memory:
    """Return the middle one of a few measurements."""
    found = [measure(command) for _ in range(ROUNDS)]
    return Memory(
        statistics.median(memory.host_mib for memory in found), statistics.median(memory.plugin_mib for memory in found)
    )


def measure(command: Command) -> Memory:
    """Start *command*, and look at it once its model has begun to answer."""
    with subprocess.Popen(
        list(command.argv),
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            if process.stdout.readline() != b"ready\n":
                raise SystemExit(f"{' '.join(command.argv)} failed:\n{process.stderr.read().decode(errors='replace')}")
            return Memory(pss_mib(process.pid), sum(pss_mib(pid) for pid in below(process.pid)))
        finally:
            process.kill()


def pss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"no PSS of process {pid}")


def below(pid: int) -> list[int]:
    """Return all processes that descend from *pid*."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found[1:]


if __name__ == "__main__":
    sys.exit(main())
