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
from shared.dataverse.reading.bookings import BookingReader
from shared.dataverse.sides import Booking, Status
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsError
from shared.errors import RequestRejected
from shared.storage.pairs.pair import key_of
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import StoredResource
from shared.storage.watches import watch_id_of


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource, its state, how many events would be made, how many bookings nobody would show, and how many events
    would be removed because their bookings are over.
    """

    id: str
    state: str
    events_to_make: int
    unshown: int = 0
    events_to_remove: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """What `start` would do."""

    organization: str
    environment_type: str
    resources: tuple[PlannedResource, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Raises RequestRejected while the relay is stopped or Dataverse refuses; RelayError for the rest."""

    environment: Environment
    resource_list: ResourceList
    reader: BookingReader
    left: LeftToMicrosoft
    pairs: Pairs
    removals: PlannedRemovals
    settings: Settings
    now: Callable[[], datetime]
    require_running: Callable[[], None]

    def plan(self) -> Planned:
        """Return the plan."""
        self.require_running()
        try:
            detail = self.environment.organization()
            stored = {row.id: row for row in self.resource_list.resources.all()}
            found = self.resource_list.read(stored)
            planned = tuple(self._planned(row) for row in found)
        except DynamicsError as error:
            raise rejection_of(error) from None
        return Planned(detail.id, detail.kind, planned, tuple(_findings(planned)))

    def _planned(self, row: StoredResource) -> PlannedResource:
        resource_id = str(uuid.UUID(row.id))
        if row.state != ResourceState.FOLLOWED:
            return PlannedResource(resource_id, str(row.state), 0)
        live = self._live(resource_id)
        ours = [each for each in live if not self.left(each)]
        number = sum(self.pairs.get(key_of(each.id)) is None for each in ours)
        removals = sum(each.resource == resource_id for each in self.removals.of(watch_id_of(row.mailbox)))
        return PlannedResource(resource_id, str(row.state), number, self.left.unshown(live, row.user_id), removals)

    def _live(self, resource_id: str) -> list[Booking]:
        """Return the bookings of a resource in the window that stand for events."""
        rules, now = rules_of(self.settings), self.now()
        bookings = self.reader.of_resource(resource_id, now - rules.past, now + rules.future)
        return [each for each in bookings if _is_live(each, rules)]


def _findings(planned: Iterable[PlannedResource]) -> Iterator[str]:
    for each in planned:
        if each.state != ResourceState.FOLLOWED:
            yield f"{each.id}: {each.state}"
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
