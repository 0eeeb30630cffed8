"""Which times of a mailbox are given to which booking: a row for the booking and one for every five minutes it takes.

All rows of a mailbox lie in one partition, so that a booking takes its times in one transaction: all of them or none.
Two who want a minute in common meet there, whatever Graph answers to whom. Titles and customers are never stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableClient

State = Literal["claimed", "booked", "moving", "ending", "ended"]
CELL = timedelta(minutes=5)
LONGEST = timedelta(hours=8)  # 96 rows and the booking's own: a transaction takes a hundred
_ID = re.compile(r"[0-9a-f]{32}")
_CONFLICTS = (404, 409, 412)  # somebody was there before, or has changed it meanwhile
Operation = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking of a mailbox; moments are in UTC.

    `state` is claimed (its times are taken, its event may not be there yet), booked, moving (to `to_start`), ending
    (its event is being removed) or ended (it holds no time any more; its event may still come late); `since` is when
    it became so. `transaction` is what Graph knows the making of its event by. `holds` says whether it has rows for
    its times: not when people moved its event in Outlook.
    """

    id: str
    mailbox: str
    start: datetime
    end: datetime
    since: datetime
    transaction: str
    state: State = "claimed"
    event_id: str = ""
    holds: bool = True
    to_start: datetime | None = None
    to_end: datetime | None = None
    etag: str = ""


_NAMES = [field.name for field in fields(Booking) if field.name != "etag"]
_MOMENTS = ("start", "end", "since", "to_start", "to_end")


class SlotBookings:
    """The table. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def get(self, mailbox: str, booking_id: str) -> Booking | None:
        """Return a booking of a mailbox, or None; for what cannot be the id of one, too."""
        from azure.core.exceptions import ResourceNotFoundError

        if not _ID.fullmatch(booking_id):
            return None
        with storage_errors():
            try:
                return _booking(self._table().get_entity(_partition(mailbox), booking_id))
            except ResourceNotFoundError:
                return None

    def claim(self, booking: Booking) -> Booking | None:
        """Take a new booking's times; None when one of them is taken, or there is a booking with this id."""
        return self._submit([("create", _row(booking)), *_cells("create", booking, _times(booking))], booking)

    def change(self, booking: Booking, **changes: Any) -> Booking | None:
        """Change a booking as it was read, and take and give back times; None when somebody was there before."""
        changed = replace(booking, **changes)
        before, after = _times(booking), _times(changed)
        operations = [("update", _row(changed), _if_unchanged(booking)), *_cells("create", booking, after - before),
                      *_cells("delete", booking, before - after)]  # fmt: skip
        return self._submit(operations, changed)

    def remove(self, booking: Booking) -> bool:
        """Forget a booking as it was read, and give back its times; False when somebody changed it meanwhile."""
        operations = [("delete", _row(booking), _if_unchanged(booking)), *_cells("delete", booking, _times(booking))]
        return self._submit(operations, booking) is not None

    def holders(self, mailbox: str, start: datetime, end: datetime) -> list[Booking]:
        """Return the bookings that hold times from `start` on and before `end`."""
        rule = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last"
        names = {"partition": _partition(mailbox), "first": _cell_key(start), "last": _cell_key(end)}
        with storage_errors():
            ids = dict.fromkeys(str(row["booking"]) for row in self._table().query_entities(rule, parameters=names))
        bookings = (self.get(mailbox, booking_id) for booking_id in ids)
        return [booking for booking in bookings if booking is not None]

    def since(self, mailbox: str, moment: datetime) -> list[Booking]:
        """Return the bookings of a mailbox that were made or changed at a moment or later."""
        rule = "PartitionKey eq @partition and since ge @moment"
        return list(self._query(rule, {"partition": _partition(mailbox), "moment": _stored(moment)}))

    def unfinished(self) -> Iterator[Booking]:
        """Yield every booking that is not simply booked."""
        yield from self._query("state eq 'claimed' or state eq 'moving' or state eq 'ending' or state eq 'ended'", {})

    def before(self, moment: datetime) -> Iterator[Booking]:
        """Yield the bookings whose end is earlier than a moment."""
        yield from self._query("end lt @moment and state eq 'booked'", {"moment": _stored(moment)})

    def _query(self, rule: str, names: dict[str, str]) -> Iterator[Booking]:
        with storage_errors():
            yield from [_booking(row) for row in self._table().query_entities(rule, parameters=names)]

    def _submit(self, operations: list[Operation], booking: Booking) -> Booking | None:
        from azure.data.tables import TableTransactionError

        with storage_errors():
            try:
                responses = self._table().submit_transaction(operations)
            except TableTransactionError as error:
                if error.status_code not in _CONFLICTS:
                    raise
                return None
        return replace(booking, etag=str(responses[0].get("etag", "")))


def _partition(mailbox: str) -> str:
    """Return the partition of a mailbox: its address may hold characters that keys must not."""
    return hashlib.sha256(mailbox.lower().encode()).hexdigest()[:32]


def _times(booking: Booking) -> set[str]:
    """Return the keys of the times that a booking holds."""
    if booking.state == "ended":
        return set()
    keys = set(_keys(booking.start, booking.end)) if booking.holds else set()
    return keys | set(_keys(booking.to_start, booking.to_end) if booking.to_start and booking.to_end else ())


def _keys(start: datetime, end: datetime) -> Iterator[str]:
    while start < end:
        yield _cell_key(start)
        start += CELL


def _cell_key(moment: datetime) -> str:
    return f"at-{moment.astimezone(UTC):%Y-%m-%dT%H%M}"


def _cells(verb: str, booking: Booking, keys: set[str]) -> list[Operation]:
    """Return the operations on rows of times, in their order."""
    common = {"PartitionKey": _partition(booking.mailbox), "booking": booking.id}
    return [(verb, {**common, "RowKey": key}) for key in sorted(keys)]


def _if_unchanged(booking: Booking) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": booking.etag, "match_condition": MatchConditions.IfNotModified}


def _row(booking: Booking) -> dict[str, Any]:
    row: dict[str, Any] = {"PartitionKey": _partition(booking.mailbox), "RowKey": booking.id}
    values = {name: getattr(booking, name) for name in _NAMES}
    return row | values | {name: _stored(values[name]) for name in _MOMENTS}


def _booking(row: Any) -> Booking:
    values = {name: row[name] for name in _NAMES}
    values |= {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _MOMENTS}
    return Booking(**values, etag=str(row.metadata["etag"]))


def _stored(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
