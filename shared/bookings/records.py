"""What the relay remembers of appointments: that a caller asked for one, that it was made, and that it was cancelled.

Bookings has no key for repeated calls, and its lists may leave out customers and new appointments. A row is found by
what was asked (of a caller) or by the appointment; its key is a hash. It holds no data about people.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.caller_keys import Derive, as_before
from shared.errors import ServiceUnavailable
from shared.graph.bookings.ids import Seat
from shared.storage.leases import lease_id_of
from shared.storage.table import Table, compared, text_of
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

    from shared.graph.bookings.models import Appointment

KEPT = timedelta(days=2)  # after the end of the appointment
UNSEEN = timedelta(minutes=3)  # longer than Bookings takes to show a write, and than an unknown outcome is open
CALL = timedelta(minutes=1)  # longer than a call takes, with what clocks differ
ROUNDS = 3  # calls whose outcome stayed unknown; after them the answer is definite
FAILING = timedelta(minutes=15)  # after the last of them; then calls are sent again
SWEEP_EVERY = timedelta(hours=1)
SWEPT_AT_ONCE = 100
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class AppointmentRecord:
    """A request for an appointment, or an appointment.

    `state`: sent (perhaps made), made, cancelled. `appointment` is Graph's id, once it is known. `at` is the last
    change, `until` when the row may go. `failures`: calls in a row whose outcome stayed unknown. `online`: this request
    made the meeting online.
    """

    id: str
    state: str = "sent"
    at: datetime | None = None
    until: datetime | None = field(default=None, metadata=compared())
    appointment: str = ""
    online: bool = False
    failures: int = 0
    etag: str = ""

    def is_maker_of(self, appointment: Appointment) -> bool:
        """Return whether an appointment is the one of this request, and not a later one of other people.

        A request whose outcome was unknown may have made what was created at the time of its call.
        """
        if self.appointment or self.state != "sent" or self.at is None or appointment.created is None:
            return self.appointment in ("", appointment.id)
        return abs(appointment.created - self.at) < UNSEEN

    def was_sent_at(self, moment: datetime | None) -> bool:
        """Return whether the call of this request, whose outcome is unknown, was made about at a moment."""
        if self.state != "sent" or self.appointment or self.at is None or moment is None:
            return False
        return abs(moment - self.at) < CALL


class AppointmentRecords:
    """The rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(
        self, table: Callable[[], TableClient], now: Callable[[], datetime], identifiers: Derive = as_before
    ) -> None:
        self._rows: Table[AppointmentRecord] = Table(table, AppointmentRecord, "appointment")
        self._now = now
        self._identifiers = identifiers
        self._swept: datetime | None = None

    def key_of_request(self, caller: str, *parts: str) -> str:
        """Return the key of what a caller asks for: another caller has another one."""
        return self._identifiers("bookings", caller, *parts) or _plain_key(caller, *parts)

    def of_request(self, caller: str, *parts: str) -> AppointmentRecord | None:
        """Return the row of what a caller asks for, also from before the deployment had a secret for keys."""
        keys = dict.fromkeys((self.key_of_request(caller, *parts), _plain_key(caller, *parts)))
        return next((row for row in map(self.find, keys) if row is not None), None)

    def key_of(self, business: str, seat: Seat) -> str:
        """Return the key of an appointment, or of one customer's seat in it."""
        return lease_id_of("\n".join(("appointment", business.lower(), seat.appointment, seat.customer)))

    def find(self, key: str) -> AppointmentRecord | None:
        """Return a row, or None. A row that cannot be read raises ServiceUnavailable: it exists."""
        return self._rows.get(key)

    def write(self, key: str, ends: datetime, **changes: Any) -> AppointmentRecord:
        """Write fields of a row, which may go KEPT after `ends`."""
        self._sweep()
        fields = {"at": self._now(), "until": ends + KEPT, **changes}
        for _ in range(_ATTEMPTS):
            row = self.find(key)
            written = self._rows.insert(AppointmentRecord(key, **fields)) if row is None else None
            written = self._rows.change(row, **fields) if row is not None else written
            if written is not None:
                return written
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def count_failure(self, key: str, ends: datetime, **changes: Any) -> None:
        """Count a call whose outcome stayed unknown."""
        row = self.find(key)
        self.write(key, ends, failures=(row.failures if row else 0) % ROUNDS + 1, **changes)

    def is_failing(self, row: AppointmentRecord | None) -> bool:
        """Return whether ROUNDS calls in a row had no outcome, so that no more is sent for a while."""
        return row is not None and row.failures >= ROUNDS and self._age(row) < FAILING

    def may_be_unseen(self, row: AppointmentRecord | None) -> bool:
        """Return whether the appointment was made so recently that Bookings may not show it yet."""
        return row is not None and row.state == "made" and self._age(row) < UNSEEN

    def is_cancelled(self, business: str, seat: Seat) -> bool:
        """Return whether the relay cancelled a seat, or the whole appointment."""
        keys = {self.key_of(business, seat), self.key_of(business, replace(seat, customer=""))}
        rows = [self.find(key) for key in keys]
        return any(row is not None and row.state == "cancelled" for row in rows)

    def forget(self, key: str) -> None:
        """Delete a row."""
        row = self.find(key)
        if row is not None:
            self._rows.delete(row)

    def _age(self, row: AppointmentRecord) -> timedelta:
        return self._now() - (row.at or self._now())

    def _sweep(self) -> None:
        """Delete rows that may go: some at a time, at most once in SWEEP_EVERY."""
        now = self._now()
        if self._swept is not None and now - self._swept < SWEEP_EVERY:
            return
        self._swept = now
        with suppress(ServiceUnavailable):
            ended = self._rows.select("until lt @now", {"now": text_of(now)})
            for _, row in zip(range(SWEPT_AT_ONCE), ended, strict=False):
                if not isinstance(row, Unreadable):
                    self._rows.delete(row)


def _plain_key(caller: str, *parts: str) -> str:
    return lease_id_of("\n".join(("asked", caller, *parts)))
