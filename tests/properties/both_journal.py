"""What was written on both sides, and by whom, as the sandbox and the line have seen it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sandbox.dataverse.writer import Write
from tests.support.dataverse_world import APP
from tests.support.pairs_world import PairsWorld

BOOKING = "bookableresourcebooking"
LINKS = ("msdyn_workorder", "msdyn_resourcerequirement", "msdyn_projectid")


class RowWrite(NamedTuple):
    """One write of a booking: which, what, the row before and after, and whether the relay wrote it."""

    message: str
    booking: str
    columns: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    is_relays: bool


class Journal:
    """Notes each write of a booking from now on."""

    def __init__(self, world: PairsWorld) -> None:
        organization = world.dataverse.organization
        users = organization.rows.of("systemuser").values()
        self.relay = next(str(row["systemuserid"]) for row in users if str(row.get("applicationid")) == APP)
        self.canceled = {
            organization.ids[name] for name in ("status:Cancelled", "status:Canceled") if name in organization.ids
        }
        self._at_work = {organization.ids[f"status:{name}"] for name in ("Traveling", "In Progress")}
        self.writes: list[RowWrite] = []
        organization.writer.followers.append(self._note)

    def _note(self, write: Write) -> None:
        if write.table.name == BOOKING:
            noted = RowWrite(write.message, write.row_id, dict(write.columns), dict(write.before or {}),
                          dict(write.after or {}), write.actor.user_id == self.relay)  # fmt: skip
            self.writes.append(noted)

    def is_over(self, row: dict[str, Any]) -> bool:
        """Return whether a booking is canceled or inactive."""
        return row["statecode"] == 1 or row["bookingstatus"] in self.canceled

    def is_living(self, row: dict[str, Any]) -> bool:
        """Return whether a booking, as the Web API shows it, is neither canceled nor inactive."""
        return row["statecode"] == 0 and row["_bookingstatus_value"] not in self.canceled

    def of_relay(self, message: str = "") -> list[RowWrite]:
        """Return the writes of the relay, or those of one kind."""
        return [each for each in self.writes if each.is_relays and message in ("", each.message)]

    def worked_on(self) -> set[str]:
        """Return the bookings that were under way at any time."""
        return {each.booking for each in self.writes if each.after.get("bookingstatus") in self._at_work}

    def starts(self) -> set[str]:
        """Return each start that others gave a booking, to the minute."""
        others = (each for each in self.writes if not each.is_relays and "starttime" in each.columns)
        return {f"{each.after['starttime']:%Y-%m-%dT%H:%M}" for each in others}

    def visits_canceled(self) -> list[str]:
        """Return the bookings with a work order, a requirement or a project that the relay canceled."""
        return [
            each.booking
            for each in self.of_relay("Update")
            if any(each.before.get(link) for link in LINKS) and self.is_over(each.after) > self.is_over(each.before)
        ]
