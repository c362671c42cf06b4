"""Prints what ``llm`` offers, in whichever environment it is run: names, kinds, signatures. Run by test_same_as_llm."""

import importlib
import inspect
import json
import sys


def parameters(function):
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [
        {
            "name": parameter.name,
            "kind": parameter.kind.name,
            "default": None if parameter.default is parameter.empty else repr(parameter.default),
        }
        for parameter in signature.parameters.values()
        if not parameter.name.startswith("_")
    ]


def described(thing):
    if not inspect.isclass(thing):
        return {"kind": "function" if callable(thing) else "value", "parameters": parameters(thing) or []}
    members = {}
    for name in dir(thing):
        member = inspect.getattr_static(thing, name)
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            members[name] = {"kind": "property"}
        elif isinstance(member, (staticmethod, classmethod)):
            members[name] = {"kind": type(member).__name__, "parameters": parameters(getattr(thing, name)) or []}
        elif inspect.isfunction(member):
            kind = "coroutine" if inspect.iscoroutinefunction(member) else "method"
            members[name] = {"kind": kind, "parameters": parameters(member) or []}
    bases = [base.__name__ for base in thing.__mro__]
    return {"kind": "class", "parameters": parameters(thing) or [], "members": members, "bases": bases}


found = {}
for module_and_names in sys.argv[1:]:
    module_name, _, names = module_and_names.partition(":")
    module = importlib.import_module(module_name)
    for name in names.split(",") if names else module.__all__:
        found[f"{module_name}.{name}"] = described(getattr(module, name))
json.dump(found, sys.stdout)
