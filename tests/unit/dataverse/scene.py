"""Scenes: the state of a booking, an event and their pair in words, and the look that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from shared.dataverse.ids import mark_of, transaction_id
from shared.dataverse.look import Context, Direction, Look, Resource, ResourceState, Rules
from shared.dataverse.prints import Key, Prints, Shown, gone, shown_by_booking, shown_by_event
from shared.dataverse.sides import GONE, Booking, BookingSide, Event, EventSide, Status, Unreadable
from shared.storage.pairs.pair import Pair, Side, State, key_of

ORGANIZATION = "0a0a0a0a-0000-4000-8000-00000000000a"
BOOKING = "b0b0b0b0-0000-4000-8000-00000000000b"
NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
START, HOUR = datetime(2026, 12, 3, 9, tzinfo=UTC), timedelta(hours=1)
PRINTS = Prints([Key("v1", b"a key of thirty-two characters!!")])
HERE, THERE, NOWHERE, RESTING = "here", "there", "nowhere", "resting"
RESOURCES = {
    HERE: Resource(HERE, ResourceState.FOLLOWED, "watch-here", "user-here"),
    THERE: Resource(THERE, ResourceState.FOLLOWED, "watch-there", "user-there"),
    NOWHERE: Resource(NOWHERE, ResourceState.UNMARKED),
    RESTING: Resource(RESTING, ResourceState.PAUSED, "watch-resting", "user-resting"),
}
RULES = Rules(direction=Direction.BOTH, proposed="tentative", titles="subject")
PHASES = {"planned": Status.COMMITTED, "underWay": Status.IN_PROGRESS, "completed": Status.COMPLETED}
PLAIN = Booking(
    id=BOOKING, etag="b1", resource=HERE, start=START, end=START + HOUR, status=Status.COMMITTED, name="Visit"
)
OWN = Event(
    id="event-1", etag="e1", start=START, end=START + HOUR, subject="Visit", mark=mark_of(ORGANIZATION, BOOKING),
    transaction_id=transaction_id(ORGANIZATION, BOOKING, "watch-here", 1),
)  # fmt: skip
B_MOVED, E_MOVED = START + 3 * HOUR, START + 5 * HOUR

B: dict[str, dict[str, Any]] = {
    "same": {},
    "moved": {"start": B_MOVED, "end": B_MOVED + HOUR},
    "retitled": {"name": "Other visit"},
    "status": {},
    "reassigned": {"resource": THERE},
    "unassigned": {"resource": NOWHERE},
    "postponed": {"resource": RESTING},
    "leftOut": {"is_solid": False},
    "ended": {"status": Status.ENDED},
}
E: dict[str, dict[str, Any]] = {
    "same": {},
    "moved": {"start": E_MOVED, "end": E_MOVED + HOUR},
    "retitled": {"subject": "Mine"},
    "private": {"sensitivity": "private"},
    "shown": {"show_as": "oof"},
    "free": {"show_as": "free"},
    "cancelled": {"is_cancelled": True},
    "series": {"kind": "seriesMaster"},
}
B_STATES = (*B, "deleted", "unreadable")
E_STATES = (*E, "gone", "unreadable")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One state of both sides. `b` and `e` are keys of B and E, or deleted, gone, unreadable."""

    b: str = "same"
    e: str = "same"
    born: Side = "dataverse"
    link: str = "P"
    phase: str = "planned"
    others: bool = False
    direction: Direction = Direction.BOTH
    held: bool = False
    state: State = "paired"

    @property
    def before(self) -> tuple[Booking, Event]:
        """Both sides as they were at the last look."""
        status = Status.PROPOSED if self.b == "status" and self.phase == "planned" else PHASES[self.phase]
        if self.b == "status" and self.phase != "planned":
            status = Status.COMMITTED
        event = OWN if self.born == "dataverse" else replace(OWN, mark="", transaction_id="")
        return replace(PLAIN, status=status, is_linked=self.link == "L"), replace(event, has_attendees=self.others)

    @property
    def booking(self) -> BookingSide:
        """The booking as it is."""
        if self.b == "unreadable":
            return Unreadable()
        if self.b == "deleted":
            return GONE
        return replace(self.before[0], **({"status": PHASES[self.phase]} | B[self.b]), etag="b2")

    @property
    def event(self) -> EventSide:
        """The event as it is."""
        if self.e == "unreadable":
            return Unreadable()
        return GONE if self.e == "gone" else replace(self.before[1], **E[self.e], etag="e2")

    @property
    def pair(self) -> Pair:
        """The pair as it was stored after the last look."""
        booking, event = self.before
        return pair_of(booking, event, born=self.born, state=self.state)

    def look(self, **changes: Any) -> Look:
        """Return the look that shows the scene."""
        return Look(context=context(direction=self.direction, held=self.held), booking=self.booking, event=self.event,
                    pair=self.pair, **changes)  # fmt: skip


@cache
def context(*, direction: Direction = Direction.BOTH, held: bool = False) -> Context:
    """Return what is true of the relay. `held`: the brake holds the first resource."""
    first = replace(RESOURCES[HERE], state=ResourceState.HELD) if held else RESOURCES[HERE]
    return Context(
        organization=ORGANIZATION, now=NOW, prints=PRINTS, rules=replace(RULES, direction=direction),
        resources=RESOURCES | {HERE: first},
    )  # fmt: skip


@cache
def pair_of(
    booking: Booking | None, event: Event | None, *, born: Side = "dataverse", state: State = "paired", **changes: Any
) -> Pair:
    """Return the pair of two sides as it is stored after a look; None: that side was gone."""
    side = booking or event or PLAIN
    shown: list[Shown] = [
        shown_by_booking(booking, born, is_left_out=False) if booking else gone(),
        shown_by_event(event, born, titles="subject") if event else gone(),
    ]
    made = Pair(
        key_of(BOOKING), born, state, HERE, "watch-here", "event-1", booking_etag="b1", event_etag="e1",
        booking_print=PRINTS.make(shown[0]), event_print=PRINTS.make(shown[1]), start=side.start, end=side.end,
        etag="p1",
    )  # fmt: skip
    return replace(made, **changes)
