"""What is true of a bookable resource at this moment: whether its calendar is followed, and whose it is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from shared.dataverse.look import Resource, ResourceState
from shared.policy.permission import Permission
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.resources import Resources, StoredResource

FEATURE = "dataverse"


@dataclass(frozen=True)
class ResourceStates:
    """Reads the stored resources; the stop, the allow-list and the brake are asked anew each time.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    resources: Resources
    brakes: Brakes
    permission: Permission

    def of(self, resource_id: str) -> Resource:
        """Return a resource by Dataverse's id; one that was never followed is UNMARKED."""
        stored = self.stored(resource_id)
        if stored is None:
            return Resource(resource_id)
        brake = self.brakes.read(stored.watch_id) if stored.state == ResourceState.FOLLOWED else None
        state = self._state(stored, is_held=brake is not None and brake.held_since is not None)
        return Resource(
            resource_id, state, stored.watch_id, stored.user_id, brake.released_at if brake is not None else None
        )

    def stored(self, resource_id: str) -> StoredResource | None:
        """Return the row of a resource, None if there is none."""
        return self.resources.get(uuid.UUID(resource_id).hex) if resource_id else None

    def is_followed(self, resource_id: str) -> bool:
        """Return whether the last reading of the resources found one to follow; of() says whether it is at present."""
        try:
            stored = self.stored(resource_id)
        except ValueError:  # no id: what is read of its booking says so
            return True
        return stored is not None and stored.state == ResourceState.FOLLOWED

    def of_watch(self, watch_id: str) -> Resource:
        """Return the resource whose calendar a watch follows; UNMARKED if none is followed there."""
        rows = (row for row in self.resources.all() if row.watch_id == watch_id)
        row = next((row for row in rows if row.state == ResourceState.FOLLOWED), None)
        return self.of(str(uuid.UUID(row.id))) if row is not None else Resource("")

    def mailbox(self, watch_id: str) -> str:
        """Return the mailbox of a watch if it may be written now, else ""."""
        rows = (row for row in self.resources.all() if row.watch_id == watch_id and row.mailbox)
        row = next(rows, None)
        return row.mailbox if row is not None and self._is_permitted(row.mailbox) else ""

    def _state(self, stored: StoredResource, *, is_held: bool) -> ResourceState:
        state = ResourceState(stored.state)
        if state is not ResourceState.FOLLOWED:
            return state
        decision = self.permission.may(None, stored.mailbox, "", FEATURE, "write")
        if decision.allowed is not True:
            is_stopped = decision.allowed is None or decision.cause == "stop"
            return ResourceState.PAUSED if is_stopped else ResourceState.OFF_LIST
        return ResourceState.HELD if is_held else ResourceState.FOLLOWED

    def _is_permitted(self, mailbox: str) -> bool:
        return self.permission.may(None, mailbox, "", FEATURE, "write").allowed is True
