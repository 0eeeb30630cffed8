"""The customer's plug-ins: they change a booking's times, at once or a moment later, or refuse a write.

Dataverse: Event framework (synchronous steps run within the save, asynchronous ones after it); InvalidPluginExecution
Exception is answered as 400 with IsvAborted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import ABORTED, ApiError
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.played.background import Background
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Actor, Write

TIMES = ("starttime", "endtime")
COLUMNS = {"times": TIMES, "status": ("bookingstatus",)}


@dataclass(eq=False)
class Plugin:
    """One plug-in of bookings. `times`: how many writes it still meets, None for all. `on`: which columns start it.

    `shift_seconds` moves start and end, at once or (`later`) some seconds after the save, as another user; `back` puts
    the former values back, as a rule of the customer's does; `refuse` is the text of a refusal; `resource` is the id of
    the resource that a new booking gets instead.
    """

    organization: Organization
    background: Background
    shift_seconds: float = 0.0
    later: float | None = None
    back: bool = False
    refuse: str | None = None
    times: int | None = None
    on: Literal["times", "status"] = "times"
    resource: str | None = None
    met: int = 0

    def before(self, table: Table, columns: dict[str, Any], row: Row | None, actor: Actor) -> dict[str, Any]:
        """Return the columns as this plug-in leaves them. Raises ApiError (400) when it refuses."""
        if self.later is not None or not self._meets(table, columns, actor):
            return columns
        self.met += 1
        if self.refuse is not None:
            raise ApiError(400, ABORTED, self.refuse)
        if self.back and row is not None:
            return {**columns, **{name: row[name] for name in COLUMNS[self.on] if name in columns}}
        given = {"resource": self.resource} if self.resource is not None and row is None else {}
        return {**columns, **self._shifted(columns), **given}

    def follow(self, write: Write) -> None:
        """Write the shift after the save, if this plug-in is asynchronous."""
        if self.later is not None and write.after is not None and self._meets(write.table, write.columns, write.actor):
            self.met += 1
            self.background.later(self.later, lambda: self._shift(write))

    def _meets(self, table: Table, columns: dict[str, Any], actor: Actor) -> bool:
        is_met = table.name == "bookableresourcebooking" and any(name in columns for name in COLUMNS[self.on])
        return is_met and actor.depth == 1 and (self.times is None or self.met < self.times)

    def _shift(self, write: Write) -> None:
        row = self.organization.rows.get(write.table.name, write.row_id)
        if row is not None:
            actor = Actor(self.organization.ids["user:fieldservice"], depth=2)
            self.organization.writer.update(write.table, row, self._shifted(row), actor)

    def _shifted(self, columns: dict[str, Any]) -> dict[str, Any]:
        step = timedelta(seconds=self.shift_seconds)
        return {name: columns[name] + step for name in TIMES if isinstance(columns.get(name), datetime)}
