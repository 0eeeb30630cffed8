"""What anybody can cause, summed in the process and written once a minute: the log costs by the line.

A line that is written outside of an invocation is dropped by the host, so nothing is written by a thread of its own:
the first request after a minute writes the sums, and one that comes after a pause is written at once. What the last
minute of a burst has summed is written by the next request to health, version or a route with a key or token, or by
the timer of the same process.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock

from shared import telemetry

EVERY = 60.0  # seconds
SLOW, VERY_SLOW = 1.0, 3.0  # seconds; Graph's limit is three, and from ten per cent over it on it drops notifications


class RequestMetrics:
    """Counts requests of Graph and of strangers; thread-safe. `every` 0 writes at each request."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, every: float = EVERY) -> None:
        self.clock = clock
        self._every = every
        self._lock = Lock()
        self._sums: Counter[tuple[str, ...]] = Counter()  # by the counter and its values
        self._due: float | None = None

    def answered(self, route: str, kind: str) -> None:
        """Count a request without a notification of Graph: `kind` is handshake, empty, error or refused-STATUS."""
        self._add({("requests", route, kind): 1})

    def taken_in(self, route: str, accepted: int, dropped: Mapping[str, int], seconds: float) -> None:
        """Count a collection that was answered with 202: its items, and how long it took if any is Graph's."""
        sums: dict[tuple[str, ...], int] = {
            ("notifications_dropped", reason): number for reason, number in dropped.items()
        }
        if accepted:
            sums |= {("requests", route, "accepted"): 1, ("requests", route, "authenticated"): accepted}
            sums |= {("requests", route, kind): 1 for kind in _slowness(seconds)}
        self._add(sums or {("requests", route, "empty"): 1})

    def hooked(self, result: str) -> None:
        """Count a webhook of Dataverse by what became of it: accepted, why it was dropped, refused-STATUS or error."""
        self._add({("dataverse_hooks", result): 1})

    def refused(self, reason: str) -> None:
        """Count a caller without a valid token or without the role."""
        self._add({("callers_refused", reason): 1})

    def write_due(self) -> None:
        """Write what the last minute of a burst has summed, if its minute has passed."""
        with self._lock:
            sums = self._due_sums()
        _write_all(sums)

    def _add(self, numbers: Mapping[tuple[str, ...], int]) -> None:
        with self._lock:
            for key, number in numbers.items():
                self._sums[key] += number
            sums = self._due_sums()
        _write_all(sums)

    def _due_sums(self) -> Counter[tuple[str, ...]]:
        """Return the sums if there are any and it is time to write them; they begin anew. The caller has the lock."""
        now = self.clock()
        if not self._sums or (self._due is not None and now < self._due):
            return Counter()
        self._due = now + self._every
        sums, self._sums = self._sums, Counter()
        return sums


def _write_all(sums: Counter[tuple[str, ...]]) -> None:
    for (name, *values), number in sums.items():
        _write(name, values, number)


def _write(name: str, values: list[str], number: int) -> None:
    """Write a sum. The names are written out, because tests compare them with the queries."""
    if name == "requests":
        telemetry.count("requests", number, route=values[0], kind=values[1])
    elif name == "notifications_dropped":
        telemetry.count("notifications_dropped", number, reason=values[0])
    elif name == "dataverse_hooks":
        telemetry.count("dataverse_hooks", number, kind=values[0])
    else:
        telemetry.count("callers_refused", number, reason=values[0])


def _slowness(seconds: float) -> list[str]:
    return [kind for kind, limit in (("slow", SLOW), ("very-slow", VERY_SLOW)) if seconds > limit]
