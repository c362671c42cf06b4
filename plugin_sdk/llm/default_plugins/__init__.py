"""``llm.default_plugins``: what comes with ``llm`` and plugins build on."""
