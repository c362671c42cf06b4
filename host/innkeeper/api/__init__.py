"""Innkeeper as a library: what ``import innkeeper`` offers."""
