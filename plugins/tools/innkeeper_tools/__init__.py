"""The two tools that come with Innkeeper, as a plugin for `llm`."""
