"""Brakes: what holds back work on many subscriptions when Graph's answers cannot all be true.

Graph has answered 404 for hours for subscriptions that lived, and 401 or 403 for everything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphForbidden
from shared.moments import has_passed
from shared.storage.maintenance import Brake, SingleRow
from shared.storage.watches import Watch

MANY = 10  # answers of a kind; fewer are believed
LOST_SHARE = 0.01  # of a run's answers; more than this, and more than MANY, are doubted
REFUSED_SHARE = 0.05
HOUR = timedelta(hours=1)
HELD_FOR = timedelta(minutes=10)  # at least: a run that continues another sees none of its losses
Refusal = tuple[Watch, GraphForbidden]


class LossBrake:
    """Limits new subscriptions in the place of lost ones while too many of a run's subscriptions answer 404.

    One in each hundred watches gets a new one each hour, at least one. Thread-safe; the state is shared by all
    instances. Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(self, stored: SingleRow[Brake], count: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._stored = stored
        self._count = count
        self._now = now
        self._lock = threading.Lock()
        self._answers = self._missing = 0
        self._began = now()

    def begin(self, answers: int) -> None:
        """Begin a run that expects a number of answers about existing subscriptions."""
        with self._lock:
            self._answers, self._missing, self._began = answers, 0, self._now()

    def saw_missing(self) -> None:
        """Count a 404, and apply the brake when there are too many: in a run, or between runs in an hour."""
        with self._lock:
            if self._now() - self._began >= HOUR:
                self._answers, self._missing, self._began = 0, 0, self._now()
            before = self._are_many()
            self._missing += 1
            is_first = self._are_many() and not before
        if is_first:
            self._apply()

    def end(self) -> bool:
        """End a run; release the brake if few were missing. Return whether the brake is on."""
        with self._lock:
            are_many = self._are_many()
            self._answers, self._missing, self._began = 0, 0, self._now()
        if are_many:
            self._apply()
            return True
        released: dict[str, Any] = {"since": None, "hour": None, "created": 0}

        def decide(brake: Brake) -> dict[str, Any]:
            return released if brake.since is not None and has_passed(HELD_FOR, brake.since, self._now()) else {}

        return self._stored.write(decide).since is not None

    def takes_place(self) -> bool:
        """Return whether a lost subscription may be created again now; count it if the brake is on."""
        taken = False

        def decide(brake: Brake) -> dict[str, Any]:
            nonlocal taken
            taken = brake.since is None
            if taken:
                return {}
            now = self._now()
            is_new_hour = brake.hour is None or has_passed(HOUR, brake.hour, now)
            made = 0 if is_new_hour else brake.created
            taken = made < max(1, brake.watches // 100)
            return {"hour": now if is_new_hour else brake.hour, "created": made + 1} if taken else {}

        if self._stored.write(decide).since is not None:
            with self._lock:
                self._missing += 1  # a confirmed 404: the run that made it does not release the brake
        return taken

    def state(self) -> Brake:
        """Return the state for health."""
        return self._stored.read()

    def _are_many(self) -> bool:
        return self._missing > MANY and self._missing > LOST_SHARE * max(self._answers, self._missing)

    def _apply(self) -> None:
        watches = self._count()
        self._stored.write(lambda brake: {} if brake.since else {"since": self._now(), "watches": watches})


class RefusalBrake:
    """Holds back the consequences of a run's refusals until it is known how many there are. Thread-safe.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(self, stored: SingleRow[Brake], now: Callable[[], datetime]) -> None:
        self._stored = stored
        self._now = now
        self._lock = threading.Lock()
        self._held: list[Refusal] | None = None
        self._answers = 0

    def begin(self, answers: int) -> None:
        """Begin a run of a number of calls."""
        with self._lock:
            self._held, self._answers = [], answers

    def holds(self, watch: Watch, error: Exception) -> bool:
        """Return whether the consequences of an error are left to the end of the run."""
        with self._lock:
            if self._held is None or not isinstance(error, GraphForbidden) or not watch.subscription_id:
                return False
            self._held.append((watch, error))
            return True

    def end(self) -> list[Refusal]:
        """End the run and return the refusals to believe: none if there were too many."""
        with self._lock:
            held, self._held = self._held or [], None
            is_incident = len(held) > MANY and len(held) > REFUSED_SHARE * self._answers
        since = self._now() if is_incident else None

        def decide(brake: Brake) -> dict[str, Any]:
            return {"refused_since": since} if bool(brake.refused_since) != is_incident else {}

        self._stored.write(decide)
        return [] if is_incident else held
