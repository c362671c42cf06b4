"""The bell: who is rung for, what happens when it is lost, and the deadlocks it is there for."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading

import pytest
from innkeeper_protocol.errors import CallTimedOut
from innkeeper_protocol.link import Link, SocketLink, memory_links, socket_links
from innkeeper_protocol.peer import IncomingCall, Peer

from .pairs import BOUND_S, COUNT, ECHO, TELL, WAIT, Background, Gate, Links, Text, peers


def mute_links() -> tuple[Link, Link]:
    """Return links of which only one end has a bell: the plugin does not answer with the capability."""
    one, other = memory_links()
    other.take_bell = lambda: None  # type: ignore[method-assign]  # another implementation, which took none
    return one, other


@pytest.mark.parametrize("who", ["host", "plugin"])
def test_side_whose_bell_is_lost_reads_by_itself_from_then_on(who: str) -> None:
    """BELL-4: the other side's end is closed while everyone is at work."""
    gate = Gate()
    with peers(plugin={WAIT.name: gate}, host={WAIT.name: gate}) as pair:
        other = pair.plugin if who == "host" else pair.host
        blocked = Background(lambda: other.call(WAIT, Text(text="first")))
        gate.wait_until_entered()
        lose_bell(other)
        for number in range(5):
            assert Background(lambda n=number: other.call(ECHO, Text(text=str(n)))).join().text == str(number)
        gate.open()
        assert blocked.join() == Text(text="first")


def lose_bell(peer: Peer) -> None:
    """End *peer*'s side of the bell, as the end of its process would."""
    link = peer._core.link
    assert isinstance(link, SocketLink)
    assert link._bell is not None
    with socket.socket(fileno=os.dup(link._bell._descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)


def test_plugin_that_took_no_bell_is_served_all_the_same() -> None:
    """BELL-1"""
    gate = Gate()
    with peers(mute_links, plugin={WAIT.name: gate}) as pair:
        assert pair.host._core.bell is None
        blocked = Background(lambda: pair.host.call(WAIT, Text()))
        gate.wait_until_entered()
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")
        assert Background(lambda: pair.plugin.call(ECHO, Text(text="back"))).join() == Text(text="back")
        gate.open()
        blocked.join()


def test_both_sides_ask_and_answer_more_than_the_channel_holds(links: Links) -> None:
    """BELL-2: both wait for room to send, and both must read meanwhile."""
    large = Text(data=bytes(3_000_000))
    with peers(links) as pair:
        calls = [
            Background(lambda side=side: [side.call(ECHO, large) == large for _ in range(4)])
            for side in (pair.host, pair.plugin) * 3
        ]
        assert [call.join() for call in calls] == [[True] * 4] * 6


def test_handlers_on_both_sides_send_large_things_to_each_other(links: Links) -> None:
    """BELL-2: every thread of both sides is in a handler, and every handler in the middle of sending."""
    large = Text(data=bytes(3_000_000))

    def send_on(params: Text, call: IncomingCall) -> Text:
        return call.peer.call(ECHO, params)

    with peers(links, plugin={WAIT.name: send_on}, host={WAIT.name: send_on}) as pair:
        calls = [Background(lambda side=side: side.call(WAIT, large)) for side in (pair.host, pair.plugin) * 4]
        assert [call.join() == large for call in calls] == [True] * 8


def test_request_sent_as_the_last_call_is_answered_is_not_left_lying(links: Links) -> None:
    """BELL-2: a thread of the plugin asks just when the host's only waiting call gets its answer, again and again."""
    go = threading.Semaphore(0)

    def answer(params: Text, call: IncomingCall) -> Text:
        go.release()
        return params

    with peers(links, plugin={WAIT.name: answer}) as pair:

        def ask_at_the_same_time() -> list[str]:
            answers = []
            for number in range(300):
                assert go.acquire(timeout=BOUND_S)
                answers.append(pair.plugin.call(ECHO, Text(text=str(number)), timeout_s=BOUND_S).text)
                done.release()
            return answers

        done = threading.Semaphore(0)
        asking = Background(ask_at_the_same_time)
        for number in range(300):
            assert pair.host.call(WAIT, Text(text=str(number)), timeout_s=BOUND_S).text == str(number)
            assert done.acquire(timeout=BOUND_S)
        assert asking.join() == [str(number) for number in range(300)]


def test_what_was_sent_while_a_caller_still_read_is_read_after_it_gave_up(links: Links) -> None:
    """BELL-3: the caller times out just when the plugin, which saw it waiting, asks something without ringing."""

    def ask_back(params: Text, call: IncomingCall) -> Text:
        answers.append(call.peer.call(ECHO, params, timeout_s=BOUND_S))
        asked.release()
        return params

    answers: list[Text] = []
    asked = threading.Semaphore(0)
    with peers(links, plugin={WAIT.name: ask_back}) as pair:
        for number in range(100):
            with contextlib.suppress(CallTimedOut):
                pair.host.call(WAIT, Text(text=str(number)), timeout_s=number / 100_000)
            assert asked.acquire(timeout=BOUND_S)
        assert answers == [Text(text=str(number)) for number in range(100)]


def test_many_threads_call_notify_stream_and_cancel_at_once_on_both_sides(links: Links) -> None:
    """CALL-1, CALL-4: everything at the same time, and every answer is the right one."""
    told = itertools.count()

    def count(params: Text, call: IncomingCall) -> Text:
        call.send_items(f"{params.text}-{number}" for number in range(200))
        return params

    def nested(params: Text, call: IncomingCall) -> Text:
        depth = int(params.text)
        return params if not depth else call.peer.call(WAIT, Text(text=str(depth - 1)), timeout_s=BOUND_S)

    handlers = {COUNT.name: count, WAIT.name: nested}
    options = {"on_notification": lambda method, params: next(told)}
    with peers(links, plugin=handlers, host=handlers, host_options=options, plugin_options=options) as pair:

        def work(which: int) -> bool:
            side = (pair.host, pair.plugin)[which % 2]
            for turn in range(15):
                name = f"{which}.{turn}"
                assert side.call(ECHO, Text(text=name), timeout_s=BOUND_S).text == name
                assert side.call(WAIT, Text(text=str(turn % 4)), timeout_s=BOUND_S).text == "0"
                side.notify(TELL, Text())
                with side.open_stream(COUNT, Text(text=name), timeout_s=BOUND_S) as stream:
                    if turn % 3 == 0:
                        assert next(stream) == f"{name}-0"
                        continue
                    assert list(stream) == [f"{name}-{number}" for number in range(200)]
                    assert stream.result() == Text(text=name)
            return True

        workers = [Background(lambda n=n: work(n)) for n in range(12)]
        assert [worker.join() for worker in workers] == [True] * 12
        assert not pair.host.closed
        assert next(told) == 12 * 15


def test_no_more_threads_stay_than_a_few_after_a_burst() -> None:
    gate = Gate()
    with peers(plugin={WAIT.name: gate}) as pair:
        before = threading.active_count()
        calls = [Background(lambda: pair.host.call(WAIT, Text())) for _ in range(30)]
        for _ in calls:
            gate.wait_until_entered()
        gate.open()
        for call in calls:
            call.join()
        while threading.active_count() > before + 4:
            for thread in threading.enumerate():
                if thread.name == "innkeeper-attendant":
                    thread.join(0.01)


def test_socket_links_are_what_a_host_and_a_plugin_use() -> None:
    with peers(socket_links) as pair:
        assert pair.host._core.bell is not None
        assert pair.plugin._core.bell is not None
