"""Slot bookings: one row for the booking, and one (a cell) for every five minutes that it occupies.

All rows of a mailbox share a partition, so a booking claims its cells in one transaction: all or none. Overlapping
bookings conflict there, independently of Graph. Titles and customers are never stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from shared.errors import ServiceUnavailable
from shared.storage.connection import storage_errors
from shared.unreadable_rows import ERRORS, SIGHTINGS, Unreadable, checked, moment_in

if TYPE_CHECKING:
    from azure.data.tables import TableClient

State = Literal["claimed", "booked", "moving", "ending", "ended"]
CELL = timedelta(minutes=5)
LONGEST = timedelta(hours=8)  # 96 cells and the booking's row
MOST_OPERATIONS = 100  # in one transaction ("Performing entity group transactions")
_ID = re.compile(r"[0-9a-f]{32}")
_CONFLICTS = (404, 409, 412)  # a cell is taken, or the booking changed since it was read
Operation = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """A slot booking of a mailbox. Times are in UTC.

    `state` is claimed (its cells are taken, its event may not exist yet), booked, moving (to `to_start`), ending (its
    event is being deleted) or ended (it has no cells; a delayed create may still produce its event); `since` is when
    that state began. `transaction` is the event's transactionId at Graph. `holds` is whether it has cells for its
    times; it has none when the event was moved in Outlook. `content_hash` is a keyed hash of what the call with an
    Idempotency-Key asked for; empty without one, and in rows of earlier versions.
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
    content_hash: str = ""
    etag: str = ""


_NAMES = [field.name for field in fields(Booking) if field.name != "etag"]
_NEW_NAMES = {"content_hash": ""}  # columns that rows of earlier versions lack, with their values there
_MOMENTS = ("start", "end", "since", "to_start", "to_end")


