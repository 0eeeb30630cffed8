"""Run work in threads, within the limit of concurrent calls per mailbox. No other module creates threads.

Each task runs in a copy of its submitter's context. On Python 3.13 the Functions worker takes the invocation id of a
log line from a context variable, and the host drops a line without the id of a running invocation
(azure-functions-host, GrpcWorkerChannel.Log): without the copy, no line of these threads would reach Application
Insights. A threading.local, such as the deadline of shared/http/deadline.py, is not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial
from threading import BoundedSemaphore, Lock, Thread
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from shared.errors import ServiceUnavailable

MAILBOX_LIMIT = 4  # "Microsoft Graph service-specific throttling limits": concurrent requests per app and mailbox
PLACE_SECONDS = 3.0  # how long a thread that serves an HTTP call waits for a place
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


def side_by_side_within(
    work: Callable[[Item], Result], items: Iterable[Item], at_once: int, seconds: float, name: str
) -> list[Result | None]:
    """Run `work` for each item in parallel, for `seconds` at most; return the results in order, None for what has not
    ended. A call that is under way goes on; what has not begun never does. `work` must not raise.
    """
    todo = list(items)
    workers = ContextPool(max(1, min(at_once, len(todo))), name)
    running = [workers.submit(work, item) for item in todo]
    wait(running, timeout=seconds)
    workers.shutdown(wait=False, cancel_futures=True)
    return [each.result() if each.done() and not each.cancelled() else None for each in running]


class MailboxLimit:
    """The places for concurrent calls to one mailbox. Threads that serve an HTTP call take one by `with`.

    They wait for PLACE_SECONDS at most: otherwise calls about one mailbox that answers slowly would hold all threads
    of the process for as long as it takes.
    """

    def __init__(self, at_once: int, seconds: float = PLACE_SECONDS) -> None:
        self._semaphore = BoundedSemaphore(at_once)
        self._seconds = seconds

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take a place, however long it takes: for the work of the queue, which nobody waits for.

        Return whether it was taken; always, unless `blocking` is false.
        """
        return self._semaphore.acquire(blocking)

    def release(self) -> None:
        """Give a place back."""
        self._semaphore.release()

    def __enter__(self) -> None:
        """Take a place. Raises ServiceUnavailable if none is free in time."""
        if not self._semaphore.acquire(timeout=self._seconds):
            text = "has as many calls under way as Microsoft Graph allows"
            raise ServiceUnavailable("the mailbox or business", text, self._seconds)

    def __exit__(self, *_: object) -> None:
        """Give the place back."""
        self.release()


class MailboxLimits:
    """Limits this process's concurrent calls to each mailbox: one MailboxLimit for all work on a mailbox.

    Work on a mailbox in several instances may exceed Graph's limit: Graph then answers 429, and the work is retried.
    """

    def __init__(self, at_once: int = MAILBOX_LIMIT, seconds: float = PLACE_SECONDS) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._limits: WeakValueDictionary[str, MailboxLimit] = WeakValueDictionary()
        self._lock = Lock()

    def of(self, mailbox: str) -> MailboxLimit:
        """Return a mailbox's limit, a context manager: the same object for all that use it now.

        It is kept only while it is used, because callers may name any number of addresses.
        """
        with self._lock:
            limit = self._limits.get(mailbox)
            if limit is None:
                limit = self._limits[mailbox] = MailboxLimit(self._at_once, self._seconds)
            return limit


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
