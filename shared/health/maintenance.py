"""Health checks of what holds back the maintenance of subscriptions: brakes, a stopped rollout, what is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.health.checks import Failed
from shared.storage.maintenance import Brake, Lifetime, Rollout, SingleRow
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.config import Settings

LARGEST_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class MaintenanceChecks:
    """The checks, by name. Each returns a text that begins with "ok", or raises Failed or RelayError.

    `audit` returns whether all is well with the unknown subscriptions, and what to do.
    """

    settings: Settings
    brake: SingleRow[Brake]
    rollout: SingleRow[Rollout]
    lifetime: SingleRow[Lifetime]
    audit: Callable[[], tuple[bool, str]]
    notifications_are_missing: Callable[[], bool]
    clock_skew: Callable[[], timedelta | None]

    def by_name(self) -> Mapping[str, Callable[[], str]]:
        """Return the checks by their names."""
        return {
            "deniedSubscriptions": self._denied,
            "changedSubscriptions": self._changed,
            "unknownSubscriptions": self._unknown,
            "missingNotifications": self._missing,
            "subscriptionLifetime": self._lifetime,
            "clock": self._clock,
        }

    def _denied(self) -> str:
        """Fail while a brake is on, because Graph's answers cannot all be true."""
        brake = self.brake.read()
        if brake.since is not None:
            raise Failed(
                f"since {format_utc(brake.since)} Graph denies many subscriptions by their ids (404); one in a hundred "
                "is made anew each hour. Ask Microsoft's support if it lasts: the log has the request-ids"
            )
        if brake.refused_since is not None:
            raise Failed(
                f"since {format_utc(brake.refused_since)} Graph refuses most calls about subscriptions; no state is "
                "changed. Check the consent of the app registration and the scope in Exchange"
            )
        return "ok"

    def _changed(self) -> str:
        """Fail while a change of many subscriptions is stopped."""
        rollout = self.rollout.read()
        if rollout.stopped_at is None:
            return "ok"
        raise Failed(
            f"since {format_utc(rollout.stopped_at)} no further subscription is changed to the present addresses and "
            f"key ({rollout.code}); {rollout.done} were changed, and the others are kept. Check PUBLIC_BASE_URL: "
            "Graph must reach it"
        )

    def _unknown(self) -> str:
        is_ok, text = self.audit()
        if not is_ok:
            raise Failed(text)
        return text

    def _missing(self) -> str:
        """Fail while Graph sends no notifications for many mailboxes."""
        if self.notifications_are_missing():
            raise Failed("notifications are missing: Graph does not send them; resyncs run every four hours meanwhile")
        return "ok"

    def _lifetime(self) -> str:
        """Say when Graph accepts a shorter lifetime only, or RENEW_BEFORE_MINUTES leaves too little of it."""
        row, settings = self.lifetime.read(), self.settings
        wanted = settings.subscription_lifetime_minutes
        texts = []
        if 0 < row.minutes < wanted:
            texts.append(f"Graph accepts {row.minutes} minutes, not SUBSCRIPTION_LIFETIME_MINUTES ({wanted})")
        longest = min(wanted, row.minutes or wanted) // 2
        if settings.renew_before_minutes > longest:
            texts.append(f"RENEW_BEFORE_MINUTES is above half of the lifetime: {longest} is used")
        return f"ok; {'; '.join(texts)}" if texts else "ok"

    def _clock(self) -> str:
        skew = self.clock_skew()
        if skew is not None and abs(skew) > LARGEST_SKEW:
            raise Failed(
                f"the clock of this instance differs from Graph's by {int(skew.total_seconds())} seconds; above five "
                "minutes it does no work on subscriptions"
            )
        return "ok"
