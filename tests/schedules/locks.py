"""Locks of product code, in place of which the scheduler's are put: a worker may wait at a call while it holds one."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache, partial
from types import FunctionType, MethodType
from typing import Any

from tests.schedules.scheduler import Scheduler

_PLAIN = type(threading.Lock())
_LEAVES = {type(None), bool, int, float, str, bytes, dict, list, tuple, set, FunctionType, MethodType, partial}


class Lock:
    """A lock that the scheduler knows: who waits for it cannot go on, and time is not lost on waiting for it."""

    def __init__(self, scheduler: Scheduler, name: str = "a lock") -> None:
        self.name = name
        self.owner: str | None = None
        self._scheduler = scheduler

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: ARG002, FBT001, FBT002  (as in threading)
        """Take the lock, when it is free. A wait with a timeout is a wait without one."""
        while self.owner is not None:
            if not blocking:
                return False
            self._scheduler.wait_for(self)
        worker = self._scheduler.here()
        self.owner = worker.name if worker else "outside"
        return True

    def release(self) -> None:
        """Free the lock."""
        self.owner = None

    def locked(self) -> bool:
        """Return whether somebody has the lock."""
        return self.owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def schedule_locks(parts: Iterable[Any], scheduler: Scheduler, package: str) -> int:
    """Replace the locks in parts, and in all parts that they hold, whose modules are of a package; return how many."""
    seen: set[int] = set()
    left: list[Any] = [*parts]
    number = 0
    while left:
        part = left.pop()
        kind: Any = type(part)
        if id(part) in seen or not _is_of(kind, package):
            continue
        seen.add(id(part))
        for name, value in _attributes(part):
            if type(value) is _PLAIN:
                object.__setattr__(part, name, Lock(scheduler, f"{kind.__name__}.{name}"))
                number += 1
            elif type(value) not in _LEAVES:
                left.append(value)
    return number


@cache
def _is_of(kind: Any, package: str) -> bool:
    return str(kind.__module__).startswith(package)


@cache
def _slots(kind: Any) -> tuple[str, ...]:
    return tuple(name for each in kind.__mro__ for name in getattr(each, "__slots__", ()))


def _attributes(part: Any) -> list[tuple[str, Any]]:
    held: dict[str, Any] = getattr(part, "__dict__", {})
    kind: Any = type(part)
    slots = [(name, getattr(part, name)) for name in _slots(kind) if hasattr(part, name)]
    return [*held.items(), *slots]
