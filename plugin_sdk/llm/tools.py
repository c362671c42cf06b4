"""``llm.tools``: the two tools that come with ``llm``."""

from innkeeper_sdk.api.default_tools import llm_time, llm_version

__all__ = ["llm_time", "llm_version"]
