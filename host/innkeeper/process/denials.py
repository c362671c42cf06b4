"""What a plugin was refused while it ran, and the one command that would allow it.

The broker and the host's services know for certain what they refused. What a plugin itself reports of the kernel's
refusals is its word: good enough to show, never to act on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from innkeeper.confinement.grants import NOTHING, Grants
from innkeeper.masking import Mask
from innkeeper.untrusted import one_line

from .log import note

KEPT = 100
"""Refusals of one kind that are remembered of one plugin; it may ask without end. Of each kind: what it provokes many
times over must hide nothing else."""

KEPT_UNTOLD = 20
"""The same of those that the person is not told of."""

SHOWN = 5
"""Of them, in one message."""

LETTERS = 400
"""Of the name of what was refused."""

OPTIONS = {
    "net": "--net",
    "key": "--key",
    "database": "--database",
    "read": "--read",
    "write": "--write",
    "run": "--run",
    "env": "--env",
}
"""The option of ``llm plugins allow`` for each kind of refusal."""

GRANTS = {kind: f"{kind}s" if kind in ("key", "database") else kind for kind in OPTIONS}
"""The field of `Grants` for each kind."""

_WORDS = {
    "net": "to reach {}",
    "key": "the key '{}'",
    "database": "your database of {}",
    "read": "to read {}",
    "write": "to write {}",
    "run": "to run {}",
    "env": "the variable {}",
}


class Denial(NamedTuple):
    """*what* was refused, as the option that allows it takes it, and *reason*, a clause.

    A *quiet* one is no news: it only explains an error that nothing else does.
    """

    kind: str
    what: str
    reason: str
    quiet: bool = False


class Denials:
    """The refusals of one plugin in this run, each kind and thing once, whichever of its processes it was.

    *tell* gets each as it happens, from any thread. What *mask* holds is in none of them.
    """

    def __init__(
        self,
        plugin: str,
        log_path: str,
        *,
        mask: Mask | None = None,
        tell: Callable[[Denial], None] | None = None,
    ) -> None:
        self.plugin = plugin
        self._log_path = log_path
        self._mask = mask or Mask()
        self._tell = tell
        self._found: dict[tuple[str, str], Denial] = {}
        self._told: set[tuple[str, str]] = set()
        self._advice = ""
        self._lock = threading.Lock()

    def add(self, kind: str, what: str, reason: str, *, quiet: bool = False) -> None:
        """Note a refusal; *kind*, *what* and *reason* may be a plugin's words."""
        what, reason = (one_line(self._mask(text), LETTERS) for text in (what, reason))
        denial = Denial(one_line(kind, 20), what, reason, quiet)
        with self._lock:
            if (denial.kind, denial.what) in self._found or self._is_full(denial):
                return
            self._found[denial.kind, denial.what] = denial
        note(self._log_path, f"refused {denial.kind} {denial.what}: {denial.reason}")
        if self._tell is not None:
            self._tell(denial)

    def advise(self, text: str) -> None:
        """Have the next error of the plugin, or the line at the end, say *text*: why the host failed it."""
        with self._lock:
            self._advice = text

    def _is_full(self, denial: Denial) -> bool:
        """Say whether no more like *denial* are remembered."""
        alike = sum(one.kind == denial.kind and one.quiet is denial.quiet for one in self._found.values())
        return alike >= (KEPT_UNTOLD if denial.quiet or denial.kind not in OPTIONS else KEPT)

    def all(self) -> list[Denial]:
        """Return the refusals so far, in order."""
        with self._lock:
            return list(self._found.values())

    def forget(self) -> None:
        """Forget them: what the plugin is allowed has changed, or the person was told in other words."""
        with self._lock:
            self._found.clear()
            self._told.clear()

    def hint(self) -> str:
        """Return what was refused, and the command that would allow all of it; "" where nothing was.

        It goes with an error, so the person is told.
        """
        found = self.all()
        loud = [denial for denial in found if not denial.quiet]
        return self._with_advice(self._sentence("The sandbox refused it:", loud or found))

    def as_grants(self) -> Grants:
        """Return what would have to be granted for none of it to be refused. The person is told by whoever asks."""
        grants = NOTHING
        for denial in self.all():
            if denial.kind in GRANTS:
                self._told.add((denial.kind, denial.what))
                grants = grants.add(NOTHING._replace(**{GRANTS[denial.kind]: (denial.what,)}))  # type: ignore[arg-type]
        return grants

    def left_to_tell(self, is_known: Callable[[Denial], bool] = lambda denial: False) -> str:
        """Return the same of what no error told: the plugin swallowed it. Told from now on.

        What *is_known* says of is left out: the person decided about it before.
        """
        left = [one for one in self.all() if (one.kind, one.what) not in self._told and not one.quiet]
        left = [one for one in left if not is_known(one)]
        return self._with_advice(self._sentence(f"Note: the sandbox refused {self.plugin}", left))

    def _with_advice(self, sentence: str) -> str:
        with self._lock:
            advice, self._advice = self._advice, ""
        return "\n".join(part for part in (advice, sentence) if part)

    def _sentence(self, beginning: str, denials: list[Denial]) -> str:
        kinds = list(OPTIONS)  # first what the host itself refused: the rest is the plugin's word
        known = sorted(
            (denial for denial in denials if denial.kind in OPTIONS), key=lambda denial: kinds.index(denial.kind)
        )
        with self._lock:
            self._told.update((denial.kind, denial.what) for denial in known)
        if not known:
            return ""
        import shlex

        options = " ".join(f"{OPTIONS[denial.kind]} {shlex.quote(denial.what)}" for denial in known[:SHOWN])
        refused = ", ".join(_WORDS[denial.kind].format(denial.what) for denial in known[:SHOWN])
        more = f", and {len(known) - SHOWN} more (llm plugins log {self.plugin})" if len(known) > SHOWN else ""
        return f"{beginning} {refused}{more}. To allow that: llm plugins allow {self.plugin} {options}"
