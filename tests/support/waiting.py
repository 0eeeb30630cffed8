"""Waiting for a condition, without a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def eventually(condition: Callable[[], Result], seconds: float = 20.0, every: float = 0.05) -> Result:
    """Return the condition's result once that is true; an AssertionError in it counts as not yet, and ends the wait."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        try:
            result = condition()
        except AssertionError:
            if late:
                raise
        else:
            if result:
                return result
            if late:
                raise AssertionError(f"not within {seconds:g} s: {result!r}")
        time.sleep(every)
