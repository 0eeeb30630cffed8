"""One deadline for a whole HTTP exchange of a thread: DNS, connect, TLS, headers, body.

A socket timeout restarts with every byte, so a server that sends slowly could hold a worker for hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit all waiting of this thread to so many seconds from now, or to an outer deadline if that is sooner."""
    outer, ends = _ends.get(), time.monotonic() + seconds
    token = _ends.set(ends if outer is None else min(outer, ends))
    try:
        yield
    finally:
        _ends.reset(token)


def seconds_left() -> float | None:
    """Return how long this thread may still wait, None without a deadline. Raises TimeoutError after the deadline."""
    ends = _ends.get()
    if ends is None:
        return None
    remaining = ends - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the exchange took too long")
    return remaining
