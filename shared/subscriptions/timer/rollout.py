"""Change many subscriptions in growing batches: one, ten, one in a hundred, all.

For what the relay itself decides on: another address, or replacement after a change of keys or of the lifecycle URL. A
mistake in PUBLIC_BASE_URL then costs one subscription at most, and that one is moved back. What the administrator's
settings forbid is deleted at once, without batches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.moments import has_passed
from shared.storage.maintenance import Handshake, Rollout, SingleRow
from shared.storage.watches import Watch

FAILURES = 3  # in a row, other than 429: then the rollout stops
TRY_AGAIN_AFTER = timedelta(hours=1)  # one subscription, because the cause may lie outside of the settings
HANDSHAKE_WITHIN = timedelta(minutes=2)
SKEW = timedelta(seconds=30)  # between the clocks of the instances that write and compare
ALL = -1


def target_of(*parts: str) -> str:
    """Return the name of a rollout: a short hash of what subscriptions are changed to."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Rollouts:
    """Says how many subscriptions may be changed now. Methods raise ServiceUnavailable or ConfigurationError."""

    stored: SingleRow[Rollout]
    handshake: SingleRow[Handshake]
    now: Callable[[], datetime]

    def begin(self, target: str) -> Rollout:
        """Begin a rollout to a target, or go on with it; begin again some time after it stopped."""

        def decide(row: Rollout) -> dict[str, Any]:
            if row.target != target:
                return _restarted(target, self.now())
            is_over = row.stopped_at is not None and has_passed(TRY_AGAIN_AFTER, row.stopped_at, self.now())
            return _restarted(target, self.now()) | {"failures": FAILURES - 1} if is_over else {}

        return self.stored.write(decide)

    def without_steps(self, target: str) -> Rollout:
        """Return the row when nothing is to be changed to a target now. A rollout to another one that stopped is over:
        the settings were changed back.
        """
        return self.stored.write(
            lambda row: _restarted(target, self.now()) if row.stopped_at is not None and row.target != target else {}
        )

    def allowance(self, row: Rollout, waiting: int) -> int:
        """Return how many of the waiting subscriptions may be changed now."""
        if row.stopped_at is not None:
            return 0
        return waiting if row.limit == ALL else max(0, min(waiting, row.limit - row.done))

    def started_with(self, row: Rollout, watch: Watch, url: str) -> Rollout:
        """Record the first watch before it is changed, and where it posts, so that it can be moved back.

        `url` is empty if its subscription is replaced: then Graph has validated the new URLs when it is created.
        """
        first = {"first_id": watch.id, "first_url": url, "began": self.now()}
        return self.stored.write(lambda current: first if current.target == row.target else {})

    def record(self, row: Rollout, code: str) -> Rollout:
        """Record that one subscription was changed, or failed with Graph's code."""

        def decide(current: Rollout) -> dict[str, Any]:
            if current.target != row.target:
                return {}
            if not code:
                return {"done": current.done + 1, "failures": 0}
            failures = current.failures + 1
            stopped = {"stopped_at": self.now()} if failures >= FAILURES else {}
            return {"failures": failures, "code": code, **stopped}

        return self.stored.write(decide)

    def is_unproven(self, row: Rollout) -> bool:
        """Return whether the first subscription was changed, and nothing after it."""
        return row.stopped_at is None and row.limit == 1 and row.done >= row.limit

    def widen(self, row: Rollout, watches: int) -> Rollout:
        """Allow the next batch, once the last one is done."""
        steps = (1, 10, max(10, watches // 100), ALL)

        def decide(current: Rollout) -> dict[str, Any]:
            is_done = current.target == row.target and current.limit != ALL and current.done >= current.limit
            larger = next((step for step in steps if step == ALL or step > current.limit), ALL)
            return {"limit": larger} if is_done and current.stopped_at is None else {}

        return self.stored.write(decide)

    def stop(self, row: Rollout, code: str) -> Rollout:
        """Stop the rollout."""
        changes = {"stopped_at": self.now(), "code": code}
        return self.stored.write(lambda current: changes if current.target == row.target else {})

    def was_validated(self, row: Rollout, url: str) -> bool:
        """Return whether Graph's validation of a URL reached the relay since the first subscription was changed."""
        seen = self.handshake.read()
        return seen.url == url and seen.at is not None and row.began is not None and seen.at >= row.began - SKEW

    def waits(self, row: Rollout) -> bool:
        """Return whether the validation may still arrive."""
        return row.began is not None and not has_passed(HANDSHAKE_WITHIN, row.began, self.now())


def _restarted(target: str, now: datetime) -> dict[str, Any]:
    cleared: dict[str, Any] = {"limit": 1, "done": 0, "failures": 0, "code": "", "stopped_at": None}
    return {"target": target, "began": now, "first_id": "", "first_url": "", **cleared}
