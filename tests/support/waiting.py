"""Waiting for a condition, without a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def eventually(condition: Callable[[], Result], seconds: float = 180.0, every: float = 0.05) -> Result:
    """Return the condition's result once it is true; an AssertionError counts as false until the time is up."""
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
