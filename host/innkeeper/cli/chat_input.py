"""What a person types in a chat, put together to what they say: one line, or several, with fragments among them.

``!multi`` begins several lines and ``!end`` ends them; words behind the one stand behind the other as well. ``!edit``
takes the text from an editor, ``!fragment`` adds what is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from innkeeper_sdk.api.attachments import Attachment
    from innkeeper_sdk.api.fragments import Fragment

MULTI, END, EDIT, FRAGMENT = "!multi", "!end", "!edit", "!fragment"

LEAVING = ("exit", "quit")


@dataclass
class Said:
    """A text, and what goes with it."""

    text: str = ""
    fragments: list[Fragment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it to answer."""
        return not (self.text.strip() or self.fragments or self.attachments)

    @property
    def is_leaving(self) -> bool:
        """Whether it says that the chat is over."""
        return self.text.strip() in LEAVING and not self.fragments and not self.attachments


class Composer:
    """Takes lines. *load* gives what fragments stand for, *edit* what was written in an editor, None for nothing."""

    def __init__(
        self,
        load: Callable[[list[str]], tuple[list[Fragment], list[Attachment]]],
        edit: Callable[[], str | None],
    ) -> None:
        self._load = load
        self._edit = edit
        self._end = ""
        self._lines: list[str] = []
        self._said = Said()

    @property
    def is_open(self) -> bool:
        """Whether several lines have begun and not ended."""
        return bool(self._end)

    def take(self, line: str) -> Said | None:
        """Return what is said with *line*; None where there is more to come, or nothing was said."""
        words = line.split()
        if not self.is_open and words and words[0] == MULTI:
            self._end = " ".join([END, *words[1:]])
            return None
        if self.is_open and line.strip() == self._end:
            self._end = ""
            return self._complete()
        if words == [EDIT]:
            written = self._edit()
            if written is None:
                return None
            line = written.rstrip("\n")
        for one in line.split("\n"):
            self._add(one)
        return None if self.is_open else self._complete()

    def forget(self) -> None:
        """Drop what was begun."""
        self._end, self._lines, self._said = "", [], Said()

    def _add(self, line: str) -> None:
        words = line.split()
        if len(words) > 1 and words[0] == FRAGMENT:
            fragments, attachments = self._load(words[1:])
            self._said.fragments += fragments
            self._said.attachments += attachments
        else:
            self._lines.append(line)

    def _complete(self) -> Said | None:
        said, self._said = self._said, Said()
        said.text, self._lines = "\n".join(self._lines), []
        return None if said.is_empty else said
