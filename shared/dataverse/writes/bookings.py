"""Carry out what was decided on the side of Dataverse."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from shared import telemetry
from shared.dataverse.decision import ChangeBooking, DataverseWrite, MakeBooking, NewStatus
from shared.dataverse.look import ResourceState
from shared.dataverse.reading.bookings import BookingReader
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.reading.status_ids import WrittenStatuses
from shared.dataverse.sides import Booking
from shared.dynamics.booking_writes import BookingWrites, Columns
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsUnavailable

OF_RESOURCE = "resource"  # the value of DATAVERSE_OWNER


@dataclass(frozen=True)
class BookingWriter:
    """Writes bookings. Methods raise DynamicsError, and ConfigurationError for a status that cannot be given."""

    writes: BookingWrites
    reader: BookingReader
    states: ResourceStates
    statuses: WrittenStatuses
    owners: BookingOwners

    def write(self, write: DataverseWrite, resource_id: str, row: int) -> Booking:
        """Make or change a booking and return it as Dataverse answered. `row`: that of the decision, for the audit.

        `resource_id`: whose calendar the event is in; it must be followed right before the write.
        """
        if self.states.of(resource_id).state is not ResourceState.FOLLOWED:
            raise DynamicsUnavailable(0)
        columns = self._columns(write)
        request_id = str(uuid.uuid4())
        telemetry.audit("dataverse-write", "relay", booking=write.booking_id, resource=resource_id, row=row,
                        request=request_id)  # fmt: skip
        if isinstance(write, MakeBooking):
            answer = self.writes.make(write.booking_id, columns, request_id)
        else:
            answer = self.writes.change(write.booking_id, write.etag, columns, request_id)
        side = self.reader.side_of(answer)
        if not isinstance(side, Booking):
            raise DynamicsUnavailable(200)
        return side

    def _columns(self, write: DataverseWrite) -> Columns:
        if isinstance(write, ChangeBooking):
            status = self.statuses.of(write.status) if write.status is not None else None
            return Columns(name=write.name, start=write.start, end=write.end, resource=write.resource, status=status)
        return Columns(
            name=write.name, start=write.start, end=write.end, resource=write.resource,
            status=self.statuses.of(NewStatus.COMMITTED), owner=self.owners.of(write.resource),
        )  # fmt: skip


@dataclass
class BookingOwners:
    """Who owns the bookings that are made. `setting`: DATAVERSE_OWNER."""

    states: ResourceStates
    environment: Environment
    setting: Callable[[], str]
    _users: dict[str, str] = field(default_factory=dict, init=False)

    def of(self, resource_id: str) -> str | None:
        """Return the owner as a set of rows and an id; None: Dataverse takes the application user.

        A room or a machine has no user of its own. Raises DynamicsError.
        """
        setting = self.setting()
        if setting != OF_RESOURCE:
            return f"teams({setting})" if setting else None
        stored = self.states.stored(resource_id)
        entra_id = stored.user_id if stored is not None else ""
        if entra_id and entra_id not in self._users:
            self._users[entra_id] = self.environment.user_of(entra_id)
        user_id = self._users.get(entra_id, "")
        return f"systemusers({user_id})" if user_id else None
