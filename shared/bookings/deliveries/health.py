"""The health check of the followed businesses, from their rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import ServiceUnavailable
from shared.storage.followed.appointments import FollowedBusiness, FollowedBusinesses, row_id
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.policy.permission import Permission

SILENT = timedelta(hours=1)  # four runs of the timer


@dataclass(frozen=True)
class FollowedHealth:
    """Says whether the followed businesses are read. `started`: when the process began. `is_stopped` may raise
    RelayError.
    """

    settings: Settings
    businesses: FollowedBusinesses
    permission: Permission
    started: datetime
    is_stopped: Callable[[], bool]
    now: Callable[[], datetime]

    def check(self) -> str:
        """Return a text that begins with "ok".

        Raises ServiceUnavailable, with the number of businesses that were not read for SILENT while the app was
        running, or that may not be read; and what the settings and storage raise.
        """
        followed = self.settings.followed_businesses
        if not followed:
            return "ok; BOOKINGS_DELIVERIES names no business"
        if self.is_stopped():
            return "ok; not read while the relay is stopped"
        forbidden = [each for each in followed if not self.permission.may(None, each, "", "relay", "list").is_allowed()]
        if forbidden:
            raise ServiceUnavailable("Bookings", f"has {len(forbidden)} followed businesses that may not be read: add "
                                     "them to ALLOWED_MAILBOXES, or remove them from BOOKINGS_DELIVERIES")  # fmt: skip
        rows = [self.businesses.find(row_id(each)) for each in followed]
        late = [row for row in rows if not isinstance(row, FollowedBusiness) or self._is_late(row)]
        if late:
            errors = {each.error for each in late if isinstance(each, FollowedBusiness) and each.error}
            why = "; ".join(sorted(errors)) or "read the log of follow_appointments"
            raise ServiceUnavailable("Bookings", f"has {len(late)} of {len(rows)} followed businesses unread: {why}")
        read = [row.read_at for row in rows if isinstance(row, FollowedBusiness) and row.read_at]
        oldest = f"oldest reading {format_utc(min(read))}" if read else "not read yet"
        return f"ok; {len(rows)} followed, {oldest}"

    def _is_late(self, row: FollowedBusiness) -> bool:
        """Return whether a business was not read as a whole for SILENT, by this or an earlier process."""
        now = self.now()
        is_failing = row.failing_since is not None and now - row.failing_since > SILENT
        return is_failing or now - max(row.read_at or self.started, self.started) > SILENT
