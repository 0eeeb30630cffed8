"""The health check of renewals, from the one row that the timer writes: cheap enough for anonymous callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.health.checks import Failed
from shared.storage.heartbeat import Beats, Heartbeat
from shared.storage.watches import Watch
from shared.utc import format_utc

SILENT = timedelta(hours=2)  # four runs of the timer
MOST_FAILED = 4  # runs in a row, in whatever process
SOON = timedelta(days=1)


@dataclass(frozen=True)
class RenewalCheck:
    """Fails when the timer does not renew subscriptions. `started`: when the process began."""

    heartbeat: Heartbeat
    started: datetime
    now: Callable[[], datetime]

    def by_name(self) -> Mapping[str, Callable[[], str]]:
        """Return the check by its name."""
        return {"renewals": self._renewals}

    def _renewals(self) -> str:
        """Fail when no run has succeeded for SILENT while the app was running, or a subscription is about to end.

        An app that was stopped starts with an old success, so the time counts from the start of a process: of the first
        one since that success, or else an app whose processes start anew each hour would never fail.
        """
        beats, now = self.heartbeat.beats(), self.now()
        success = f"last success: {format_utc(beats.succeeded)}" if beats.succeeded else "no success so far"
        silence = now - self._since(beats, now)
        is_failing = beats.unfinished >= MOST_FAILED and (beats.succeeded is None or now - beats.succeeded > SILENT)
        if silence > SILENT or is_failing:
            raise Failed(f"renew_subscriptions does not succeed ({success}): read its exceptions in the log")
        if beats.late_at is not None and now >= beats.late_at:
            raise Failed("a subscription is about to end and was not renewed: read the log of renew_subscriptions")
        return f"ok; {success}"

    def _since(self, beats: Beats, now: datetime) -> datetime:
        """Return from when on the silence counts. The first process that has to grant more time records it."""
        succeeded = beats.succeeded or datetime.min.replace(tzinfo=now.tzinfo)
        if now - succeeded <= SILENT or self.started <= succeeded:
            return succeeded
        if beats.silent_from is None or beats.silent_from <= succeeded:
            self.heartbeat.silent(self.started)
            return self.started
        return min(beats.silent_from, self.started)


def late_at(watches: Iterable[Watch], renew_before: timedelta) -> datetime | None:
    """Return from when on the subscription that ends first is late: SOON before its end, None without any. Pure.

    If subscriptions are renewed later than that, because Graph accepts short lifetimes only, half of that time before.
    """
    ends = [watch.expires for watch in watches if watch.state == "live" and watch.expires]
    return min(ends) - min(SOON, renew_before / 2) if ends else None
