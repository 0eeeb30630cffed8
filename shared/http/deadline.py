"""One deadline for everything that a thread waits for at a server: its address, connecting, TLS, headers, body.

A time limit on a socket starts anew with every byte, so a server that drips could hold a worker for hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End all waiting of this thread so many seconds from now, or sooner where an outer deadline says so."""
    outer, ends = _ends.get(), time.monotonic() + seconds
    token = _ends.set(ends if outer is None else min(outer, ends))
    try:
        yield
    finally:
        _ends.reset(token)


def seconds_left() -> float | None:
    """Return how long this thread may wait, None for as long as it likes. Raises TimeoutError when time is up."""
    ends = _ends.get()
    if ends is None:
        return None
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the exchange took too long")
    return left
