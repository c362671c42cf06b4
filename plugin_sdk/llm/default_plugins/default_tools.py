"""``llm.default_plugins.default_tools``: the two tools that come with ``llm``. Here a plugin registers them."""

from innkeeper_sdk.api.default_tools import llm_time, llm_version

__all__ = ["llm_time", "llm_version"]
