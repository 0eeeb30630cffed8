"""Note what a call of the API made of an appointment: the caller has it from the response, so it is not delivered.

This holds for callers with a function key alone: the relay gives it to the partner. An app with a token of its own may
be another than the one behind the partner's endpoint, so what it does is delivered, like what people do in Bookings.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.auth.caller import FUNCTION_KEY
from shared.bookings.deliveries.states import State, acknowledged, cancelled, new_row, state_of
from shared.errors import RelayError
from shared.storage.followed.appointments import FollowedAppointment, FollowedAppointments

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.bookings.models import Appointment

ATTEMPTS = 5  # to write a row that other processes write as well

_logger = logging.getLogger("relay.appointments")


@dataclass(frozen=True)
class OwnChanges:
    """Writes the rows of followed businesses. Never raises RelayError: what is not noted is delivered, without harm."""

    settings: Settings
    rows: FollowedAppointments
    now: Callable[[], datetime]

    def reported(self, business: str, appointment: Appointment, caller: str) -> None:
        """Note the state of an appointment that a call made or moved, and whose response says so."""
        self._note(business, appointment.id, caller, lambda _: state_of(appointment))

    def cancelled(self, business: str, appointment_id: str, caller: str) -> None:
        """Note that a call cancelled an appointment."""
        self._note(business, appointment_id, caller, cancelled)

    def _note(
        self, business: str, appointment_id: str, caller: str, state: Callable[[FollowedAppointment], State | None]
    ) -> None:
        try:
            if caller == FUNCTION_KEY.identity and business.lower() in self.settings.followed_businesses:
                self._write(business.lower(), appointment_id, state)
        except RelayError as error:
            _logger.warning("A call's own change of an appointment will be delivered, too: %s", error)

    def _write(self, business: str, appointment_id: str, state: Callable[[FollowedAppointment], State | None]) -> None:
        for _ in range(ATTEMPTS):
            before = self.rows.of(business, appointment_id)
            if before is not None and not isinstance(before, FollowedAppointment):
                return
            row = before or new_row(business, appointment_id)
            new = state(row)
            if new is None or self.rows.put(before, acknowledged(row, new, self.now())) is not None:
                return
