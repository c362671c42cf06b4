"""A tool call's way: from the model's plugin to the host, to the tool's plugin, and all the way back.

``python tests/benchmarks/tools.py`` from the repository. Both plugins are confined processes, as they always are. What
is measured stands beside the smallest call that goes to the same tool plugin in the same run.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from environments import workbench
from innkeeper.conversation.chain_tools import Tools
from innkeeper.conversation.model import Model
from innkeeper.conversation.tool_calls import ToolCalls
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper_protocol import methods
from innkeeper_protocol.payloads.content import ToolCall
from innkeeper_protocol.payloads.tools import CallToolParams
from measure import Report

ROUNDS = 15
CALLS = 300

MODEL = """
import llm

@llm.hookimpl
def register_models(register):
    register(Asks())

class Asks(llm.Model):
    model_id = "asks"
    supports_tools = True

    def execute(self, prompt, stream, response, conversation):
        if prompt.tools and not prompt.tool_results:
            response.add_tool_call(llm.ToolCall("double", {"number": 21}, "call"))
        yield prompt.tool_results[0].output if prompt.tool_results else "x"
"""

TOOL = """
import llm

@llm.hookimpl
def register_tools(register):
    register(double)

def double(number: int) -> str:
    return str(2 * number)
"""


def seconds_each(work: Callable[[], object]) -> float:
    """Return how long *work* takes, of many times one after the other."""
    began = time.perf_counter()
    for _ in range(CALLS):
        work()
    return (time.perf_counter() - began) / CALLS


def measure(host: Host) -> Report:
    """Measure with the plugins of *host*, which are started here."""
    model = Model(host, host.find_model("asks"))
    session = host.session(host.plugin("bench_tool"))
    params = CallToolParams(name="double", arguments={"number": 21})
    wanted = ToolCall(name="double", arguments={"number": 21}, tool_call_id="call")
    report = Report("tool calls")
    with Tools(host, ["double"]) as tools:

        def small_call() -> None:
            assert session.call(methods.CALL_TOOL, params).output == "42"

        def call_of_a_chain() -> None:
            assert ToolCalls([wanted], tools).run()[0].output == "42"

        def prompt() -> None:
            assert model.prompt("hi").text() == "x"

        def chain() -> None:
            assert model.chain("hi", tools=tools).text() == "x 42"

        works = (small_call, call_of_a_chain, prompt, chain)
        taken: dict[str, list[float]] = {work.__name__: [] for work in works}
        for work in works:
            seconds_each(work)
        for _ in range(ROUNDS):
            for work in works:
                taken[work.__name__].append(seconds_each(work))
    median = {name: statistics.median(found) for name, found in taken.items()}
    base, each = median["small_call"], median["prompt"]
    figures = {name: f"{seconds * 1e6:.0f} us" for name, seconds in median.items()}
    report.at_most(
        "a tool call that the host makes, x a small call",
        median["call_of_a_chain"] / base,
        2.5,
        figures["call_of_a_chain"],
    )
    report.note("a prompt without tools, x a small call", each / base, figures["prompt"])
    report.note("a chain with one tool call, x a small call", median["chain"] / base, figures["chain"])
    report.at_most(
        "a chain with one tool call, x two prompts and a small call",
        median["chain"] / (2 * each + base),
        2,
        figures["chain"],
    )
    report.note("a small call to the tool's plugin", 1, figures["small_call"])
    return report


def main() -> int:
    llm = str(Path(sys.executable).parent / "llm")
    with workbench() as bench:
        wheels = [bench.wheel("bench_model", MODEL), bench.wheel("bench_tool", TOOL)]
        bench.install(llm, "tools", wheels)
        with Host(Home(str(bench.folder / "homes" / "tools"))) as host:
            return measure(host).finish()


if __name__ == "__main__":
    sys.exit(main())
