"""Read the followed businesses, and note what others made, moved and cancelled.

Microsoft Bookings has no notification and no delta ("bookingAppointment resource type"). So a timer reads the calendar
view of each business, and by id what is new or missing in it. Only an answer by id says how an appointment is, and only
the second ErrorItemNotFound, ten minutes after the first, that it is cancelled. The first reading of a business is a
baseline and tells nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.bookings.deliveries.comparison import Row
from shared.bookings.deliveries.states import is_over
from shared.errors import RelayError
from shared.storage.followed.appointments import (
    FollowedAppointment,
    FollowedAppointments,
    FollowedBusiness,
    FollowedBusinesses,
    row_id,
)
from shared.threads import side_by_side
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from shared.bookings.deliveries.reader import BusinessReader
    from shared.config import Settings
    from shared.policy.permission import Permission

AT_ONCE = 5  # businesses
BUDGET = timedelta(minutes=4)  # of a run; what is left comes first in the next one
LONGEST_ERROR = 200
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)

_logger = logging.getLogger("relay.appointments")


@dataclass(frozen=True)
class AppointmentPoll:
    """Runs by timer. `wake` requests that what is due is sent."""

    settings: Settings
    permission: Permission
    rows: FollowedAppointments
    businesses: FollowedBusinesses
    reader: BusinessReader
    wake: Callable[[], None]
    is_stopped: Callable[[], bool]
    now: Callable[[], datetime]

    def run(self) -> None:
        """Read every followed business; a failure of one is noted in its row, and does not keep the others.

        Raises ServiceUnavailable or ConfigurationError when storage fails, or BOOKINGS_DELIVERIES is invalid.
        """
        followed = self.settings.followed_businesses
        if self.is_stopped():
            return
        rows, stop = self._without_old(list(self.rows.rows()), followed), self.now() + BUDGET

        def read(business: FollowedBusiness) -> bool:
            return self.now() < stop and self._read(business, rows_of(business.business, rows), stop)

        businesses = sorted(self._businesses(followed), key=lambda each: each.read_at or _NEVER)
        results = side_by_side(read, businesses, AT_ONCE, "business")
        telemetry.count("businesses", results.count(True), end="read")
        telemetry.count("businesses", results.count(False), end="failed")
        if next(self.rows.due(self.now()), None) is not None:
            self.wake()

    def _read(self, business: FollowedBusiness, stored: Mapping[str, Row], until: datetime) -> bool:
        """Read one business, and note whether it could be read as a whole."""
        began = self.now()
        try:
            self.permission.require(business.business, "read")
            error = self.reader.read(business, stored, until)
        except RelayError as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001  (it must not keep the others; its text may contain anything)
            error = type(failure).__name__
        if error:
            _logger.warning("A Bookings business could not be read as a whole: %s", error)
        self._note(business, began, error[:LONGEST_ERROR])
        return not error

    def _note(self, business: FollowedBusiness, began: datetime, error: str) -> None:
        current = self.businesses.find(business.id)
        if not isinstance(current, FollowedBusiness):
            return
        if error:
            self.businesses.change(current, failing_since=current.failing_since or began, error=error)
        else:
            self.businesses.change(current, read_at=began, failing_since=None, error="")

    def _without_old(self, rows: list[Row], followed: Sequence[str]) -> list[Row]:
        """Delete the rows of past appointments and of businesses that are not followed; return the others."""
        now, kept = self.now(), list[Row]()
        for row in rows:
            if isinstance(row, Unreadable) or (row.business in followed and not is_over(row, now)):
                kept.append(row)
            else:
                self.rows.delete(row)
        for business in self.businesses.all():
            if business.business not in followed:
                self.businesses.delete(business)
        return kept

    def _businesses(self, followed: Sequence[str]) -> Iterator[FollowedBusiness]:
        """Yield the rows of the followed businesses. One that cannot be read begins anew without a baseline that tells
        nothing: the partner may lack anything.
        """
        for business in followed:
            found = self.businesses.find(row_id(business))
            row: FollowedBusiness | None = None
            if isinstance(found, FollowedBusiness):
                row = found
            elif found is None:
                row = self.businesses.insert(FollowedBusiness(row_id(business), business))
            else:
                anew = FollowedBusiness(row_id(business), business, baseline_at=_NEVER, etag=found.etag)
                row = self.businesses.overwrite(anew)
            if row is not None:
                yield row


def rows_of(business: str, rows: Sequence[Row]) -> dict[str, Row]:
    """Return the rows of a business by appointment. An unreadable row may still have a column with its id. Pure."""
    stored: dict[str, Row] = {}
    for row in rows:
        if isinstance(row, FollowedAppointment):
            if row.business == business:
                stored[row.appointment] = row
        elif row_id(business, appointment := str(row.cells.get("appointment"))) == row.key:
            stored[appointment] = row
    return stored
