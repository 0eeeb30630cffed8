"""Say what `start` would do. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared import problems
from shared.config import Settings
from shared.dataverse.flow.present import rules_of
from shared.dataverse.flow.resource_list import ResourceList
from shared.dataverse.flow.work_orders import LeftToMicrosoft
from shared.dataverse.look import ResourceState, Rules
from shared.dataverse.operation.planned_removals import PlannedRemovals
from shared.dataverse.operation.unpaired import UnpairedCount
from shared.dataverse.reading.bookings import BookingReader
from shared.dataverse.sides import Booking, Status
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsError
from shared.errors import RequestRejected
from shared.storage.pairs.resources import StoredResource
from shared.storage.watches import watch_id_of


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource, its state, how many events and bookings would be made, how many bookings nobody would show, and how
    many events would be removed because their bookings are over.

    `is_read`: whether its calendar could be read; without that, no booking is counted.
    """

    id: str
    state: str
    events_to_make: int
    unshown: int = 0
    bookings_to_make: int = 0
    events_to_remove: int = 0
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """What `start` would do. `direction`: DATAVERSE_DIRECTION."""

    organization: str
    environment_type: str
    direction: str
    resources: tuple[PlannedResource, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Raises RequestRejected while the relay is stopped or Dataverse refuses; RelayError for the rest."""

    environment: Environment
    resource_list: ResourceList
    reader: BookingReader
    left: LeftToMicrosoft
    unpaired: UnpairedCount
    removals: PlannedRemovals
    settings: Settings
    now: Callable[[], datetime]
    require_running: Callable[[], None]

    def plan(self) -> Planned:
        """Return the plan."""
        self.require_running()
        try:
            detail, (_, user_id) = self.environment.organization(), self.environment.identity()
            stored = {row.id: row for row in self.resource_list.resources.all()}
            found = self.resource_list.read(stored)
            planned = tuple(self._planned(row, user_id) for row in found)
        except DynamicsError as error:
            raise rejection_of(error) from None
        direction = str(self.settings.dataverse_direction)
        return Planned(detail.id, detail.kind, direction, planned, tuple(_findings(planned)))

    def _planned(self, row: StoredResource, user_id: str) -> PlannedResource:
        """Return the numbers of a resource. A booking that the relay made stands for an event already."""
        resource_id, rules = str(uuid.UUID(row.id)), rules_of(self.settings)
        if row.state != ResourceState.FOLLOWED:
            return PlannedResource(resource_id, str(row.state), 0)
        live = self._live(resource_id, rules) if rules.direction.may_write("outlook") else []
        ours = [each for each in live if each.created_by != user_id and not self.left(each)]
        unshown, bookings = self.left.unshown(live, row.user_id), self.unpaired.events_of(row.mailbox, rules)
        return PlannedResource(
            resource_id, str(row.state), self.unpaired.bookings(ours), unshown, bookings or 0,
            self._events_to_remove(row, resource_id, rules), is_read=bookings is not None,
        )  # fmt: skip

    def _events_to_remove(self, row: StoredResource, resource_id: str, rules: Rules) -> int:
        if not rules.direction.may_write("outlook"):
            return 0
        return sum(each.resource == resource_id for each in self.removals.of(watch_id_of(row.mailbox)))

    def _live(self, resource_id: str, rules: Rules) -> list[Booking]:
        """Return the bookings of a resource in the window that stand for events."""
        now = self.now()
        bookings = self.reader.of_resource(resource_id, now - rules.past, now + rules.future)
        return [each for each in bookings if _is_live(each, rules)]


def _findings(planned: Iterable[PlannedResource]) -> Iterator[str]:
    for each in planned:
        if each.state != ResourceState.FOLLOWED:
            yield f"{each.id}: {each.state}"
        if not each.is_read:
            yield f"{each.id}: its calendar cannot be read, so events that become bookings are not counted"
        if each.unshown:
            yield (
                f"{each.id}: nobody shows {each.unshown} bookings of work orders: DATAVERSE_WORK_ORDERS is theirs, but "
                "the user has no server-side synchronization, or they are more than 14 days ahead"
            )


def rejection_of(error: DynamicsError) -> RequestRejected:
    """Return the error for a caller while Dataverse refuses or does not answer."""
    if error.status in (401, 403):
        text = f"Give the application user in Dataverse the role of the relay. ({error} {error.right})"
        return RequestRejected(problems.DATAVERSE_REFUSED, text)
    return RequestRejected(problems.DATAVERSE_UNAVAILABLE, f"Try again soon. ({error})", error.retry_after or 30)


def _is_live(booking: Booking, rules: Rules) -> bool:
    left_out = {Status.ENDED, Status.SIMULATED} | ({Status.PROPOSED} if rules.proposed == "out" else set())
    return booking.is_solid and booking.status not in left_out
