"""An executor without threads: what the product would run in parallel in one call runs in the worker, in order.

`shared.threads` has no part for the pool of `side_by_side`, so its name is replaced there while schedules run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from shared import threads

POOL = "ContextPool"  # the name in shared.threads


class Inline(Executor):
    """Runs everything at once, in the calling thread. A kill ends the caller."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run, and return the result."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  (whoever asks for the result gets it)
            future.set_exception(error)
        return future


@contextmanager
def inline_threads() -> Iterator[None]:
    """Let `side_by_side` run in the worker."""
    before = getattr(threads, POOL)
    setattr(threads, POOL, Inline)
    try:
        yield
    finally:
        setattr(threads, POOL, before)
