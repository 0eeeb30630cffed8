"""The lifetime to request for a subscription, and how long before its end it is renewed.

"subscription resource type" gives the maximum of each resource. Graph has lowered it without notice; its refusal names
the maximum, which is learnt once for all watches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import GraphRejected
from shared.graph.subscriptions import Subscription
from shared.moments import has_passed
from shared.storage.maintenance import Lifetime, SingleRow
from shared.storage.watches import Watch

if TYPE_CHECKING:
    from shared.config import Settings

SHORTEST = 60  # minutes; Graph extends anything below 45 minutes
TRY_LONGER_AFTER = timedelta(days=7)  # the setting is tried again, because Graph may have raised its maximum
SPREAD = 0.02  # share of the lifetime over which expiry times are spread


@dataclass(frozen=True)
class Lifetimes:
    """Knows the lifetime. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    settings: Settings
    stored: SingleRow[Lifetime]
    now: Callable[[], datetime]
    is_clock_wrong: Callable[[], bool] = lambda: False

    def minutes(self) -> int:
        """Return the lifetime to request: the setting, or a shorter one if Graph refused it."""
        wanted, row = self.settings.subscription_lifetime_minutes, self.stored.read()
        return min(wanted, row.minutes) if self._is_current(row) else wanted

    def shorten(self, requested: int, longest: int) -> bool:
        """Record that Graph refused a lifetime; return whether a shorter one is left to try.

        `longest`: the maximum that Graph named, in minutes; 0 if it named none: then half of what was requested.
        """
        minutes = max(SHORTEST, longest if 0 < longest < requested else requested // 2)

        def decide(row: Lifetime) -> dict[str, Any]:
            is_shorter = self._is_current(row) and row.minutes <= minutes
            return {} if is_shorter else {"minutes": minutes, "learnt_at": self.now()}

        self.stored.write(decide)
        return minutes < requested

    def accepted(self, watch: Watch, write: Callable[[datetime], Subscription], *, spread: bool) -> Subscription:
        """Call `write` with the end to request, again with a shorter lifetime while Graph refuses it.

        With `spread`, subscriptions that are renewed together end at different times.
        """
        share = int(watch.id[:8], 16) / 16**8 if spread else 0.0
        while True:
            minutes = self.minutes()
            try:
                return write(self.now() + timedelta(minutes=minutes) * (1 - SPREAD * share))
            except GraphRejected as error:
                if error.longest_minutes is None or self.is_clock_wrong():  # then the end was wrong, not the lifetime
                    raise
                if not self.shorten(minutes, error.longest_minutes):
                    raise

    def renew_before(self) -> timedelta:
        """Return how long before its end a subscription is renewed: at most half of the lifetime."""
        return timedelta(minutes=min(self.settings.renew_before_minutes, self.minutes() / 2))

    def _is_current(self, row: Lifetime) -> bool:
        """Return whether Graph refused a longer lifetime recently."""
        return (
            row.minutes > 0
            and row.learnt_at is not None
            and not has_passed(TRY_LONGER_AFTER, row.learnt_at, self.now())
        )
