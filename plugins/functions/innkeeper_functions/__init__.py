"""Runs the Python functions that a person gives to a model as tools, as a plugin for `llm`."""
