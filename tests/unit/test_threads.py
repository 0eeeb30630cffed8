"""Threads of the product come from one module."""

from __future__ import annotations

import threading

from shared.threads import in_background


def test_work_in_the_background_keeps_nobody_waiting() -> None:
    """It gets its arguments, in a daemon thread, while its caller goes on."""
    go, done = threading.Event(), threading.Event()
    seen: list[object] = []

    def work(*args: object) -> None:
        go.wait(30)
        seen.extend([*args, threading.current_thread().daemon])
        done.set()

    in_background(work, "a", 1)
    assert seen == []
    go.set()
    assert done.wait(30)
    assert seen == ["a", 1, True]
