"""The bootstrap as bytecode, for every interpreter that plugins use.

Inside nothing can be written, and a plugin's Python is often not the host's, so nobody else would compile it;
without, each start takes 10 ms longer.
"""

from __future__ import annotations

import os

_MODULES = ("entry", "kernel", "lockdown", "guard", "placeholders", "broker_client", "sockets")


def refresh_bytecode(interpreter: str, bootstrap: str) -> None:
    """See that *interpreter* finds the modules in the folder *bootstrap* compiled, where they can be written."""
    name = os.path.basename(interpreter).removeprefix("python")
    cache = os.path.join(bootstrap, "__pycache__")
    if not name.startswith("3.") or _is_compiled(bootstrap, f"cpython-{name.replace('.', '')}"):
        return
    if os.access(cache if os.path.exists(cache) else bootstrap, os.W_OK):
        from .tier import compile_bootstrap

        compile_bootstrap(interpreter, bootstrap)


def _is_compiled(bootstrap: str, tag: str) -> bool:
    try:
        return all(
            os.stat(os.path.join(bootstrap, "__pycache__", f"{module}.{tag}.pyc")).st_mtime
            >= os.stat(os.path.join(bootstrap, f"{module}.py")).st_mtime
            for module in _MODULES
        )
    except OSError:
        return False
