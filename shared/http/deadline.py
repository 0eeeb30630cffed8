"""One deadline for a whole HTTP exchange of a thread: DNS, connect, TLS, headers, body.

A socket timeout restarts with every byte, so a server that sends slowly could hold a worker for hours. The deadline is
not a context variable: shared/threads.py copies those into other threads, and work in the background has no deadline.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local


class _Ends(local):
    """When the waiting of each thread ends, by time.monotonic(); None: no deadline."""

    at: float | None = None


_ends = _Ends()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit all waiting of this thread to so many seconds from now, or to an outer deadline if that is sooner."""
    outer, ends = _ends.at, time.monotonic() + seconds
    _ends.at = ends if outer is None else min(outer, ends)
    try:
        yield
    finally:
        _ends.at = outer


def seconds_left() -> float | None:
    """Return how long this thread may still wait, None without a deadline. Raises TimeoutError after the deadline."""
    ends = _ends.at
    if ends is None:
        return None
    remaining = ends - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the exchange took too long")
    return remaining
