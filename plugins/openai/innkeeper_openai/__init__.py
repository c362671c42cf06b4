"""OpenAI's models for Innkeeper, and the models of other servers that speak its API."""
