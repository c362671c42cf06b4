"""What uv says when it cannot: read for what to do next, and shortened for a person who typed `llm`, not `uv`."""

from __future__ import annotations

import re

from innkeeper.errors import InstallError
from innkeeper.untrusted import cleaned

MOST_PARAGRAPHS = 4
MOST_LETTERS = 900

_NOISE = re.compile(
    r"^\s*(Using|Creating|warning:|Resolved|Prepared|Downloading|Downloaded|Building|Built|Installed|Updating) "
)
_MARK = re.compile(r"^\s*(error:|cause:|hint:|tip:|help:|Caused by:|×|├─▶|╰─▶)\s*")  # noqa: RUF001  # what uv draws
_UNREACHABLE = re.compile(
    r"error sending request|client error|dns error|operation timed out|connection (closed|reset)|"
    r"Request failed after|network was disabled|error decoding response body",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"Failed to download `[^`\s]+ @ ")
_WRONG_PYTHON = re.compile(
    r"(?:does not satisfy (?:all of: )?Python|requires Python )([<>=!~][^\s,]*(?:, ?[<>=!~][^\s,]*)*)"
)
_SOURCE_ONLY = re.compile(r"Wheels are required for `([A-Za-z0-9._-]+)` because building from source is disabled")


class UvFailed(InstallError):
    """uv ended with an error. *output* is what it wrote, *reason* that in short. For a person, see `explained`."""

    def __init__(self, output: str) -> None:
        self._said = paragraphs(output)
        self._text = "\n".join(self._said)
        self.reason = shortened(self._said)
        super().__init__("uv could not do that.", why=self.reason)

    @property
    def source_only(self) -> tuple[str, ...]:
        """The packages that would have to be built."""
        return tuple(dict.fromkeys(_SOURCE_ONLY.findall(self._text)))

    @property
    def needed_python(self) -> str:
        """The versions of Python that something asks for and that were not offered, or ""."""
        found = _WRONG_PYTHON.search(self._text)
        return found[1] if found else ""

    @property
    def may_fit_another_python(self) -> bool:
        """Whether it may be the version of Python that stands in the way."""
        return bool(self.needed_python or self.source_only) or "no wheels with a matching Python" in self._text

    def explained(self, subject: str) -> InstallError:
        """Return this as the error of installing *subject*."""
        outside = self.from_outside(subject)
        if outside is not None:
            return outside
        if re.search(rf"{re.escape(subject)} was not found in the package registry", self._text):
            return InstallError(
                f"{subject} was not installed: the package index has no such package.",
                hint=f"Look at the spelling. For a folder write its path: llm install ./{subject}",
            )
        return InstallError(f"{subject} was not installed.", why=self.reason)

    def from_outside(self, subject: str) -> InstallError | None:
        """Return the error of installing *subject* where neither it nor what it needs is to blame; else None."""
        if "No space left on device" in self._text or "os error 28" in self._text:
            return disk_full(subject)
        what = "its address" if _ADDRESS.search(self._text) else "the package index"
        if "invalid peer certificate" in self._text:
            return InstallError(
                f"{subject} was not installed: the certificate of {what} is not trusted.",
                why=self.reason,
                hint="Where your network has certificates of its own, name their file: SSL_CERT_FILE=FILE llm ...",
            )
        if _UNREACHABLE.search(self._text) and "HTTP status" not in self._text:
            return InstallError(
                f"{subject} was not installed: {what} cannot be reached.",
                why=self.reason,
                hint="Look at the network connection, and at proxy and index settings, and try again.",
            )
        return None


def disk_full(subject: str) -> InstallError:
    """Return the error that says so."""
    return InstallError(
        f"{subject} was not installed: the disk is full.", hint="Make room, and try again. Nothing was left behind."
    )


def paragraphs(output: str) -> list[str]:
    """Return what uv wrote, a paragraph each, without drawings: some releases wrap their lines, others do not.

    Advice keeps its ``hint:`` in front.
    """
    found: list[str] = []
    goes_on = is_noise = False
    for line in output.splitlines():
        mark = _MARK.match(line)
        text = (line[mark.end() :] if mark else line).strip(" │")
        is_noise = bool(_NOISE.match(line)) or (is_noise and not mark and line.startswith(" "))
        if is_noise or not text:
            goes_on = False
            continue
        if mark and mark[1] in ("hint:", "tip:", "help:"):
            text = f"hint: {text}"
        if goes_on and not mark:
            found[-1] += f" {text}"
        else:
            found.append(text)
        goes_on = True
    return found


def shortened(said: list[str]) -> str:
    """Return the reason in the paragraphs that uv *said*: without advice about uv's own options."""
    told = [text for text in said if not text.startswith(("hint:", "No solution found when resolving dep"))]
    if len(told) > MOST_PARAGRAPHS:
        told = [*told[: MOST_PARAGRAPHS - 1], told[-1]]  # the last cause is the first one
    text = "\n".join(told)
    text = text.replace("your project's requirements are unsatisfiable", "this cannot be installed")
    text = text.replace("your project", "this installation").replace(
        "this installation depends on", "this installation needs"
    )
    text = re.sub(r", we can conclude that this cannot be installed\.?$", ".", text, flags=re.MULTILINE)
    text = re.sub(r"\s+And because", "\nBecause", text)
    return cleaned(text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS].rsplit(" ", 1)[0] + " …")
