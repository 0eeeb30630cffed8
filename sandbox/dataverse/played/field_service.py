"""Field Service: what it writes after a booking was saved, as another user, some seconds later.

Field Service: Work order and booking statuses; Complete work orders on mobile. A cancelled booking puts its work order
back to Unscheduled; Traveling and In Progress move the end, Completed ends it now. With a crew, changes of time and
status go to the sister bookings of the same header.
"""

from datetime import datetime, timedelta
from typing import Any

from sandbox.dataverse.booking_tables import CANCELED, COMPLETED, IN_PROGRESS, TRAVELING
from sandbox.dataverse.columns import Table
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.played.background import Background
from sandbox.dataverse.privileges import require
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Actor, Write

BOOKING = "bookableresourcebooking"
UNSCHEDULED = 690970000
CASCADED = ("starttime", "endtime", "duration", "bookingstatus")
CANCELLED_STATUS = 3
TRAVEL_MINUTES = 20


class FieldService:
    """Follows the writes of bookings."""

    def __init__(self, organization: Organization, background: Background) -> None:
        self._organization, self._background = organization, background

    def before(self, table: Table, columns: dict[str, Any], _row: Row | None, actor: Actor) -> dict[str, Any]:
        """Raise ApiError (403) when the caller lacks a privilege that a change of status needs."""
        is_change = table.name == BOOKING and "bookingstatus" in columns and actor.depth == 1
        if is_change and self._organization.field_service:
            timestamps = self._organization.tables["msdyn_bookingtimestamp"]
            require(self._organization, actor.user_id, timestamps, "Create")
        return columns

    def follow(self, write: Write) -> None:
        """Write what follows from a write of a booking: never from a write of its own."""
        is_of_booking = write.table.name == BOOKING and write.after is not None
        if not is_of_booking or not self._organization.field_service or write.actor.depth > 1:
            return
        low, high = self._organization.settings.field_service_seconds
        if write.columns.get("bookingstatus") is not None:
            self._note_timestamp(write)
            if self._matters(self._status(write.columns["bookingstatus"])):
                self._later(low, high, write, self._status_changed)
        if (write.after or {}).get("msdyn_workorder"):
            self._later(low, high, write, self._estimate_travel)
        if (write.after or {}).get("msdyn_cascadecrewchanges") and write.message == "Update":
            self._later(low, high, write, self._cascade)

    def _matters(self, status: Row) -> bool:
        kinds = (TRAVELING, IN_PROGRESS, COMPLETED, CANCELED)
        return status.get("msdyn_fieldservicestatus") in kinds or status.get("status") == CANCELLED_STATUS

    def _later(self, low: float, high: float, write: Write, work: Any) -> None:
        delay = self._organization.random.uniform(low, high)
        self._background.later(delay, lambda: work(write))

    def _note_timestamp(self, write: Write) -> None:
        status = self._status(write.columns["bookingstatus"])
        self._organization.writer.create(
            self._organization.tables["msdyn_bookingtimestamp"],
            {"msdyn_booking": write.row_id, "msdyn_timestamptime": self._now(),
             "msdyn_systemstatus": status.get("msdyn_fieldservicestatus")},
            Actor(write.actor.user_id, depth=2),
        )  # fmt: skip

    def _status_changed(self, write: Write) -> None:
        """Move a booking's times as its new status demands, or put its work order back."""
        row, status = self._row(write), self._status(write.columns["bookingstatus"])
        if row is None:
            return
        kind, now = status.get("msdyn_fieldservicestatus"), self._now()
        end = now + timedelta(minutes=int(row["duration"]))
        changes: dict[str, Any] = {
            TRAVELING: {"starttime": now, "endtime": end},
            IN_PROGRESS: {"endtime": end, "msdyn_actualarrivaltime": now},
            COMPLETED: {"endtime": max(now, row["starttime"])},
        }.get(kind if isinstance(kind, int) else 0, {})
        if changes:
            self._update(row, changes)
        if (kind == CANCELED or status.get("status") == CANCELLED_STATUS) and row.get("msdyn_workorder"):
            self._unschedule(str(row["msdyn_workorder"]))

    def _unschedule(self, work_order: str) -> None:
        table = self._organization.tables["msdyn_workorder"]
        row = self._organization.rows.get(table.name, work_order)
        if row is not None:
            self._organization.writer.update(table, row, {"msdyn_systemstatus": UNSCHEDULED}, self._actor())

    def _estimate_travel(self, write: Write) -> None:
        """Write the travel in two updates, as one save gives several."""
        if (row := self._row(write)) is not None:
            row = self._update(row, {"msdyn_estimatedtravelduration": TRAVEL_MINUTES})
            self._update(row, {"msdyn_estimatedarrivaltime": row["starttime"] + timedelta(minutes=TRAVEL_MINUTES)})

    def _cascade(self, write: Write) -> None:
        changes = {name: write.columns[name] for name in CASCADED if name in write.columns}
        row = self._row(write)
        if row is None or not changes or not row.get("header"):
            return
        for sister in list(self._organization.rows.of(BOOKING).values()):
            if sister.get("header") == row["header"] and sister["bookableresourcebookingid"] != write.row_id:
                self._update(sister, changes)

    def _update(self, row: Row, changes: dict[str, Any]) -> Row:
        return self._organization.writer.update(self._organization.tables[BOOKING], row, changes, self._actor())

    def _actor(self) -> Actor:
        return Actor(self._organization.ids["user:fieldservice"], depth=2)

    def _row(self, write: Write) -> Row | None:
        return self._organization.rows.get(BOOKING, write.row_id)

    def _status(self, status_id: Any) -> Row:
        return self._organization.rows.get("bookingstatus", str(status_id)) or {}

    def _now(self) -> datetime:
        return self._organization.clock.now().replace(microsecond=0)
