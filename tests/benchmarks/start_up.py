"""``llm --version`` and ``llm plugins`` with 0, 10 and 50 plugins, beside a bare ``import click`` and the real llm."""

from __future__ import annotations

import sys
from pathlib import Path

from environments import PUBLISHED, Workbench, workbench
from measure import Command, Report, medians, milliseconds

ROUNDS = 15
FEW_ROUNDS = 5
COUNTS = (0, 10, 50)


def main() -> int:
    with workbench() as bench:
        return compare(bench)


def compare(bench: Workbench) -> int:
    llm = bench.ours()
    python = str(Path(llm).with_name("python"))
    wheels = bench.small_wheels(max(COUNTS))
    commands: dict[str, Command] = {"click": bench.command("none", python, "-c", "import click")}
    for count in COUNTS:
        if count:
            bench.install(llm, f"small-{count}", wheels[:count])
        for asked in ("--version", "plugins"):
            commands[f"{asked} {count}"] = bench.command(f"small-{count}", llm, asked)
    cost = medians(commands, rounds=ROUNDS)

    report = Report("starting")
    for asked in ("--version", "plugins"):
        for count in COUNTS:
            ours = cost[f"{asked} {count}"].wall_s
            what = f"`llm {asked}`, {count} plugins, x `import click`"
            report.at_most(what, ours / cost["click"].wall_s, 1.5, milliseconds(ours))
        report.at_most(
            f"`llm {asked}`, 50 plugins, x none", cost[f"{asked} 50"].wall_s / cost[f"{asked} 0"].wall_s, 1.15
        )
    beside_the_real_one(bench, llm, report)
    return report.finish()


def beside_the_real_one(bench: Workbench, llm: str, report: Report) -> None:
    """The same published plugins on both sides: none, and twenty."""
    bench.install(llm, "twenty", PUBLISHED)
    real_0, real_20 = bench.real("real-0"), bench.real("real-20", PUBLISHED)
    cost = medians(
        {
            f"{asked} {who} {count}": bench.command(home, program, asked)
            for asked in ("--version", "plugins")
            for who, count, home, program in (
                ("ours", 0, "small-0", llm),
                ("real", 0, "real", real_0),
                ("ours", 20, "twenty", llm),
                ("real", 20, "real", real_20),
            )
        },
        rounds=FEW_ROUNDS,
    )
    for asked in ("--version", "plugins"):
        for count, limit in ((0, 8), (20, 40)):
            real, ours = cost[f"{asked} real {count}"].wall_s, cost[f"{asked} ours {count}"].wall_s
            report.at_least(
                f"`llm {asked}`, {count} published plugins: real llm / ours",
                real / ours,
                limit,
                f"{milliseconds(real)} / {milliseconds(ours)}",
            )


if __name__ == "__main__":
    sys.exit(main())
