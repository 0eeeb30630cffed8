"""Read one business, and write what was found to the rows of its appointments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.bookings.deliveries.comparison import Row, Window, is_of_baseline, to_read
from shared.bookings.deliveries.states import acknowledged, new_row, salvaged, state_of, with_state, without_it
from shared.bookings.graph_errors import is_missing
from shared.errors import GraphError
from shared.graph.bookings.view import ViewReading, read_view
from shared.storage.followed.appointments import (
    FollowedAppointment,
    FollowedAppointments,
    FollowedBusiness,
    FollowedBusinesses,
)
from shared.threads import side_by_side

if TYPE_CHECKING:
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment
    from shared.graph.clock import GraphClock

NO_TIME = "the time of the run is used up; the rest comes first in the next one"
AT_ONCE = 3  # calls about one business; Graph allows four, and callers of the API need one, too


@dataclass(frozen=True)
class BusinessReader:
    """Reads businesses. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    bookings: BookingsClient
    rows: FollowedAppointments
    businesses: FollowedBusinesses
    clock: GraphClock

    def read(self, business: FollowedBusiness, stored: Mapping[str, Row], until: datetime) -> str:
        """Read a business, whose rows are `stored` by appointment; return why it was not read as a whole, if so.

        No appointment is read by id after `until`.
        """
        now = self.clock.now()
        window = Window.of(now)
        view = read_view(self.bookings, business.business, window.start, window.end)
        if business.baseline_at is None:
            return self._baseline(business, view, stored, now)

        def follow(appointment_id: str) -> str:
            in_time = self.clock.now() < until
            return self._follow(business, appointment_id, stored.get(appointment_id), view) if in_time else NO_TIME

        wanted = to_read(view.appointments, stored, window, now)
        errors = side_by_side(follow, wanted, AT_ONCE, "appointment")
        return view.error or next((error for error in errors if error), "")

    def _baseline(
        self, business: FollowedBusiness, view: ViewReading, stored: Mapping[str, Row], began: datetime
    ) -> str:
        """Write what the partner has without a delivery: what the first view shows of which every page was read."""
        if not view.is_ended:
            return view.error
        now = self.clock.now()
        for appointment in view.appointments.values():
            if appointment.id not in stored:
                new = new_row(business.business, appointment.id)
                self.rows.insert(acknowledged(new, state_of(appointment), now))
        self.businesses.change(business, baseline_at=self.clock.earliest(began))
        return view.error

    def _follow(self, business: FollowedBusiness, appointment_id: str, stored: Row | None, view: ViewReading) -> str:
        """Read an appointment by id, and write its row; return why it could not be read, if so.

        A row that is not among those of the business may have been written meanwhile, or be unreadable.
        """
        row = stored or self.rows.of(business.business, appointment_id)
        try:
            appointment = self.bookings.appointment(business.business, appointment_id)
        except GraphError as error:
            if not is_missing(error):
                return str(error)
            if row is not None and view.is_answered:
                is_listed, known = appointment_id in view.appointments, _readable(row, business, appointment_id)
                self.rows.put(row, without_it(known, self.clock.now(), is_listed=is_listed))
            return ""
        self.rows.put(row, self._after(business, appointment_id, row, appointment))
        return ""

    def _after(
        self, business: FollowedBusiness, appointment_id: str, row: Row | None, appointment: Appointment
    ) -> FollowedAppointment:
        """Return the row of an appointment after it was read."""
        now, state = self.clock.now(), state_of(appointment)
        if row is not None:
            return with_state(_readable(row, business, appointment_id), state, now)
        new = new_row(business.business, appointment_id)
        if business.baseline_at is not None and is_of_baseline(appointment, business.baseline_at):
            return acknowledged(new, state, now)
        return with_state(new, state, now)


def _readable(row: Row, business: FollowedBusiness, appointment_id: str) -> FollowedAppointment:
    return row if isinstance(row, FollowedAppointment) else salvaged(row, business.business, appointment_id)
