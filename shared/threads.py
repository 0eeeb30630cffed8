"""Threads: the only place that makes any. Work side by side, and how much of it is on one mailbox at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import BoundedSemaphore, Thread
from typing import TypeVar

MAILBOX_LIMIT = 4  # "Microsoft Graph service-specific throttling limits": concurrent requests per app and mailbox
Item = TypeVar("Item")
Result = TypeVar("Result")


def pool(size: int, name: str) -> Executor:
    """Return threads that live as long as the process."""
    return ThreadPoolExecutor(size, name)


def in_background(work: Callable[..., object], *args: object) -> None:
    """Run `work` in a thread of its own, which no caller and no end of the process waits for."""
    Thread(target=work, args=args, daemon=True).start()


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], at_once: int, name: str) -> list[Result]:
    """Return what `work` returns for each item, in their order, with threads of this call's own.

    Raises what `work` raised for the first item that failed, once all that had begun has ended.
    """
    todo = list(items)
    if len(todo) <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(at_once, len(todo)), name) as workers:
        return list(workers.map(work, todo))


class MailboxLimits:
    """How many calls this process has under way at each mailbox: one semaphore for all work on it."""

    def __init__(self, at_once: int = MAILBOX_LIMIT) -> None:
        self._at_once = at_once
        self._limits: dict[str, BoundedSemaphore] = {}

    def of(self, mailbox: str) -> BoundedSemaphore:
        """Return a mailbox's semaphore, always the same; it is a context manager."""
        return self._limits.setdefault(mailbox, BoundedSemaphore(self._at_once))


class MailboxWorkers:
    """Threads that work on changes, within the limit of each mailbox."""

    def __init__(self, workers: Executor, limits: MailboxLimits) -> None:
        self._workers = workers
        self._limits = limits

    def run(self, mailbox: str, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Return what `work` returns for each item of a mailbox, in their order. `work` must not raise.

        The limit is waited for here, by the caller: a worker that waits would be lost to other mailboxes.
        """
        limit = self._limits.of(mailbox)

        def limited(item: Item) -> Result:
            try:
                return work(item)
            finally:
                limit.release()

        running = []
        for item in items:
            limit.acquire()
            running.append(self._workers.submit(limited, item))
        return [each.result() for each in running]
