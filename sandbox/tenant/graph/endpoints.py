"""How well the apps' endpoints answer, by host: a slow one is served late, a very slow one loses its notifications.

Graph: Receive change notifications through webhooks. slow: more than 10 % of the answers of 10 minutes took over 3
seconds; new notifications are delayed by 10 minutes. drop: more than 15 % were not there after the retries' 10 seconds;
notifications are discarded for 10 minutes. `missed` tells an app of it ("Reduce missing subscriptions").
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

WINDOW = timedelta(minutes=10)
SLOW_SHARE, DROP_SHARE = 0.10, 0.15


@dataclass
class Health:
    """One endpoint: its answers of the window, its state and until when, and the subscriptions that lost something."""

    answers: deque[tuple[datetime, bool, bool]] = field(default_factory=deque)
    state: str = "ok"
    until: datetime | None = None
    discarded: int = 0
    missed: set[str] = field(default_factory=set)

    def as_json(self) -> dict[str, Any]:
        """Return it for control."""
        return {
            "state": self.state,
            "until": self.until.isoformat() if self.until else None,
            "discarded": self.discarded,
            "missed": sorted(self.missed),
        }


class Endpoints:
    """The health of every endpoint. A state is judged on `least` answers or more: two late ones condemn nobody."""

    def __init__(self) -> None:
        self.by_host: dict[str, Health] = {}

    def of(self, url: str, now: datetime) -> Health:
        """Return an endpoint's health; a state whose time is over ends, and its answers count no more."""
        health = self.by_host.setdefault(urlsplit(url).netloc, Health())
        if health.until is not None and now >= health.until:
            self._enter(health, "ok", None)
        return health

    def note(self, url: str, now: datetime, *, late: bool, lost: bool, least: int) -> Health:
        """Count an answer: `late` beyond the first limit, `lost` beyond that of a retry. Return the health after it."""
        health = self.of(url, now)
        health.answers.append((now, late, lost))
        while health.answers[0][0] <= now - WINDOW:
            health.answers.popleft()
        number = len(health.answers)
        if number < least or health.state == "drop":
            return health
        if sum(one[2] for one in health.answers) > DROP_SHARE * number:
            self._enter(health, "drop", now + WINDOW)
        elif sum(one[1] for one in health.answers) > SLOW_SHARE * number and health.state == "ok":
            self._enter(health, "slow", now + WINDOW)
        return health

    def put(self, url: str, state: str, now: datetime) -> Health:
        """Put an endpoint into a state, as control says; raises ValueError for one that there is not."""
        if state not in ("ok", "slow", "drop"):
            raise ValueError("state: one of ok, slow, drop")
        health = self.of(url, now)
        self._enter(health, state, None if state == "ok" else now + WINDOW)
        return health

    def _enter(self, health: Health, state: str, until: datetime | None) -> None:
        health.state, health.until = state, until
        health.answers.clear()
