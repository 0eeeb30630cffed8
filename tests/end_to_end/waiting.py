"""Waiting for what has to come, without a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], seconds: float = 20.0, every: float = 0.05) -> Found:
    """Return what `look` finds once that is true; an AssertionError in it counts as not yet, and ends the wait."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        try:
            found = look()
        except AssertionError:
            if late:
                raise
        else:
            if found:
                return found
            if late:
                raise AssertionError(f"not within {seconds:g} s: {found!r}")
        time.sleep(every)
