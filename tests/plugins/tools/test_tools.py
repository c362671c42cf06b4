"""The two tools that come with Innkeeper, over a real peer."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone

from innkeeper_protocol.payloads.tools import ToolInfo
from innkeeper_sdk.testing import running


def test_both_tools_are_registered_and_take_nothing() -> None:
    from innkeeper_tools import plugin

    with running(plugin) as running_plugin:
        described = running_plugin.describe()

    nothing = {"properties": {}, "type": "object"}
    assert [(tool.name, tool.input_schema) for tool in described.tools] == [
        ("llm_version", nothing),
        ("llm_time", nothing),
    ]
    assert all(isinstance(tool, ToolInfo) and tool.description for tool in described.tools)
    assert (described.toolboxes, described.problems) == ((), ())


def test_version_is_that_of_llm() -> None:
    from innkeeper_tools import plugin

    with running(plugin) as running_plugin:
        assert re.fullmatch(r"\d+\.\d+(\.\S+)?", running_plugin.call_tool("llm_version").output)


def test_time_is_now_in_utc_and_here() -> None:
    from innkeeper_tools import plugin

    before = datetime.now(timezone.utc)
    with running(plugin) as running_plugin:
        said = json.loads(running_plugin.call_tool("llm_time").output)

    told = datetime.fromisoformat(said["utc_time_iso"])
    assert before <= told <= datetime.now(timezone.utc)
    assert said["utc_time"] == f"{told:%Y-%m-%d %H:%M:%S} UTC"
    sign, hours, minutes = re.fullmatch(r"UTC([+-])(\d\d):(\d\d)", said["timezone_offset"]).groups()  # type: ignore[union-attr]
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
    assert said["local_time"] == f"{told + offset:%Y-%m-%d %H:%M:%S}"
    assert set(said) == {"utc_time", "utc_time_iso", "local_timezone", "local_time", "timezone_offset", "is_dst"}
