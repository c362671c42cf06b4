"""The plugin is imported once, by the main thread; calls wait for that, but not for ever."""

from __future__ import annotations

import threading

import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.link import memory_links
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.peer import Peer
from innkeeper_sdk.entry_points import LoadedPlugins
from innkeeper_sdk.main_thread import MainThread
from innkeeper_sdk.serve import Service

BOUND_S = 20.0


def test_import_that_does_not_end_fails_who_waits_and_says_where_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    let_go = threading.Event()

    def hanging_import(loaded: LoadedPlugins) -> None:
        let_go.wait(BOUND_S)

    main_thread = MainThread()
    service = Service(hanging_import, main_thread, load_s=0.1)
    ours, theirs = memory_links()
    host, plugin = Peer(ours, role="host", handlers={}), service.connect(theirs)
    threads = [threading.Thread(target=main_thread.work), threading.Thread(target=plugin.serve)]
    for thread in threads:
        thread.start()
    try:
        host.initialize()
        with pytest.raises(CallFailed) as failure:
            host.call(methods.DESCRIBE, Nothing(), timeout_s=BOUND_S)
        let_go.set()
        later = host.call(methods.DESCRIBE, Nothing(), timeout_s=BOUND_S)
    finally:
        let_go.set()
        host.close()
        main_thread.stop()
        for thread in threads:
            thread.join(BOUND_S)

    assert failure.value.code == ErrorCode.PLUGIN_EXCEPTION
    assert failure.value.message.startswith("it is still being imported after 0 seconds, at ")
    assert ", in hanging_import" in capfd.readouterr().err
    assert (later.models, later.problems) == ((), ()), "it came to an end after all"
