"""How two sides agree on a revision."""

from __future__ import annotations

import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode, UnexpectedMessage
from innkeeper_protocol.negotiation import check_frame_limit, check_revision, choose_revision


def test_newest_common_revision_is_chosen() -> None:
    """INIT-2"""
    assert choose_revision([4, 3, 2], [1, 2, 3]) == 3


@pytest.mark.parametrize(
    ("host", "plugin", "message"),
    [
        ((3, 2), (1,), "the host speaks 3, 2, the plugin's SDK 1; upgrade the plugin's SDK"),
        ((1,), (3, 2), "the host speaks 1, the plugin's SDK 3, 2; upgrade the host"),
        ((), (1,), "the host speaks none, the plugin's SDK 1; upgrade the host"),
    ],
)
def test_no_common_revision_says_which_side_to_upgrade(
    host: tuple[int, ...], plugin: tuple[int, ...], message: str
) -> None:
    """INIT-3"""
    with pytest.raises(CallFailed) as caught:
        choose_revision(host, plugin)
    assert caught.value.code == ErrorCode.REVISION_UNSUPPORTED
    assert caught.value.message == f"no common revision of the protocol: {message}"
    assert caught.value.data == {"host": list(host), "plugin": list(plugin)}


def test_choice_that_was_not_offered_breaks_a_rule() -> None:
    check_revision(1, [1, 2])
    with pytest.raises(UnexpectedMessage) as caught:
        check_revision(3, [1, 2])
    assert caught.value.rule == "INIT-2"


def test_least_frame_limit_is_65536() -> None:
    check_frame_limit(65_536)
    with pytest.raises(UnexpectedMessage) as caught:
        check_frame_limit(65_535)
    assert caught.value.rule == "INIT-4"
