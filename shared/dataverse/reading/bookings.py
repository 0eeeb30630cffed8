"""Read a booking. A value that this version does not know makes it unreadable: nothing is concluded from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.dataverse.sides import GONE, NOT_FOLLOWED, Booking, BookingSide, Status, Unreadable, Why
from shared.dynamics.booking_rows import KEY, BookingRows
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsError, DynamicsRefused, RowGone, is_pause
from shared.utc import parse_utc

FRESH = timedelta(minutes=5)
SOLID = 1
_FIELD_SERVICE = {
    690970000: Status.COMMITTED, 690970001: Status.TRAVELING, 690970002: Status.ON_BREAK,
    690970003: Status.IN_PROGRESS, 690970004: Status.COMPLETED, 690970005: Status.ENDED,
}  # fmt: skip
_CLASSES = {1: Status.PROPOSED, 2: Status.COMMITTED, 3: Status.ENDED}
_CAUSES = ("_msdyn_workorder_value", "_msdyn_resourcerequirement_value", "_msdyn_projectid_value")
# The optimizer's status of a simulated plan has no column of its own that tells it from others ("Simulate an
# optimization run"): its name does, as the optimizer makes it.
_SIMULATION = "simulation"


@dataclass
class Statuses:
    """The classes of booking statuses by id, read at most every FRESH. Raises DynamicsError."""

    environment: Environment
    now: Callable[[], datetime]
    _read: tuple[datetime, dict[str, Status]] | None = field(default=None, init=False)

    def of(self, status_id: str) -> Status | None:
        """Return the class of a status, None if it is unknown."""
        if self._read is None or self.now() - self._read[0] >= FRESH or status_id not in self._read[1]:
            rows = self.environment.statuses()
            classes = ((str(row.get("bookingstatusid", "")).lower(), class_of(row)) for row in rows)
            self._read = (self.now(), {key: status for key, status in classes if status is not None})
        return self._read[1].get(status_id)


@dataclass(frozen=True)
class BookingReader:
    """Reads bookings by their ids, or all of a resource."""

    rows: BookingRows
    statuses: Statuses

    def read(self, booking_id: str, is_followed: Callable[[str], bool] | None = None) -> BookingSide:
        """Return a booking, GONE only for 404 with the code of a row that does not exist, or Unreadable.

        `is_followed`: says of a resource's id whether its bookings are wanted; one of another is NOT_FOLLOWED, so that
        its status, whatever it is, costs no call and no further attempt. Raises DynamicsUnavailable while Dataverse may
        not be called: that says nothing of the booking.
        """
        try:
            row = self.rows.get(booking_id)
            resource = row.get("_resource_value")
            if is_followed is not None and isinstance(resource, str) and resource and not is_followed(resource):
                return NOT_FOLLOWED
            return self.side_of(row)
        except RowGone:
            return GONE
        except DynamicsRefused as error:
            return Unreadable(Why.REFUSED, error.right)
        except DynamicsError as error:
            if is_pause(error):
                raise
            return Unreadable()

    def of_resource(self, resource_id: str, start: datetime, end: datetime) -> list[Booking]:
        """Return the bookings of a resource that overlap a time, without the unreadable. Raises DynamicsError."""
        sides = (self.side_of(row) for row in self.rows.of_resource(resource_id, start, end))
        return [side for side in sides if isinstance(side, Booking)]

    def side_of(self, row: Mapping[str, Any]) -> Booking | Unreadable:
        """Return the booking of a row. Raises DynamicsError if the statuses cannot be read."""
        status = self._status(row)
        try:
            causes = [str(row[name]) for name in _CAUSES if row.get(name)]
            return Booking(
                id=str(row[KEY]).lower(), etag=str(row["@odata.etag"]), resource=_id(row["_resource_value"]),
                start=parse_utc(row["starttime"]), end=parse_utc(row["endtime"]), status=_required(status),
                name=str(row.get("name") or ""), is_linked=bool(causes), is_solid=int(row["bookingtype"]) == SOLID,
                cascades=row.get("msdyn_cascadecrewchanges") is True, cause=causes[0] if causes else "",
                has_work_order=bool(row.get(_CAUSES[0])), header=str(row.get("_header_value") or "").lower(),
                created_by=str(row.get("_createdby_value") or "").lower(),
                owner=str(row.get("_ownerid_value") or "").lower(),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError):
            return Unreadable(Why.UNKNOWN_STATUS)

    def _status(self, row: Mapping[str, Any]) -> Status | None:
        state, status = row.get("statecode"), row.get("_bookingstatus_value")
        if state == 1:
            return Status.ENDED
        return self.statuses.of(str(status).lower()) if state == 0 and status else None


def class_of(row: Mapping[str, Any]) -> Status | None:
    """Return the class of a status; canceled (3) before what Field Service says."""
    status, of_field_service = row.get("status"), row.get("msdyn_fieldservicestatus")
    if status == 3:
        return Status.ENDED
    if str(row.get("name", "")).strip().lower() == _SIMULATION:
        return Status.SIMULATED
    if of_field_service in _FIELD_SERVICE and status == 2:
        return _FIELD_SERVICE[of_field_service]
    return _CLASSES.get(status) if isinstance(status, int) else None


def _required(status: Status | None) -> Status:
    if status is None:
        raise ValueError("an unknown status")
    return status


def _id(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a required lookup is empty")
    return value.lower()
