"""Say what `start` would do. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared import problems
from shared.config import Settings
from shared.dataverse.flow.present import rules_of
from shared.dataverse.flow.resource_list import ResourceList
from shared.dataverse.look import ResourceState, Rules
from shared.dataverse.reading.bookings import BookingReader
from shared.dataverse.sides import Booking, Status
from shared.dynamics.booking_rows import KEY, BookingRows
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsError
from shared.errors import RequestRejected
from shared.storage.pairs.pair import key_of
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource, its state, and how many events would be made."""

    id: str
    state: str
    events_to_make: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What `start` would do."""

    organization: str
    environment_type: str
    resources: tuple[PlannedResource, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Raises RequestRejected while Dataverse does not answer or refuses; RelayError for the rest."""

    environment: Environment
    resource_list: ResourceList
    resources: Resources
    rows: BookingRows
    reader: BookingReader
    pairs: Pairs
    settings: Settings
    now: Callable[[], datetime]

    def plan(self) -> Planned:
        """Return the plan."""
        try:
            detail = self.environment.organization()
            stored = {row.id: row for row in self.resources.all()}
            found = self.resource_list.read(stored)
            planned = tuple(self._planned(row.id, row.state) for row in found)
        except DynamicsError as error:
            raise rejection_of(error) from None
        findings = tuple(f"{each.id}: {each.state}" for each in planned if each.state != ResourceState.FOLLOWED)
        return Planned(detail.id, detail.kind, planned, findings)

    def _planned(self, key: str, state: str) -> PlannedResource:
        resource_id = str(uuid.UUID(key))
        number = self._to_make(resource_id) if state == ResourceState.FOLLOWED else 0
        return PlannedResource(resource_id, str(state), number)

    def _to_make(self, resource_id: str) -> int:
        rules, now = rules_of(self.settings), self.now()
        rows = self.rows.of_resource(resource_id, now - rules.past, now + rules.future)
        sides = {str(row[KEY]): self.reader.side_of(row) for row in rows}
        live = [key for key, side in sides.items() if isinstance(side, Booking) and _is_live(side, rules)]
        return sum(self.pairs.get(key_of(each)) is None for each in live)


def rejection_of(error: DynamicsError) -> RequestRejected:
    """Return the error for a caller while Dataverse refuses or does not answer."""
    if error.status in (401, 403):
        text = f"Give the application user in Dataverse the role of the relay. ({error} {error.right})"
        return RequestRejected(problems.DATAVERSE_REFUSED, text)
    return RequestRejected(problems.DATAVERSE_UNAVAILABLE, f"Try again soon. ({error})", error.retry_after or 30)


def _is_live(booking: Booking, rules: Rules) -> bool:
    left_out = {Status.ENDED, Status.SIMULATED} | ({Status.PROPOSED} if rules.proposed == "out" else set())
    return booking.is_solid and booking.status not in left_out
