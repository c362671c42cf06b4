"""How two sides agree on a revision: the host lists what it speaks, the plugin picks.

Source: SPEC.md INIT-1 to INIT-6.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import CallFailed, ErrorCode, UnexpectedMessage

SMALLEST_FRAME_LIMIT = 64 * 1024
"""What every side must accept at least: below, not even a description of an ordinary plugin would fit."""


def choose_revision(offered: Sequence[int], ours: Sequence[int]) -> int:
    """Return the newest revision that is in both lists.

    Raises CallFailed with REVISION_UNSUPPORTED; its message names both lists and which side to upgrade.
    """
    common = set(offered) & set(ours)
    if common:
        return max(common)
    older = "the plugin's SDK" if max(ours, default=0) < max(offered, default=0) else "the host"
    raise CallFailed(
        ErrorCode.REVISION_UNSUPPORTED,
        f"no common revision of the protocol: the host speaks {_listed(offered)}, the plugin's SDK {_listed(ours)}; "
        f"upgrade {older}",
        {"host": list(offered), "plugin": list(ours)},
    )


def check_frame_limit(max_frame_bytes: int) -> None:
    """Raise UnexpectedMessage for a limit that is too small to talk under. INIT-4."""
    if max_frame_bytes < SMALLEST_FRAME_LIMIT:
        raise UnexpectedMessage(
            f"a frame limit of {max_frame_bytes} bytes; the least is {SMALLEST_FRAME_LIMIT}", "INIT-4"
        )


def check_revision(chosen: int, ours: Sequence[int]) -> None:
    """Raise UnexpectedMessage when the plugin chose what the host did not offer. INIT-2."""
    if chosen not in ours:
        raise UnexpectedMessage(f"the plugin chose revision {chosen}; offered were {_listed(ours)}", "INIT-2")


def _listed(revisions: Sequence[int]) -> str:
    return ", ".join(map(str, revisions)) or "none"