class SlotBookings:
    """The table of slot bookings. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def get(self, mailbox: str, booking_id: str) -> Booking | None:
        """Return a booking of a mailbox, or None if there is none or the id is malformed. An unreadable row raises."""
        return _readable(self._find(mailbox, booking_id))

    def first(self, mailbox: str, booking_ids: Sequence[str]) -> Booking | None:
        """Return the booking with the first of these ids that exists, by a single reading of the table."""
        names = {f"id{number}": booking_id for number, booking_id in enumerate(booking_ids)}
        either = " or ".join(f"RowKey eq @{name}" for name in names)
        rule = f"PartitionKey eq @partition and ( {either} )"  # the SDK finds parameters by the spaces around them
        names["partition"] = partition_of(mailbox)
        with storage_errors():
            found = {row["RowKey"]: _booking(row) for row in self._table().query_entities(rule, parameters=names)}
        return _readable(next((found[booking_id] for booking_id in booking_ids if booking_id in found), None))

    def _find(self, mailbox: str, booking_id: str) -> Booking | Unreadable | None:
        from azure.core.exceptions import ResourceNotFoundError

        if not _ID.fullmatch(booking_id):
            return None
        with storage_errors():
            try:
                return _booking(self._table().get_entity(partition_of(mailbox), booking_id))
            except ResourceNotFoundError:
                return None

    def claim(self, booking: Booking) -> Booking | None:
        """Store a new booking and its cells. Return None when a cell is taken or the id exists."""
        return self._submit([("create", _row(booking)), *_cells("create", booking, _times(booking))], booking)

    def change(self, booking: Booking, **changes: Any) -> Booking | None:
        """Change a booking, and claim and release cells accordingly.

        Return None when a new cell is taken or the booking has changed since it was read. If it releases both times of
        a move, a call that ends half way leaves a booking without the new time.
        """
        changed = replace(booking, **changes)
        before, after = _times(booking), _times(changed)
        if len(before ^ after) >= MOST_OPERATIONS and booking.to_start and not changed.to_start:
            released = self._release_new_time(booking)
            return self.change(released, **changes) if released else None
        row = _row(changed) | {name: changes[name] for name in _NEW_NAMES if name in changes}
        operations = [("update", row, _if_unchanged(booking)), *_cells("create", booking, after - before),
                      *_cells("delete", booking, before - after)]  # fmt: skip
        return self._submit(operations, changed)

    def remove(self, booking: Booking) -> bool:
        """Delete a booking and its cells, as `change` does. Return False when it has changed since it was read."""
        times = _times(booking)
        if len(times) >= MOST_OPERATIONS and booking.to_start:
            released = self._release_new_time(booking)
            return released is not None and self.remove(released)
        operations = [("delete", _row(booking), _if_unchanged(booking)), *_cells("delete", booking, times)]
        return self._submit(operations, booking) is not None

    def _release_new_time(self, booking: Booking) -> Booking | None:
        """Release the new time of a move alone: the cells of two times may not fit into one transaction."""
        return self.change(booking, to_start=None, to_end=None)

    def holders(self, mailbox: str, start: datetime, end: datetime) -> list[Booking]:
        """Return the bookings with cells from `start` (inclusive) to `end` (exclusive), if they can be read.

        An unreadable one keeps its cells, so its times stay taken. So does a cell that names no booking.
        """
        rule = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last"
        names = {"partition": partition_of(mailbox), "first": _cell_key(start), "last": _cell_key(end)}
        with storage_errors():
            rows = list(self._table().query_entities(rule, parameters=names))
        ids = dict.fromkeys(booking for row in rows if isinstance(booking := row.get("booking"), str))
        bookings = (self._find(mailbox, booking_id) for booking_id in ids)
        return [booking for booking in bookings if isinstance(booking, Booking)]

    def since(self, mailbox: str, moment: datetime) -> list[Booking]:
        """Return the bookings of a mailbox whose state began at `moment` or later."""
        rule = "PartitionKey eq @partition and since ge @moment"
        return list(self._query(rule, {"partition": partition_of(mailbox), "moment": _stored(moment)}))

    def rows(self) -> Iterator[Booking | Unreadable]:
        """Yield every booking, and in their places what stands for unreadable ones."""
        with storage_errors():
            for row in self._table().query_entities("state ne ''"):
                yield _booking(row)

    def unfinished(self) -> Iterator[Booking]:
        """Yield every booking in another state than booked."""
        yield from self._query("state eq 'claimed' or state eq 'moving' or state eq 'ending' or state eq 'ended'", {})

    def before(self, moment: datetime) -> Iterator[Booking]:
        """Yield the bookings in the state booked that end before `moment`."""
        yield from self._query("end lt @moment and state eq 'booked'", {"moment": _stored(moment)})

    def _query(self, rule: str, names: dict[str, str]) -> Iterator[Booking]:
        """Yield the bookings that can be read. None of the callers concludes anything from one that is missing."""
        with storage_errors():
            bookings = [_booking(row) for row in self._table().query_entities(rule, parameters=names)]
        yield from (booking for booking in bookings if isinstance(booking, Booking))

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


def partition_of(mailbox: str) -> str:
    """Return the partition of a mailbox: a hash, because an address may hold characters that keys must not."""
    return hashlib.sha256(mailbox.lower().encode()).hexdigest()[:32]


def _times(booking: Booking) -> set[str]:
    """Return the keys of a booking's cells."""
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
    """Return operations on cells, in the order of their keys."""
    common = {"PartitionKey": partition_of(booking.mailbox), "booking": booking.id}
    return [(verb, {**common, "RowKey": key}) for key in sorted(keys)]


def _if_unchanged(booking: Booking) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": booking.etag, "match_condition": MatchConditions.IfNotModified}


def _row(booking: Booking) -> dict[str, Any]:
    row: dict[str, Any] = {"PartitionKey": partition_of(booking.mailbox), "RowKey": booking.id}
    values = {name: getattr(booking, name) for name in _NAMES}
    values = {name: value for name, value in values.items() if name not in _NEW_NAMES or value != _NEW_NAMES[name]}
    return row | values | {name: _stored(values[name]) for name in _MOMENTS}


def _booking(row: Any) -> Booking | Unreadable:
    try:
        row_values = _NEW_NAMES | {name: row[name] for name in _NAMES if name in row or name not in _NEW_NAMES}
        values = row_values | {name: moment_in(row[name]) for name in _MOMENTS} | {"id": str(row["RowKey"])}
        return _bounded(Booking(**checked(Booking, values), etag=str(row.metadata["etag"])))
    except ERRORS:
        return SIGHTINGS.saw("slots", "booking", row)


def _bounded(booking: Booking) -> Booking:
    """Return a booking. Raises ValueError if it would have more cells than a transaction takes: its times are wrong."""
    spans = [(booking.to_start, booking.to_end)] + ([(booking.start, booking.end)] if booking.holds else [])
    if any(end - start > LONGEST for start, end in spans if start is not None and end is not None):
        raise ValueError("a booking longer than any")
    return booking


def _readable(booking: Booking | Unreadable | None) -> Booking | None:
    """Return a booking. Raises ServiceUnavailable if this version cannot read it."""
    if isinstance(booking, Unreadable):
        raise ServiceUnavailable("storage", f"holds a slot booking that this version cannot read: {booking.key}")
    return booking


def _stored(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
