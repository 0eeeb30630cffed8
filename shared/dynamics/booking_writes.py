"""Writes rows of bookableresourcebookings, each with a condition and with the relay's tag.

Pages: "Create a table row using the Web API" (a PATCH makes what does not exist), "Perform conditional operations using
the Web API", "Optional parameters" (the tag, which steps find in SharedVariables), "Associate and disassociate table
rows" (@odata.bind, whose names are case-sensitive).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.dynamics.booking_rows import SET, BookingRows
from shared.dynamics.client import REQUEST_ID, DynamicsClient
from shared.dynamics.errors import DynamicsUnavailable
from shared.utc import format_utc

TAG = "calendar-relay"
REPRESENTATION = {"Prefer": "return=representation"}
SOLID = 1  # bookingtype
MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What is written of a booking; None: it stays as it is. Times are in UTC. Lookups are ids.

    `owner`: a set of rows and an id, such as `teams(…)`.
    """

    name: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    resource: str | None = None
    status: str | None = None
    owner: str | None = None

    def body(self) -> dict[str, Any]:
        """Return the JSON. Nothing says that Dataverse derives the duration, so it goes with the times."""
        found: dict[str, Any] = {} if self.name is None else {"name": self.name}
        if self.start is not None and self.end is not None:
            minutes = int((self.end - self.start).total_seconds()) // MINUTE
            found |= {"starttime": format_utc(self.start), "endtime": format_utc(self.end), "duration": minutes}
        if self.resource is not None:
            found["Resource@odata.bind"] = f"/bookableresources({self.resource})"
        if self.status is not None:
            found["BookingStatus@odata.bind"] = f"/bookingstatuses({self.status})"
        if self.owner is not None:
            found["ownerid@odata.bind"] = f"/{self.owner}"
        return found


class BookingWrites:
    """Makes and changes bookings. Every method raises DynamicsError, and returns the row as Dataverse answered."""

    def __init__(self, client: DynamicsClient, rows: BookingRows) -> None:
        self._client = client
        self._rows = rows

    def make(self, booking_id: str, columns: Columns, request_id: str) -> dict[str, Any]:
        """Make a booking with this id. Raises RowChanged if there is one already, whoever made it."""
        body = {**columns.body(), "bookingtype": SOLID}
        return self._patch(booking_id, body, {"If-None-Match": "*", REQUEST_ID: request_id})

    def change(self, booking_id: str, etag: str, columns: Columns, request_id: str) -> dict[str, Any]:
        """Change a booking of a version. Raises RowChanged if it has another by now, RowGone if it is deleted."""
        return self._patch(booking_id, columns.body(), {"If-Match": etag, REQUEST_ID: request_id})

    def _patch(self, booking_id: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        answer = self._client.call(
            "PATCH", f"{SET}({booking_id})", params=self._params(), body=body, headers={**headers, **REPRESENTATION}
        )
        if "@odata.etag" not in answer:  # the write may have happened: the next look tells
            raise DynamicsUnavailable(200)
        return answer

    def _params(self) -> dict[str, str]:
        return {"tag": TAG, "$select": self._rows.select}
