"""The times of staff that the relay has just given away: lists and availability of Bookings may show them late."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from shared.bookings.records import UNSEEN
from shared.errors import ServiceUnavailable
from shared.storage.leases import lease_id_of
from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

    from shared.graph.bookings.models import Appointment, Service

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class HeldTime:
    """A time of some staff, from `first` to `last` with the buffers, held since `at`.

    `staff` is a JSON list of ids. `appointment` is Graph's id; empty while it is not known whether it was made.
    `identity` is a hash of what identifies the new appointment (see AppointmentDraft); empty for a moved one.
    """

    id: str
    appointment: str = ""
    service: str = ""
    start: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    staff: str = "[]"
    identity: str = ""
    at: datetime | None = None
    etag: str = ""

    @property
    def staff_ids(self) -> list[str]:
        """Whose time it is."""
        return [str(each) for each in json.loads(self.staff)]

    @classmethod
    def of(cls, key: str, appointment: Appointment, service: Service, identity: str = "") -> HeldTime:
        """Return the time that an appointment takes."""
        first, last = appointment.start - service.pre_buffer, appointment.end + service.post_buffer
        staff = json.dumps(list(appointment.staff_ids))
        return cls(key, appointment.id, service.id, appointment.start, first, last, staff, identity)


class HeldTimes:
    """The held times of each business. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def of(self, business: str) -> list[HeldTime]:
        """Return what is held; what was held for long enough is deleted."""
        rows, held = self._rows(business), []
        for row in rows.all():  # a row of a later version is skipped: it ends soon
            if row.at is not None and self._now() - row.at < UNSEEN:
                held.append(row)
            else:
                rows.delete(row)
        return held

    def hold(self, business: str, time: HeldTime) -> None:
        """Hold a time of staff from now on, in place of what was held by the same id."""
        rows = self._rows(business)
        for _ in range(_ATTEMPTS):  # another call may delete a row that has ended between two steps
            held = replace(time, at=self._now())
            if rows.insert(held) is not None:
                return
            before = rows.get(held.id)
            if before is not None and rows.overwrite(replace(held, etag=before.etag)) is not None:
                return
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def release(self, business: str, key: str) -> None:
        """Give back what is held by an id."""
        rows = self._rows(business)
        row = rows.get(key)
        if row is not None:
            rows.delete(row)

    def release_appointment(self, business: str, appointment: str) -> None:
        """Give back what is held for an appointment."""
        rows = self._rows(business)
        for row in rows.all():
            if row.appointment == appointment:
                rows.delete(row)

    def _rows(self, business: str) -> Table[HeldTime]:
        return Table(self._table, HeldTime, f"held-{lease_id_of(business.lower())}")
