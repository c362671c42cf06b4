"""Which ``llm`` a plugin runs on: the SDK's own, or the real one where it needs more than that.

The SDK's is the rule: it is small, and its release is the host's. What a plugin takes from the real package beyond the
API shows when it is described, or in the versions it depends on; it then gets the real one in its environment, and the
SDK there speaks the protocol for it. Whoever upgrades the plugin finds out anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from .inventory import canonical_name

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.describe import Description

    from .plan import Plan

SDK, REAL = "sdk", "llm"
"""Values of `InstalledPlugin.runtime`."""

PACKAGE = "llm"
"""The real package's name in the index."""

WITH_PACKAGE = (PACKAGE, "httpx")
"""What an environment with the real package gets. Its older releases import httpx, which openai brought them once."""

API_OF = "0.36"
"""The release of the real package whose API the SDK has."""

_LACKING = re.compile(
    r"""
    (Import|ModuleNotFound)Error:\ .*(\bfrom\ 'llm\b|\bNo\ module\ named\ 'llm\.)  # a name, or a module, of the package
    | AttributeError:\ .*\bhas\ no\ attribute\b
    | TypeError:\ .*\b(argument|subclass|instance|inherit)
    """,
    re.VERBOSE,
)
"""Problems that may be due to the SDK. The last two kinds may as well be the plugin's own: then the real package does
not help, and is not kept."""

_OF_THE_COMMAND_LINE = re.compile(r"KeyError: '[a-z-]+'$")
"""A hook that builds on a command of the real ``llm``."""


class NeedsRealLlm(Exception):
    """A plugin may need the real package. *problems* counts what it could not register without, None: it cannot even
    be tried without.
    """

    def __init__(self, why: str, problems: int | None = None) -> None:
        self.why = why
        self.problems = problems
        super().__init__(why)


def first_choice(plan: Plan) -> str:
    """Return the runtime with which to try first: the one it has, unless it is upgraded, or the one asked for."""
    if any(_name(text) == PACKAGE for text in plan.request.with_):
        return REAL
    earlier = plan.earlier
    if earlier is not None and earlier.runtime == REAL and plan.keeps_versions and not plan.request.force_reinstall:
        return REAL
    return SDK


def bound_on_llm(requirements: Iterable[str]) -> str:
    """Return what of a plugin's *requirements* the SDK cannot meet: a release of ``llm`` that it is not; else ""."""
    for text in requirements:
        try:
            requirement = Pep508(text)
        except InvalidRequirement:
            continue
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        is_met = requirement.specifier.contains(API_OF, prereleases=True)
        if canonical_name(requirement.name) == PACKAGE and applies and not is_met:
            return str(requirement.specifier)
    return ""


def lacking(description: Description) -> str:
    """Return the first of the problems in *description* that the real package may mend; "" where there is none."""
    for problem in description.problems:
        if _LACKING.search(problem.message):
            return problem.message
        if problem.where == "register_commands" and _OF_THE_COMMAND_LINE.search(problem.message):
            return problem.message
    return ""


def _name(requirement: str) -> str:
    try:
        return canonical_name(Pep508(requirement).name)
    except InvalidRequirement:
        return ""
