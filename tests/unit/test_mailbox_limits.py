"""The limits of concurrent calls: one for all work on a mailbox, and none for a mailbox that nobody works on."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from weakref import WeakSet

from shared.threads import MailboxLimit, MailboxLimits


def test_invented_addresses_leave_nothing_behind() -> None:
    """A caller may name any address of an allowed domain; each limit would cost a kilobyte for ever."""
    limits, living = MailboxLimits(), WeakSet[MailboxLimit]()
    for number in range(1_000):
        with (limit := limits.of(f"room{number}@contoso.com")):
            living.add(limit)
    del limit
    gc.collect()
    assert len(living) == 0


def test_a_limit_is_the_same_object_while_it_is_used() -> None:
    """Also when two threads ask for it at once, and when its only use is a with statement."""
    limits, barrier = MailboxLimits(), Barrier(8)

    def query(_: int) -> MailboxLimit:
        barrier.wait(180)
        return limits.of("a")

    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            assert len(set(threads.map(query, range(8)))) == 1
    with limits.of("b"):
        gc.collect()
        before = limits.of("b")
    assert limits.of("b") is before
