"""Read one business, and write what was found to the rows of its appointments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.bookings.deliveries.comparison import Row, Window, is_of_baseline, to_read
from shared.bookings.deliveries.states import UNKNOWN, acknowledged, new_row, state_of, with_state, without_it
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

AT_ONCE = 3  # calls about one business; Graph allows four, and callers of the API need one, too


@dataclass(frozen=True)
class BusinessReader:
    """Reads businesses. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    bookings: BookingsClient
    rows: FollowedAppointments
    businesses: FollowedBusinesses
    clock: GraphClock

    def read(self, business: FollowedBusiness, stored: Mapping[str, Row]) -> str:
        """Read a business, whose rows are `stored` by appointment; return why it was not read as a whole, if so."""
        now = self.clock.now()
        window = Window.of(now)
        view = read_view(self.bookings, business.business, window.start, window.end)
        if business.baseline_at is None:
            return self._baseline(business, view, stored)
        wanted = to_read(view.appointments, stored, window, now)
        errors = side_by_side(lambda each: self._follow(business, each, stored, view), wanted, AT_ONCE, "appointment")
        return view.error or next((error for error in errors if error), "")

    def _baseline(self, business: FollowedBusiness, view: ViewReading, stored: Mapping[str, Row]) -> str:
        """Write what the partner has without a delivery: what the first whole view shows."""
        if not view.is_whole:
            return view.error
        now = self.clock.now()
        for appointment in view.appointments.values():
            if appointment.id not in stored:
                new = new_row(business.business, appointment.id)
                self.rows.insert(acknowledged(new, state_of(appointment), now))
        self.businesses.change(business, baseline_at=self.clock.earliest(now))
        return ""

    def _follow(
        self, business: FollowedBusiness, appointment_id: str, stored: Mapping[str, Row], view: ViewReading
    ) -> str:
        """Read an appointment by id, and write its row; return why it could not be read, if so."""
        row, is_listed = stored.get(appointment_id), appointment_id in view.appointments
        try:
            appointment = self.bookings.appointment(business.business, appointment_id)
        except GraphError as error:
            if not is_missing(error):
                return str(error)
            if isinstance(row, FollowedAppointment) and view.is_answered:
                self.rows.put(row, without_it(row, self.clock.now(), is_listed=is_listed))
            return ""
        self.rows.put(row, self._after(business, appointment_id, row, appointment))
        return ""

    def _after(
        self, business: FollowedBusiness, appointment_id: str, row: Row | None, appointment: Appointment
    ) -> FollowedAppointment:
        """Return the row of an appointment after it was read."""
        now, state = self.clock.now(), state_of(appointment)
        if isinstance(row, FollowedAppointment):
            return with_state(row, state, now)
        new = new_row(business.business, appointment_id)
        if row is not None:  # its row cannot be read: the partner may have any state
            return with_state(replace(new, taken=UNKNOWN), state, now)
        if business.baseline_at is not None and is_of_baseline(appointment, business.baseline_at):
            return acknowledged(new, state, now)
        return with_state(new, state, now)
