"""Graph's limits: concurrent requests, and requests in a period, by the tenant's clock.

Graph: Microsoft Graph service-specific throttling limits (Outlook; Subscriptions).
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.tenant.clock import Clock
from sandbox.tenant.graph.errors import GraphError


@dataclass(frozen=True)
class Limit:
    """A number of requests in a number of seconds."""

    requests: int
    seconds: int


MAILBOX = Limit(10_000, 600)
"""Per app and mailbox."""
SUBSCRIPTION_WRITES = Limit(500, 20)
SUBSCRIPTION_READS = Limit(500, 20)
SUBSCRIPTION_LISTS = Limit(25, 20)
REAUTHORIZATIONS = Limit(1_000, 20)
MAILBOX_CONCURRENCY = 4


class Throttle:
    """Counts the requests of every app; throttled requests count too, as in Graph."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: defaultdict[tuple[str, str, Limit], deque[datetime]] = defaultdict(deque)
        self._open: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()
        """Numbers of rejected requests by name of the limit."""

    def count(self, app: str, subject: str, limit: Limit) -> None:
        """Count one request of an app on a subject. Raises GraphError (429) with Retry-After above the limit."""
        now, times = self._clock.now(), self._times[app, subject, limit]
        window = timedelta(seconds=limit.seconds)
        while times and times[0] <= now - window:
            times.popleft()
        times.append(now)
        if len(times) > limit.requests:
            # A request is allowed again once this one is among the last `requests` of the window.
            wait = (times[-limit.requests] + window - now).total_seconds()
            raise self._refusal("RequestRate", math.ceil(max(wait, 1)))

    @contextmanager
    def mailbox(self, app: str, mailbox_id: str) -> Iterator[None]:
        """Hold one of an app's four concurrent requests to a mailbox. Raises GraphError (429) above that."""
        self.count(app, mailbox_id, MAILBOX)
        if self._open[app, mailbox_id] >= MAILBOX_CONCURRENCY:
            raise self._refusal("MailboxConcurrency", 1)
        self._open[app, mailbox_id] += 1
        try:
            yield
        finally:
            self._open[app, mailbox_id] -= 1

    def _refusal(self, name: str, seconds: int) -> GraphError:
        """Return the 429 of a limit."""
        self.refused[name] += 1
        text = f"Application is over its {name} limit."
        return GraphError(429, "ApplicationThrottled", text, {"Retry-After": str(seconds)})
