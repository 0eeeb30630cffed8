"""Run work in threads, within the limit of concurrent calls per mailbox. No other module creates threads.

Each task runs in a copy of its submitter's context. On Python 3.13 the Functions worker takes the invocation id of a
log line from a context variable, and the host drops a line without the id of a running invocation
(azure-functions-host, GrpcWorkerChannel.Log): without the copy, no line of these threads would reach Application
Insights. A threading.local, such as the deadline of shared/http/deadline.py, is not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import BoundedSemaphore, Thread
from typing import ParamSpec, TypeVar

MAILBOX_LIMIT = 4  # "Microsoft Graph service-specific throttling limits": concurrent requests per app and mailbox
Item = TypeVar("Item")
Result = TypeVar("Result")
Args = ParamSpec("Args")


class ContextPool(ThreadPoolExecutor):
    """A thread pool that runs each task in its own copy of the submitter's context."""

    def submit(self, fn: Callable[Args, Result], /, *args: Args.args, **kwargs: Args.kwargs) -> Future[Result]:
        """Queue a task; `map` uses this, too. Two tasks must not share one copy: a context can be entered only once."""
        return super().submit(partial(copy_context().run, fn, *args, **kwargs))


def pool(size: int, name: str) -> Executor:
    """Return a thread pool for the lifetime of the process."""
    return ContextPool(size, name)


def in_background(work: Callable[..., object], *args: object) -> None:
    """Run `work` in a daemon thread, which the invocation does not wait for.

    The host drops what `work` logs after the end of the invocation: a failure that matters must show elsewhere, too.
    """
    Thread(target=copy_context().run, args=(work, *args), daemon=True).start()


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], at_once: int, name: str) -> list[Result]:
    """Run `work` for each item in parallel, in a thread pool of this call; return the results in order.

    Raises the exception of the first item that failed, after all running calls have ended.
    """
    todo = list(items)
    if len(todo) <= 1:
        return [work(item) for item in todo]
    with ContextPool(min(at_once, len(todo)), name) as workers:
        return list(workers.map(work, todo))


class MailboxLimits:
    """Limits this process's concurrent calls to each mailbox: one semaphore for all work on a mailbox.

    Work on a mailbox in several instances may exceed Graph's limit: Graph then answers 429, and the work is retried.
    """

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
