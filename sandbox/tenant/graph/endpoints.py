"""The health of apps' endpoints, by host: a slow one gets notifications late, a very slow one loses them.

Graph: Receive change notifications through webhooks. slow: more than 10 % of the responses of 10 minutes took over 3
seconds; new notifications are delayed by 10 minutes. drop: more than 15 % were missing after the retries' 10 seconds;
notifications are discarded for 10 minutes. The lifecycle notification `missed` reports it to the app ("Reduce missing
subscriptions").
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
    """One endpoint: recent responses, state and its end, and the subscriptions that lost notifications."""

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
    """The health of every endpoint. It is judged on at least `least` responses."""

    def __init__(self) -> None:
        self.by_host: dict[str, Health] = {}

    def of(self, url: str, now: datetime) -> Health:
        """Return an endpoint's health; an expired state ends, and its responses no longer count."""
        health = self.by_host.setdefault(urlsplit(url).netloc, Health())
        if health.until is not None and now >= health.until:
            self._enter(health, "ok", None)
        return health

    def note(self, url: str, now: datetime, *, late: bool, lost: bool, least: int) -> Health:
        """Count a response and return the health: `late` exceeds the first limit, `lost` that of a retry."""
        health = self.of(url, now)
        health.answers.append((now, late, lost))
        while health.answers[0][0] <= now - WINDOW:
            health.answers.popleft()
        number = len(health.answers)
        if number < least or health.state == "drop":
            return health
        if sum(lost for _, _, lost in health.answers) > DROP_SHARE * number:
            self._enter(health, "drop", now + WINDOW)
        elif sum(late for _, late, _ in health.answers) > SLOW_SHARE * number and health.state == "ok":
            self._enter(health, "slow", now + WINDOW)
        return health

    def put(self, url: str, state: str, now: datetime) -> Health:
        """Set the state of an endpoint, for control. Raises ValueError for an unknown state."""
        if state not in ("ok", "slow", "drop"):
            raise ValueError("state: one of ok, slow, drop")
        health = self.of(url, now)
        self._enter(health, state, None if state == "ok" else now + WINDOW)
        return health

    def _enter(self, health: Health, state: str, until: datetime | None) -> None:
        health.state, health.until = state, until
        health.answers.clear()
