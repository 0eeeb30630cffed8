"""The followed appointments: what Bookings last showed of each, and what the partner has. Ids, times and hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from shared.storage.table import Table, compared, text_of
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

Status = Literal["booked", "cancelled"]


@dataclass(frozen=True, slots=True)
class FollowedAppointment:
    """An appointment of a followed business.

    - `business`: its address in lower case. `appointment`: Graph's id. `staff`: the ids of its staff, one a line.
    - `shown`: the fingerprint of the state that these columns hold, `number` counts the states, `changed` is when this
      one was read.
    - `taken`: the fingerprint of the state that the partner has, empty for none. `tried`: that of a state that it may
      have, because a delivery of it had no answer.
    - `due`: when the next delivery may be offered; None if none is. `attempts`: the failed ones of this state.
      `is_dead`: its delivery is a dead letter.
    - `missing_since`: when Graph first said that there is no such appointment. `read_at`: the last reading by id.
    """

    id: str
    business: str
    appointment: str
    service: str = ""
    staff: str = ""
    start: datetime | None = None
    end: datetime | None = None
    status: Status = "booked"
    shown: str = ""
    number: int = 0
    changed: datetime | None = None
    taken: str = ""
    tried: str = ""
    due: datetime | None = field(default=None, metadata=compared())
    attempts: int = 0
    is_dead: bool = False
    missing_since: datetime | None = None
    read_at: datetime | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class FollowedBusiness:
    """A followed business. `baseline_at`: when its first reading began, which told nothing; `read_at`: the last reading
    of its whole calendar view; `failing_since` and `error`: since when and why it cannot be read.
    """

    id: str
    business: str
    baseline_at: datetime | None = None
    read_at: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    etag: str = ""


def row_id(business: str, appointment: str = "") -> str:
    """Return the key of a row: 32 hex digits of a business, or of one of its appointments."""
    return hashlib.sha256(f"{business.lower()}\n{appointment}".encode("utf-8", "replace")).hexdigest()[:32]


class FollowedAppointments(Table[FollowedAppointment]):
    """The rows of appointments. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, FollowedAppointment, "appointment")

    def of(self, business: str, appointment: str) -> FollowedAppointment | Unreadable | None:
        """Return the row of an appointment, what stands for an unreadable one, or None."""
        return self.find(row_id(business, appointment))

    def put(
        self, before: FollowedAppointment | Unreadable | None, after: FollowedAppointment
    ) -> FollowedAppointment | None:
        """Write a row as it became, and return it; None if it was changed since `before` was read."""
        if before is None:
            return self.insert(after)
        if isinstance(before, Unreadable):
            return self.overwrite(replace(after, etag=before.etag))
        names = (each.name for each in fields(before) if each.name != "etag")
        changes = {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}
        return self.change(before, **changes) if changes else before

    def due(self, now: datetime) -> Iterator[FollowedAppointment]:
        """Yield the rows whose next delivery may be offered now."""
        rows = self.select("due gt @none and due le @now", {"none": "", "now": text_of(now)})
        return (row for row in rows if isinstance(row, FollowedAppointment))

    def waiting(self) -> Iterator[FollowedAppointment]:
        """Yield the rows whose delivery is still to come."""
        rows = self.select("due gt @none", {"none": ""})
        return (row for row in rows if isinstance(row, FollowedAppointment))


class FollowedBusinesses(Table[FollowedBusiness]):
    """The rows of businesses. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, FollowedBusiness, "business")
