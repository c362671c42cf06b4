"""The two tools that come with ``llm``: which release this is, and what time it is."""

from __future__ import annotations

from typing import Any


def llm_version() -> str:
    "Return the installed version of llm"
    from importlib.metadata import PackageNotFoundError, version

    from innkeeper_sdk.llm_distribution import LLM_VERSION

    try:
        return version("llm")
    except PackageNotFoundError:  # outside a plugin's process nothing answers for it
        return LLM_VERSION


def llm_time() -> dict[str, Any]:
    "Returns the current time, as local time and UTC"
    from datetime import datetime, timezone

    utc = datetime.now(timezone.utc)
    local = utc.astimezone()
    offset_minutes = int((local.utcoffset() or local - local).total_seconds()) // 60
    sign = "+" if offset_minutes >= 0 else "-"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return {
        "utc_time": f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        "utc_time_iso": utc.isoformat(),
        "local_timezone": local.tzname(),
        "local_time": f"{local:%Y-%m-%d %H:%M:%S}",
        "timezone_offset": f"UTC{sign}{hours:02d}:{minutes:02d}",
        "is_dst": bool(local.dst()),
    }
