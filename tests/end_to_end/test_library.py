"""``import innkeeper`` in a program of one's own."""

from __future__ import annotations

import subprocess
import sys

from .inn import Inn


def run_program(inn: Inn, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=inn.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout


def test_prompt_streams_and_tells_its_usage(published: Inn) -> None:
    program = """
import innkeeper, json
response = innkeeper.get_model("echo").prompt("hi", system="sys")
pieces = list(response)
assert "".join(pieces) == response.text()
print(json.loads(response.text())["system"], response.usage().input, response.usage().output)
"""
    assert run_program(published, program) == "sys 2 12\n"


def test_async_twin_answers_the_same(published: Inn) -> None:
    program = """
import asyncio, innkeeper, json

async def main():
    response = innkeeper.get_async_model("echo").prompt("hi")
    pieces = [piece async for piece in response]
    assert "".join(pieces) == await response.text()
    print(json.loads(await response.text())["prompt"])

asyncio.run(main())
"""
    assert run_program(published, program) == "hi\n"


def test_no_zombie_is_left_once_a_program_is_done_with_a_plugin(rogues: Inn) -> None:
    program = """
import gc, innkeeper, os
from pathlib import Path

for name in ("prints", "dies", "leaves"):
    try:
        print(innkeeper.get_model(name).prompt("hi").text())
    except innkeeper.InnkeeperError as error:
        print(type(error).__name__)
states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
          for task in os.listdir("/proc/self/task")
          for pid in Path(f"/proc/self/task/{task}/children").read_text().split()]
print(states.count("Z"))
"""
    assert run_program(rogues, program) == "the answer\nPluginStopped\nPluginStopped\n0\n"
