"""What uv says when it cannot: read for what to do next, and shortened for a person who typed `llm`, not `uv`."""

from __future__ import annotations

import re

from innkeeper.errors import InstallError
from innkeeper.untrusted import cleaned

MOST_LINES = 6
MOST_CHARACTERS = 900

_NOISE = re.compile(
    r"^\s*(Using|Creating|warning:|Resolved|Prepared|Downloading|Downloaded|Building|Built|Installed|Updating) "
)
_DECORATION = re.compile(r"^\s*(error:|cause:|×|├─▶|╰─▶|│|Caused by:|help:)*\s*")  # noqa: RUF001  # what uv draws
_ADVICE = re.compile(r"^\s*(hint:|An index URL|To |Consider )")
"""About uv's own options."""

_UNREACHABLE = re.compile(
    r"error sending request|client error|dns error|operation timed out|connection (closed|reset)|"
    r"Request failed after|network was disabled|error decoding response body",
    re.IGNORECASE,
)
_WRONG_PYTHON = re.compile(
    r"(?:does not satisfy (?:all of:\s*)?Python|requires Python )([<>=!~][^\s,]*(?:, ?[<>=!~][^\s,]*)*)"
)
_SOURCE_ONLY = re.compile(r"Wheels are required for `([A-Za-z0-9._-]+)` because building from source is disabled")


class UvFailed(InstallError):
    """uv ended with an error. *output* is what it wrote, *reason* that in short. For a person, see `explained`."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.reason = shortened(output)
        super().__init__("uv could not do that.", why=self.reason)

    @property
    def source_only(self) -> tuple[str, ...]:
        """The packages that would have to be built."""
        return tuple(dict.fromkeys(_SOURCE_ONLY.findall(self.output)))

    @property
    def needed_python(self) -> str:
        """The versions of Python that something asks for and that were not offered, or ""."""
        found = _WRONG_PYTHON.search(self.output)
        return found[1] if found else ""

    @property
    def may_fit_another_python(self) -> bool:
        """Whether it may be the version of Python that stands in the way."""
        return bool(self.needed_python or self.source_only) or "no wheels with a matching Python" in self.output

    def explained(self, subject: str) -> InstallError:
        """Return this as the error of installing *subject*."""
        if "No space left on device" in self.output or "os error 28" in self.output:
            return disk_full(subject)
        if _UNREACHABLE.search(self.output) and "HTTP status" not in self.output:
            return InstallError(
                f"{subject} was not installed: the package index cannot be reached.",
                why=self.reason,
                hint="Look at the network connection, and at proxy and index settings, and try again.",
            )
        if re.search(rf"{re.escape(subject)} was not found in the package registry", self.output):
            return InstallError(
                f"{subject} was not installed: the package index has no such package.",
                hint=f"Look at the spelling. For a folder write its path: llm install ./{subject}",
            )
        return InstallError(f"{subject} was not installed.", why=self.reason)


def disk_full(subject: str) -> InstallError:
    """Return the error that says so."""
    return InstallError(
        f"{subject} was not installed: the disk is full.", hint="Make room, and try again. Nothing was left behind."
    )


def shortened(output: str) -> str:
    """Return the reason in uv's *output*: without decoration, noise and advice about uv's own options."""
    told = [line for line in output.splitlines() if not _NOISE.match(line) and not _ADVICE.match(line)]
    lines = [_DECORATION.sub("", line).strip() for line in told]
    lines = [line for line in lines if line and not line.startswith("No solution found when resolving dep")]
    text = "\n".join(lines[:MOST_LINES])
    text = text.replace("your project's requirements are unsatisfiable", "this cannot be installed")
    text = text.replace("your project depends on", "this installation needs")
    text = text.replace("your project", "this installation")
    text = re.sub(r", we can conclude that this cannot be installed\.?$", ".", text, flags=re.MULTILINE)
    text = re.sub(r"^And because", "Because", text, flags=re.MULTILINE)
    return cleaned(text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS].rsplit(" ", 1)[0] + " …")
