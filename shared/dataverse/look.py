"""What a decision is made of: the two sides as read, their pair, and what is true of the relay at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.dataverse.prints import Prints
from shared.dataverse.sides import GONE, BookingSide, Event, EventSide
from shared.storage.pairs.pair import Pair, Side


class Direction(StrEnum):
    """DATAVERSE_DIRECTION."""

    TO_OUTLOOK = "to-outlook"
    BOTH = "both"
    TO_DATAVERSE = "to-dataverse"

    def may_write(self, side: Side) -> bool:
        """Return whether this side may be written."""
        return self is Direction.BOTH or self.value == f"to-{side}"


class ResourceState(StrEnum):
    """Whether a resource's calendar is followed at this moment."""

    FOLLOWED = "followed"
    UNMARKED = "unmarked"  # not marked, or of a kind without a mailbox
    OFF_LIST = "offList"  # its mailbox, or the calendar's owner, is not on the allow-list
    HELD = "held"  # by the brake or an administrator
    PAUSED = "paused"  # the feature or its mailbox is paused
    REFUSED = "refused"  # the mailbox answers 403 or 404
    DOUBLE = "double"  # another resource leads to the same mailbox


@dataclass(frozen=True, slots=True)
class Resource:
    """A bookable resource: `watch_id` and `user_id` (Entra's) of its mailbox, "" if it has none.

    `released_at`: when the mailbox was released last.
    """

    id: str
    state: ResourceState = ResourceState.UNMARKED
    watch_id: str = ""
    user_id: str = ""
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that a decision reads. `conflict`: birth, outlook or dataverse. `proposed`: out or tentative."""

    direction: Direction = Direction.TO_OUTLOOK
    show_as: frozenset[str] = frozenset({"busy", "oof"})
    conflict: str = "birth"
    proposed: str = "out"
    titles: str = "busy"
    past: timedelta = timedelta(days=7)
    future: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is true at this moment, beside the two sides.

    `organization`: the OrganizationId that `start` noted; `present_organization`: what Dataverse answers now.
    `resources`: those that the pair, the booking and the event lead to, by id; one that is missing is not followed.
    `user_id`: the relay's application user in Dataverse.
    """

    organization: str
    now: datetime
    prints: Prints
    rules: Rules = Rules()
    present_organization: str = ""
    resources: Mapping[str, Resource] = field(default_factory=dict)
    user_id: str = ""

    def resource(self, resource_id: str) -> Resource:
        """Return a resource; one that is not known is not followed."""
        return self.resources.get(resource_id, Resource(resource_id))


@dataclass(frozen=True, slots=True)
class Stray:
    """An event with the pair's mark, or in its index, that the pair does not name, and the watch of its mailbox.

    Copies are none: it has a transactionId of the pair, or is one of its former events.
    """

    watch_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of 400 to the last write of this pair: which side refused, and its code."""

    side: Side
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Both sides of one pair, read after its claim. Without a pair, one side alone, or both if the mark leads there.

    - `resource`: the id of the resource in whose calendar the event is; used while there is no pair.
    - `strays`: events of the pair that it does not name.
    - `copied_from`: the pair whose mark the event has although the pair names another event.
    - `has_tagged`: an event of Microsoft's sync for the same booking is in the calendar. `is_theirs`: the booking is
      left to Microsoft's sync (shared.dataverse.work_orders).
    - `refusal`: what the last write of this pair was answered, if that was 400.
    - `generation`: without a pair: which booking of the event has the id that is looked at, 0 if none
      (shared.dataverse.unpaired). `was_planned`: the event was there at `start`, so that `plan` has counted it.
    - `is_released`: the first look after `start` or a release. `is_sweep`: the look after a change of DATAVERSE_TITLES.
    """

    context: Context
    booking: BookingSide = GONE
    event: EventSide = GONE
    pair: Pair | None = None
    resource: str = ""
    strays: tuple[Stray, ...] = ()
    copied_from: Pair | None = None
    has_tagged: bool = False
    is_theirs: bool = False
    refusal: Refusal | None = None
    generation: int = 0
    was_planned: bool = False
    is_released: bool = False
    is_sweep: bool = False
