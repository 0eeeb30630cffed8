"""The customer's plug-ins: they change a booking's times, at once or a moment later, or refuse a write.

Dataverse: Event framework (synchronous steps run within the save, asynchronous ones after it); InvalidPluginExecution
Exception is answered as 400 with IsvAborted.
"""

from datetime import datetime, timedelta
from typing import Any

from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import ABORTED, ApiError
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.played.background import Background
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Actor, Write

TIMES = ("starttime", "endtime")


class Plugin:
    """One plug-in of bookings. `times`: how many writes it still meets, None for all.

    `shift_seconds` moves start and end, at once or (`later`) some seconds after the save, as another user; `back` puts
    the former times back, as a rule of the customer's does; `refuse` is the text of a refusal.
    """

    def __init__(self, organization: Organization, background: Background, *, shift_seconds: float = 0.0,
                 later: float | None = None, back: bool = False, refuse: str | None = None,
                 times: int | None = None) -> None:  # fmt: skip
        self._organization, self._background = organization, background
        self.shift_seconds, self.later, self.back, self.refuse, self.times = shift_seconds, later, back, refuse, times
        self.met = 0

    def before(self, table: Table, columns: dict[str, Any], row: Row | None, actor: Actor) -> dict[str, Any]:
        """Return the columns as this plug-in leaves them. Raises ApiError (400) when it refuses."""
        if not self._meets(table, columns, actor):
            return columns
        self.met += 1
        if self.refuse is not None:
            raise ApiError(400, ABORTED, self.refuse)
        if self.later is not None:
            return columns
        if self.back and row is not None:
            return {**columns, **{name: row[name] for name in TIMES if name in columns}}
        return {**columns, **self._shifted(columns)}

    def follow(self, write: Write) -> None:
        """Write the shift after the save, if this plug-in is asynchronous."""
        if self.later is not None and write.after is not None and self._meets(write.table, write.columns, write.actor):
            self._background.later(self.later, lambda: self._shift(write))

    def _meets(self, table: Table, columns: dict[str, Any], actor: Actor) -> bool:
        is_write_of_times = table.name == "bookableresourcebooking" and any(name in columns for name in TIMES)
        return is_write_of_times and actor.depth == 1 and (self.times is None or self.met < self.times)

    def _shift(self, write: Write) -> None:
        row = self._organization.rows.get(write.table.name, write.row_id)
        if row is not None:
            actor = Actor(self._organization.ids["user:fieldservice"], depth=2)
            self._organization.writer.update(write.table, row, self._shifted(row), actor)

    def _shifted(self, columns: dict[str, Any]) -> dict[str, Any]:
        step = timedelta(seconds=self.shift_seconds)
        return {name: columns[name] + step for name in TIMES if isinstance(columns.get(name), datetime)}
