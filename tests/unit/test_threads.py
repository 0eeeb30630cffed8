"""The product starts threads in one module only."""

from __future__ import annotations

import threading

from shared.threads import in_background


def test_work_in_the_background_does_not_block() -> None:
    """It runs in a daemon thread with its arguments, while its caller continues."""
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
