"""Look at an event that has no pair, and at the booking that has the id derived from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.dataverse.ids import marked
from shared.dataverse.look import Context, Look, Resource, ResourceState
from shared.dataverse.reading.events import EventReader
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import BookingSide, Event, Gone, Unreadable
from shared.dataverse.unpaired.derived import derived_generation
from shared.storage.pairs.pair import Pair, key_of
from shared.storage.pairs.pairs import Pairs

FIRST_READING = timedelta(minutes=10)  # from `start` until the resources are read


@dataclass(frozen=True)
class FirstLook:
    """Reads the event. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    events: EventReader
    states: ResourceStates
    pairs: Pairs

    def look(
        self, booking_id: str, booking: BookingSide, context: Context, hint: tuple[str, str], started: datetime | None
    ) -> Look | None:
        """Return the look at a booking and the event that leads to it; None if its id is not derived from the event.

        `hint`: watch and id of the event. `started`: when the feature was started.
        """
        watch_id, event_id = hint
        resource, mailbox = self.states.of_watch(watch_id), self.states.mailbox(watch_id)
        is_other = context.present_organization != context.organization
        if is_other or resource.state is not ResourceState.FOLLOWED or not mailbox:
            return None
        event = self.events.read(mailbox, event_id, None)
        if isinstance(event, Gone):
            return None
        context = replace(context, resources={**context.resources, resource.id: resource})
        if isinstance(event, Unreadable):
            return Look(context=context, booking=booking, event=event)
        generation = derived_generation(event, context.organization, resource.user_id, booking_id)
        if not generation:
            return None
        return Look(
            context=context, booking=booking, event=event, resource=resource.id, generation=generation,
            copied_from=self._copied_from(event), was_planned=self._was_planned(resource, event, started),
        )  # fmt: skip

    def _copied_from(self, event: Event) -> Pair | None:
        mark = marked(event.mark)
        return self.pairs.get(key_of(mark[1])) if mark is not None else None

    def _was_planned(self, resource: Resource, event: Event, started: datetime | None) -> bool:
        """Return whether the event was there, and its resource followed, when the feature was started."""
        stored = self.states.stored(resource.id)
        if stored is None or stored.since is None or started is None or event.created is None:
            return False
        return event.created <= started and stored.since - started < FIRST_READING
