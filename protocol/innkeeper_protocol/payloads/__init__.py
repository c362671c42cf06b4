"""The params, results and stream items of every method, one module a capability."""
