"""What holds after each edit of bookings and events, before any repair: no second event, and writes have a bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.properties.pair_acts import Act, Edits, booking_in, own_events
from tests.support.pairs_world import PairsWorld

CAUSES = {
    "POST": ("book", "linked", "back", "reassign", "delete", "discard", "undelete", "invite"),
    "PATCH": ("move", "rename", "drag", "retitle", "free", "reassign", "back", "undelete"),
    "DELETE": ("end", "reassign", "undelete", "back"),
}
REPEATS_OF_LAG = 3  # attempts until lists show what was made


class Invariants:
    """Checks a world after each act. `events`: the event of each transactionId; `kept`: the event of each booking."""

    def __init__(self, world: PairsWorld, edits: Edits) -> None:
        self.world, self.edits = world, edits
        self.events: dict[str, str] = {}
        self.kept: dict[str, str] = {}

    def check(self, acts: Sequence[Act]) -> None:
        """Assert that all hold after these acts."""
        self._are_single()
        self._have_ids_of_their_own()
        self._are_the_same()
        self._are_bounded(acts)

    def _are_single(self) -> None:
        """All calendars together have one event of a booking, apart from those that a person made her meetings."""
        plain = Counter(booking_in(event) for _, event in own_events(self.world) if not event["attendees"])
        assert not {booking: number for booking, number in plain.items() if number > 1}

    def _have_ids_of_their_own(self) -> None:
        """No two events were ever made with one transactionId: Graph would take them for one, or refuse the second."""
        for _, event in own_events(self.world):
            assert self.events.setdefault(event["transactionId"], event["immutableId"]) == event["immutableId"]

    def _are_the_same(self) -> None:
        """A booking keeps its event unless it ended, changed its resource, or a person removed the event."""
        for booking in self.edits.replaceable:
            self.kept.pop(booking, None)
        self.edits.replaceable.clear()
        for _, event in own_events(self.world):
            booking = booking_in(event)
            if not event["attendees"] and not self.edits.bookings[booking]:
                assert self.kept.setdefault(booking, event["immutableId"]) == event["immutableId"]

    def _are_bounded(self, acts: Sequence[Act]) -> None:
        """The relay asks Graph for as much as the edits need, and again only after a kill, a fault or a late list."""
        asked = Counter(method for method, _ in self.world.to_graph.writes)
        for method, kinds in CAUSES.items():
            assert asked[method] <= sum((act.kind in kinds) + _repeats(act) for act in acts), method


def _repeats(act: Act) -> int:
    """Return how often a write may be asked for again because of an act's troubles."""
    faults = act.fault["times"] if act.fault else 0
    return int((act.killed_at is not None) + faults + (REPEATS_OF_LAG if act.lag else 0))
