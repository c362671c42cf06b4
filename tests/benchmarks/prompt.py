"""``llm -m echo hi`` from cold, confined, beside the real llm with llm-echo; and what confinement is of that.

The floor is what two processes of Python cost that do nothing: a host that has imported click, and a bare plugin. It
says what is left to be had.
"""

from __future__ import annotations

import sys
from pathlib import Path

from environments import PUBLISHED, Workbench, workbench
from measure import Report, medians, milliseconds

ROUNDS = 9
ASKED = ("-m", "echo", "hi")


def main() -> int:
    with workbench() as bench:
        return compare(bench)


def compare(bench: Workbench) -> int:
    llm = bench.ours()
    bench.install(llm, "one", PUBLISHED[:1])
    bench.install(llm, "trusting", PUBLISHED[:1])
    bench.check([llm, "plugins", "allow", PUBLISHED[0], "--trust"], bench.environment("trusting"))
    bench.install(llm, "twenty", PUBLISHED)
    python = str(Path(llm).with_name("python"))
    real_1, real_20 = bench.real("real-1", PUBLISHED[:1]), bench.real("real-20", PUBLISHED)
    cost = medians(
        {
            "ours 1": bench.command("one", llm, *ASKED),
            "unconfined": bench.command("trusting", llm, *ASKED),
            "real 1": bench.command("real", real_1, *ASKED),
            "ours 20": bench.command("twenty", llm, *ASKED),
            "real 20": bench.command("real", real_20, *ASKED),
            "idle host": bench.command("one", python, "-I", "-c", "import click"),
            "idle plugin": bench.command("one", python, "-c", "pass"),
        },
        rounds=ROUNDS,
    )

    report = Report("`llm -m echo hi`")
    for count, limit in ((1, 5), (20, 20)):
        ours, real = cost[f"ours {count}"], cost[f"real {count}"]
        for unit, theirs, here in (("wall", real.wall_s, ours.wall_s), ("CPU", real.cpu_s, ours.cpu_s)):
            report.at_least(
                f"{count} plugin{'s' * (count > 1)} installed, {unit}: real llm / ours",
                theirs / here,
                limit,
                f"{milliseconds(theirs)} / {milliseconds(here)}",
            )
    confined, free = cost["ours 1"], cost["unconfined"]
    for unit, with_wall, without in (("wall", confined.wall_s, free.wall_s), ("CPU", confined.cpu_s, free.cpu_s)):
        figures = f"{milliseconds(with_wall)} / {milliseconds(without)}"
        report.note(f"confined / unconfined, {unit}", with_wall / without, figures)
    host, plugin, real = cost["idle host"], cost["idle plugin"], cost["real 1"]
    floor_s = host.cpu_s + plugin.cpu_s
    report.note("floor, CPU: ours / two idle processes", confined.cpu_s / floor_s, milliseconds(floor_s))
    report.note("floor, CPU: real llm / two idle processes", real.cpu_s / floor_s)
    both_s = max(host.wall_s, plugin.wall_s)
    report.note("floor, wall: ours / two idle processes at once", confined.wall_s / both_s, milliseconds(both_s))
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
