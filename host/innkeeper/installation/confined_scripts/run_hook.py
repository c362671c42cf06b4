"""Run confined, in a build environment: the hooks of a build backend (PEP 517 and 660). Standard library, Python 3.10+.

``run_hook.py SPEC RESULT``, both JSON. SPEC: ``backend``, ``backend_path``, ``source``, ``out``, ``kind`` (``wheel``
or ``editable``), ``present`` (requirements the environment was made for). RESULT: ``requires`` when the backend wants
more than is present, else ``wheel``, the name of the file it made, or ``error``. The backend's own words go to stdout.
"""

import importlib
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    os.environ["PATH"] = os.path.join(sys.prefix, "bin") + os.pathsep + os.environ.get("PATH", "")
    os.chdir(spec["source"])
    sys.path[:0] = [os.path.join(spec["source"], path) for path in spec["backend_path"]]
    sys.argv[:] = ["build"]
    try:
        result = build(spec)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a stranger's backend may raise anything
        import traceback

        traceback.print_exc()
        result = {"error": f"{type(error).__name__}: {error}"}
    with open(RESULT, "w", encoding="utf-8") as file:
        json.dump(result, file)


def build(spec: "dict[str, Any]") -> "dict[str, Any]":
    module, _, attributes = spec["backend"].partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attributes.split(".")):
        backend = getattr(backend, name)
    ask = getattr(backend, f"get_requires_for_build_{spec['kind']}", None)
    wanted = [str(text) for text in (ask(None) if ask else ())]
    if any(text not in spec["present"] for text in wanted):
        return {"requires": wanted}
    make = getattr(backend, f"build_{spec['kind']}", None)
    if make is None:
        return {"error": f"{module} cannot make an editable installation"}
    return {"wheel": make(spec["out"], None, None)}


RESULT = sys.argv[2]
main()
