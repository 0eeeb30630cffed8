"""Run work in threads, within the limit of concurrent calls per mailbox. No other module creates threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import BoundedSemaphore, Thread
from typing import TypeVar

MAILBOX_LIMIT = 4  # "Microsoft Graph service-specific throttling limits": concurrent requests per app and mailbox
Item = TypeVar("Item")
Result = TypeVar("Result")


def pool(size: int, name: str) -> Executor:
    """Return a thread pool for the lifetime of the process."""
    return ThreadPoolExecutor(size, name)


def in_background(work: Callable[..., object], *args: object) -> None:
    """Run `work` in a daemon thread."""
    Thread(target=work, args=args, daemon=True).start()


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], at_once: int, name: str) -> list[Result]:
    """Run `work` for each item in parallel, in a thread pool of this call; return the results in order.

    Raises the exception of the first item that failed, after all running calls have ended.
    """
    todo = list(items)
    if len(todo) <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(at_once, len(todo)), name) as workers:
        return list(workers.map(work, todo))


class MailboxLimits:
    """Limits this process's concurrent calls to each mailbox: one semaphore for all work on a mailbox."""

    def __init__(self, at_once: int = MAILBOX_LIMIT) -> None:
        self._at_once = at_once
        self._limits: dict[str, BoundedSemaphore] = {}

    def of(self, mailbox: str) -> BoundedSemaphore:
        """Return a mailbox's semaphore, always the same object; it is a context manager."""
        return self._limits.setdefault(mailbox, BoundedSemaphore(self._at_once))


class MailboxWorkers:
    """Runs work on changes in a thread pool, within the limit of each mailbox."""

    def __init__(self, workers: Executor, limits: MailboxLimits) -> None:
        self._workers = workers
        self._limits = limits

    def run(self, mailbox: str, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Run `work` for each item of a mailbox; return the results in order. `work` must not raise.

        The calling thread waits for the limit: a waiting worker would be unavailable for other mailboxes.
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
