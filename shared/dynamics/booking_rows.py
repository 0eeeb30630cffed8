"""Reads rows of bookableresourcebookings: one by its id, those of a resource, and what changed ("Use change tracking to
synchronize data with external systems").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.dynamics.client import DynamicsClient, rows_of
from shared.dynamics.errors import TOKEN_EXPIRED, TRACKING_OFF, DynamicsRejected
from shared.utc import format_utc

SET, KEY = "bookableresourcebookings", "bookableresourcebookingid"
PLAIN = (
    KEY, "name", "starttime", "endtime", "_resource_value", "_bookingstatus_value", "bookingtype", "statecode",
    "versionnumber", "_createdby_value", "_ownerid_value", "_header_value",
)  # fmt: skip
# Columns of Field Service and its relatives, which not every organization has
ADDED = (
    "_msdyn_workorder_value", "_msdyn_resourcerequirement_value", "_msdyn_projectid_value",
    "msdyn_cascadecrewchanges",
)  # fmt: skip
_TRACKED = ",".join(
    (KEY, "_resource_value", "starttime", "endtime", "_bookingstatus_value", "statecode", "versionnumber")
)
_NO_SUCH_COLUMN = frozenset({"0x80060888", "0x80048d19"})
FRESH = timedelta(minutes=5)  # afterwards all columns are asked for again: a solution that adds some may be installed


@dataclass(frozen=True)
class ChangedRows:
    """A page of a walk: changed rows, ids of deleted ones, and the link to go on with, or that of the next walk."""

    rows: tuple[dict[str, Any], ...]
    deleted: tuple[str, ...]
    next_link: str = ""
    delta_link: str = ""


class BookingRows:
    """Reads bookings. Every method raises DynamicsError."""

    def __init__(self, client: DynamicsClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._columns: tuple[str, ...] = PLAIN + ADDED
        self._checked_at: datetime | None = None

    @property
    def select(self) -> str:
        """The columns that this organization has, as far as a reading has told."""
        return ",".join(self._columns)

    def get(self, booking_id: str) -> dict[str, Any]:
        """Return a row. Raises RowGone if it does not exist: no list ever says that."""
        path = f"{SET}({booking_id})"
        row: dict[str, Any] = self._selected(lambda select: self._client.call("GET", path, params={"$select": select}))
        return row

    def of_resource(self, resource_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the bookings of a resource that overlap a time."""
        times = f"starttime lt {format_utc(end)} and endtime gt {format_utc(start)}"
        rule = f"_resource_value eq {resource_id} and {times}"

        def listed(select: str) -> list[dict[str, Any]]:
            return list(self._client.pages(SET, {"$select": select, "$filter": rule}))

        return iter(self._selected(listed))

    def created_since(self, moment: datetime) -> list[dict[str, Any]]:
        """Return the bookings of all resources that were made since a moment, each with its createdon."""
        rule = f"createdon ge {format_utc(moment)}"

        def listed(select: str) -> list[dict[str, Any]]:
            return list(self._client.pages(SET, {"$select": f"{select},createdon", "$filter": rule}))

        rows: list[dict[str, Any]] = self._selected(listed)
        return rows

    def written_by_others(self, resource_id: str, user_id: str, since: datetime) -> list[str]:
        """Return the ids of the bookings of a resource that another user than this one wrote last, since a moment."""
        rule = (
            f"_resource_value eq {resource_id} and modifiedon ge {format_utc(since)} and _modifiedby_value ne {user_id}"
        )
        return [str(row[KEY]) for row in self._client.pages(SET, {"$select": KEY, "$filter": rule})]

    def changed(self, link: str = "") -> ChangedRows:
        """Return a page of what changed since a link was given; without a link, the first page of all rows.

        Raises DynamicsRejected: see `is_expired` and `is_untracked`.
        """
        params = None if link else {"$select": _TRACKED}
        page = self._client.page(link or SET, params, "odata.track-changes")
        items = rows_of(page)
        deleted = tuple(str(item["id"]) for item in items if item.get("reason") == "deleted" and "id" in item)
        rows = tuple(item for item in items if "reason" not in item)
        return ChangedRows(rows, deleted, *(str(page.get(f"@odata.{each}Link") or "") for each in ("next", "delta")))

    def modified(self, since: datetime) -> Iterator[dict[str, Any]]:
        """Yield the rows that were changed since a moment; deletions are not among them."""
        return self._client.pages(SET, {"$select": _TRACKED, "$filter": f"modifiedon ge {format_utc(since)}"})

    def _selected(self, read: Any) -> Any:
        """Read with all columns, or without those that this organization does not have, each asked for by itself.

        A work order that is not read would look like none, and its visit could be canceled.
        """
        is_known = self._checked_at is not None and self._now() - self._checked_at < FRESH
        columns = self._columns if is_known else PLAIN + ADDED
        try:
            return read(",".join(columns))
        except DynamicsRejected as error:
            if not _is_unknown_column(error):
                raise
        columns = PLAIN + tuple(each for each in ADDED if self._has_column(each))
        answer = read(",".join(columns))
        self._columns, self._checked_at = columns, self._now()
        return answer

    def _has_column(self, name: str) -> bool:
        try:
            self._client.call("GET", SET, params={"$select": name, "$top": "1"})
        except DynamicsRejected as error:
            if not _is_unknown_column(error):
                raise
            return False
        return True


def _is_unknown_column(error: DynamicsRejected) -> bool:
    return error.status == 400 and error.code in _NO_SUCH_COLUMN


def is_expired(error: DynamicsRejected) -> bool:
    """Return whether the link of a walk is too old, or of a time before the environment was restored."""
    return error.code == TOKEN_EXPIRED


def is_untracked(error: DynamicsRejected) -> bool:
    """Return whether change tracking is off for the table."""
    return error.code == TRACKING_OFF
