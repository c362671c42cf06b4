"""The arithmetic of credit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from innkeeper_protocol.errors import CreditExceeded, UnexpectedMessage
from innkeeper_protocol.messages import MAX_ID
from innkeeper_protocol.streams import ReceiveWindow, SendWindow


@given(st.integers(1, 5_000), st.lists(st.tuples(st.integers(65, 3_000), st.booleans()), max_size=200))
def test_sender_is_never_refused_and_reader_never_holds_more_than_the_window_and_one_batch(
    window: int, batches: list[tuple[int, bool]]
) -> None:
    """STREAM-3, STREAM-4: however sending and consuming alternate."""
    sender, reader = SendWindow(window), ReceiveWindow(window)
    waiting: list[int] = []
    for cost, consumes in batches:
        if sender.is_open:
            sender.spend(cost)
            reader.arrive(cost)
            waiting.append(cost)
        assert sum(waiting[:-1]) <= window
        if consumes and waiting:
            credit = reader.consume(waiting.pop(0))
            if credit:
                sender.grant(credit)


@given(st.integers(1, 5_000), st.lists(st.integers(65, 3_000), min_size=1, max_size=200))
def test_sender_is_never_stuck_once_all_is_consumed(window: int, costs: list[int]) -> None:
    """STREAM-4: credit that is not worth a message yet never adds up to the whole window."""
    sender, reader = SendWindow(window), ReceiveWindow(window)
    for cost in costs:
        assert sender.is_open
        sender.spend(cost)
        reader.arrive(cost)
        credit = reader.consume(cost)
        if credit:
            sender.grant(credit)


def test_batch_may_cost_more_than_is_left_and_then_nothing_may() -> None:
    """STREAM-3"""
    sender, reader = SendWindow(100), ReceiveWindow(100)
    sender.spend(99)
    assert sender.is_open
    sender.spend(1_000)
    assert not sender.is_open
    reader.arrive(99)
    reader.arrive(1_000)
    with pytest.raises(CreditExceeded):
        reader.arrive(65)


def test_grant_that_does_not_cover_the_debt_opens_nothing() -> None:
    sender = SendWindow(10)
    sender.spend(100)
    sender.grant(90)
    assert not sender.is_open
    sender.grant(1)
    assert sender.is_open


@pytest.mark.parametrize("credit", [0, -1, MAX_ID])
def test_what_is_no_credit_is_refused(credit: int) -> None:
    """STREAM-6"""
    with pytest.raises(UnexpectedMessage) as caught:
        SendWindow(1).grant(credit)
    assert caught.value.rule == "STREAM-6"
