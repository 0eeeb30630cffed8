"""Service protection limits: requests, execution time and concurrent requests of each user, in five minutes.

Dataverse: Service protection API limits. Retry-After grows while a client goes on.
"""

import math
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.settings import Settings
from sandbox.tenant.clock import Clock

WINDOW = timedelta(seconds=300)
REQUESTS, EXECUTION, CONCURRENCY = "0x80072322", "0x80072321", "0x80072326"
TEXTS = {
    REQUESTS: "Number of requests exceeded the limit of {limit} over time window of 300 seconds.",
    EXECUTION: "Combined execution time of incoming requests exceeded limit of {limit} milliseconds over time window "
               "of 300 seconds.",
    CONCURRENCY: "Number of concurrent requests exceeded the limit of {limit}.",
}  # fmt: skip


class Limits:
    """Counts each user's requests; refused ones count, too."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self._times: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._spent: defaultdict[str, deque[tuple[datetime, float]]] = defaultdict(deque)
        self._open: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        """Refusals since the last request that was carried out."""
        self.refused: Counter[str] = Counter()
        """Numbers of refusals by code."""
        self.most_open = 0
        """The most requests of one user at once."""

    @contextmanager
    def request(self, user_id: str) -> Iterator[None]:
        """Count one request of a user while it is carried out. Raises ApiError (429) above a limit."""
        self._check(user_id)
        self._in_a_row[user_id] = 0
        self._open[user_id] += 1
        self.most_open = max(self.most_open, self._open[user_id])
        began = time.monotonic()
        try:
            yield
        finally:
            self._open[user_id] -= 1
            self.spend(user_id, time.monotonic() - began)

    def spend(self, user_id: str, seconds: float) -> None:
        """Count execution time of a user."""
        self._spent[user_id].append((self._clock.now(), seconds))

    def remaining(self, user_id: str) -> dict[str, str]:
        """Return the headers that say how much of the limits is left."""
        spent = sum(seconds for _, seconds in self._spent[user_id])
        left = max(0, self._settings.requests - len(self._times[user_id]))
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(left),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(0.0, self._settings.execution_seconds - spent):.2f}",
        }

    def _check(self, user_id: str) -> None:
        now = self._clock.now()
        times, spent = self._times[user_id], self._spent[user_id]
        while times and times[0] <= now - WINDOW:
            times.popleft()
        while spent and spent[0][0] <= now - WINDOW:
            spent.popleft()
        times.append(now)
        if len(times) > self._settings.requests:
            frees = times[-self._settings.requests] + WINDOW
            raise self._refusal(user_id, REQUESTS, self._settings.requests, (frees - now).total_seconds())
        if sum(seconds for _, seconds in spent) >= self._settings.execution_seconds:
            limit = int(self._settings.execution_seconds * 1000)
            raise self._refusal(user_id, EXECUTION, limit, (spent[0][0] + WINDOW - now).total_seconds())
        if self._open[user_id] >= self._settings.concurrency:
            raise self._refusal(user_id, CONCURRENCY, self._settings.concurrency, 2)

    def _refusal(self, user_id: str, code: str, limit: int, seconds: float) -> ApiError:
        self.refused[code] += 1
        self._in_a_row[user_id] += 1
        wait = math.ceil(max(seconds, 1)) + self._in_a_row[user_id] - 1
        return ApiError(429, code, TEXTS[code].format(limit=limit), {"Retry-After": str(wait)})
