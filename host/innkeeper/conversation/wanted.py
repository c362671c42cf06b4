"""What is to go with a prompt, by the words that somebody wrote for it, and who that was.

What the person writes is looked for with their own rights, and opens to a plugin what it names. A template of theirs
speaks for them. One that a plugin's loader made, or that came from the web, does not: it may name what its maker could
get at without the person.
"""

from __future__ import annotations

from typing import NamedTuple

from innkeeper.errors import PermissionDenied
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.untrusted import one_line

SHOWN_LETTERS = 200


class Origin(NamedTuple):
    """Where a template came from that is not the person's: *called* is what they wrote for it.

    *plugin* made it, with the paths *shown* to it that they named; None where it came from an address.
    """

    called: str
    plugin: InstalledPlugin | None = None
    shown: tuple[str, ...] = ()

    def refused(self, what: str) -> PermissionDenied:
        """Return the error for *what*, named by the template, which only the person may name."""
        maker = f"plugin '{self.plugin.name}'" if self.plugin is not None else "the web"
        return PermissionDenied(
            f"Template {self.called} may not have {one_line(what, SHOWN_LETTERS)} sent along.",
            why=f"It came from {maker}: only you, or a template of your own, may name that.",
            hint="Name it yourself with -f or -a, or keep the template in a file that you have read.",
        )


class Wanted(NamedTuple):
    """A fragment, an attachment or a tool. *origin* is the template that names it; None: the person does."""

    text: str
    origin: Origin | None = None


def by_person(texts: tuple[str, ...] | list[str]) -> list[Wanted]:
    """Return what the person wrote."""
    return [Wanted(text) for text in texts]
