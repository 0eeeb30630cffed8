"""What holds after each edit of bookings and events, before any repair: no second event, and writes have a bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tests.properties.pair_acts import Act, booking_in
from tests.support.pairs_world import Call

CAUSES = {
    "POST": ("book", "linked", "back", "reassign", "delete", "discard", "undelete", "invite"),
    "PATCH": ("move", "rename", "reassign", "back", "undelete"),
    "DELETE": ("end", "reassign", "undelete", "back"),
}
REPEATS_OF_LAG = 3  # attempts until lists show what was made


class Edited(Protocol):
    """What the edits did (pair_acts.Edits)."""

    bookings: dict[str, str]
    replaceable: set[str]


class Invariants:
    """Checks after each act what is there. `events`: the relay's, each with its mailbox; `writes`: its calls of Graph.

    `created`: the event of each transactionId; `kept`: the event of each booking.
    """

    def __init__(
        self, edits: Edited, events: Callable[[], Sequence[tuple[str, dict[str, Any]]]],
        writes: Callable[[], Sequence[Call]],
    ) -> None:  # fmt: skip
        self.edits, self.events, self.writes = edits, events, writes
        self.created: dict[str, str] = {}
        self.kept: dict[str, str] = {}

    def check(self, acts: Sequence[Act]) -> None:
        """Assert that all hold after these acts."""
        self._are_single()
        self._have_ids_of_their_own()
        self._are_the_same()
        self._are_bounded(acts)

    def _are_single(self) -> None:
        """All calendars together have one event of a booking, apart from those that a person made her meetings."""
        plain = Counter(booking_in(event) for _, event in self.events() if not event["attendees"])
        assert not {booking: number for booking, number in plain.items() if number > 1}

    def _have_ids_of_their_own(self) -> None:
        """No two events were ever made with one transactionId: Graph would take them for one, or refuse the second."""
        for _, event in self.events():
            assert self.created.setdefault(event["transactionId"], event["immutableId"]) == event["immutableId"]

    def _are_the_same(self) -> None:
        """A booking keeps its event unless it ended, changed its resource, or a person removed the event."""
        for booking in self.edits.replaceable:
            self.kept.pop(booking, None)
        self.edits.replaceable.clear()
        for _, event in self.events():
            booking = booking_in(event)
            if not event["attendees"] and not self.edits.bookings[booking]:
                assert self.kept.setdefault(booking, event["immutableId"]) == event["immutableId"]

    def _are_bounded(self, acts: Sequence[Act]) -> None:
        """The relay asks Graph for as much as the edits need, and again only after a kill, a fault or a late list."""
        asked = Counter(method for method, _ in self.writes())
        for method, kinds in CAUSES.items():
            assert asked[method] <= sum((act.kind in kinds) + _repeats(act) for act in acts), method


def are_at_rest(events: list[Any], expected: list[Any], *, is_meeting: bool, is_returning: bool) -> bool:
    """Return whether a booking's events, without meetings, are right when nothing is written any more.

    `is_meeting`: an event of the booking in its calendar is a person's meeting, which stands for the booking, however
    often that is canceled and committed. `is_returning`: unless it is an old event (Edits.returning).
    """
    if is_meeting and events == []:
        return True
    return events == expected and not (is_meeting and not is_returning)


def _repeats(act: Act) -> int:
    """Return how often a write may be asked for again because of an act's troubles."""
    faults = act.fault["times"] if act.fault else 0
    return int((act.killed_at is not None) + faults + (REPEATS_OF_LAG if act.lag else 0))
