"""A look compared with its pair: which side shows news, and which class each side is in. Pure; the rules read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from shared.dataverse.look import Context, Look, Resource, Rules, Stray
from shared.dataverse.prints import (
    GONE,
    News,
    Prints,
    Shown,
    event_status,
    gone,
    shown_by_booking,
    shown_by_event,
)
from shared.dataverse.sides import UNDER_WAY, Booking, Event, Gone, Status, times_of
from shared.storage.pairs.pair import Pair, Side, State

Part = TypeVar("Part")


@dataclass(frozen=True)
class Compared:
    """What the rules ask about a look."""

    look: Look

    @property
    def context(self) -> Context:
        """What is true at this moment."""
        return self.look.context

    @property
    def rules(self) -> Rules:
        """The settings."""
        return self.context.rules

    @property
    def prints(self) -> Prints:
        """Makes and compares prints."""
        return self.context.prints

    @cached_property
    def booking(self) -> Booking | None:
        """The booking, if it could be read and is there, whatever its status."""
        return self.look.booking if isinstance(self.look.booking, Booking) else None

    @cached_property
    def event(self) -> Event | None:
        """The event, if it could be read and is there."""
        return self.look.event if isinstance(self.look.event, Event) else None

    @cached_property
    def pair(self) -> Pair | None:
        """The pair, as it goes on once both sides could be read: not held for a missing right any more."""
        pair = self.look.pair
        if pair is None or (not pair.failing_since and pair.held_by != "right"):
            return pair
        readable = replace(pair, failing_since=None)
        return unheld(readable) if pair.state == "held" and pair.held_by == "right" else readable

    @cached_property
    def state(self) -> State | None:
        """The pair's state, None without a pair."""
        return self.pair.state if self.pair is not None else None

    @cached_property
    def born(self) -> Side:
        """The side on which the pair was born; without a pair, the side that there is."""
        if self.pair is not None:
            return self.pair.born
        if self.look.generation:
            return "outlook"
        return "dataverse" if self.booking is not None else "outlook"

    @property
    def is_dv(self) -> bool:
        """Whether the pair was born in Dataverse."""
        return self.born == "dataverse"

    @cached_property
    def is_gone(self) -> bool:
        """Whether the event does not exist."""
        return isinstance(self.look.event, Gone)

    @cached_property
    def is_over(self) -> bool:
        """Whether the booking is ended or deleted."""
        return isinstance(self.look.booking, Gone) or (self.booking is not None and self.booking.status is Status.ENDED)

    @cached_property
    def is_left_out(self) -> bool:
        """Whether the booking gets no event. The status of one that was made for an event never ends its event."""
        if self.booking is None or not self.is_dv or self.is_over:
            return False
        proposed = self.booking.status is Status.PROPOSED and self.rules.proposed == "out"
        return proposed or self.booking.status is Status.SIMULATED or not self.booking.is_solid

    @cached_property
    def is_live(self) -> bool:
        """Whether the booking is there, neither ended nor left out."""
        return self.booking is not None and not self.is_over and not self.is_left_out

    @cached_property
    def is_linked(self) -> bool:
        """Whether the booking has a work order, a requirement or a project."""
        return self.booking is not None and self.booking.is_linked

    @cached_property
    def is_under_way(self) -> bool:
        """Whether the technician is traveling, at work or on a break."""
        return self.booking is not None and self.booking.status in UNDER_WAY

    @cached_property
    def is_completed(self) -> bool:
        """Whether the booking is completed."""
        return self.booking is not None and self.booking.status is Status.COMPLETED

    @cached_property
    def in_rule(self) -> bool:
        """Whether the event is one that stands for a booking."""
        event = self.event
        return event is not None and event.show_as in self.rules.show_as and usable(event)

    @cached_property
    def was_in_rule(self) -> bool:
        """Whether the event was one at the last look."""
        statuses = [event_status(each, others, usable=True) for each in self.rules.show_as for others in (True, False)]
        return self.pair is not None and self.prints.had_status(self.pair.event_print, *statuses)

    @cached_property
    def was_gone(self) -> bool:
        """Whether the event was gone at the last look."""
        return self.pair is not None and self.prints.had_status(self.pair.event_print, GONE)

    @cached_property
    def booking_news(self) -> News:
        """What the booking shows that the pair's print has not."""
        if self.pair is None or self.booking is None:
            return News()
        return self.prints.news(self.pair.booking_print, self.shown_booking)

    @cached_property
    def event_news(self) -> News:
        """What the event shows that the pair's print has not."""
        if self.pair is None or self.event is None:
            return News()
        return self.prints.news(self.pair.event_print, self.shown_event)

    @cached_property
    def shown_booking(self) -> Shown:
        """What the booking shows."""
        if self.booking is None:
            return gone()
        return shown_by_booking(self.booking, self.born, is_left_out=self.is_left_out)

    @cached_property
    def shown_event(self) -> Shown:
        """What the event shows."""
        if self.event is None:
            return gone()
        return shown_by_event(self.event, self.born, titles=self.rules.titles)

    @cached_property
    def have_equal_times(self) -> bool:
        """Whether both sides are there, with the same start and end."""
        return self.booking is not None and self.event is not None and times_of(self.booking) == times_of(self.event)

    @property
    def leaves_to_microsoft(self) -> bool:
        """Whether an event of Microsoft's sync stands for the booking, and nothing else should."""
        return self.look.is_theirs and self.look.has_tagged

    @cached_property
    def strays(self) -> tuple[Stray, ...]:
        """The events of the pair that it does not name, without those that are never written."""
        named = self.pair.event_id if self.pair is not None else ""
        return tuple(each for each in self.look.strays if each.event.id != named and each.event.is_plain)

    @cached_property
    def resource(self) -> Resource:
        """The resource in whose calendar the pair's event is or will be."""
        pair, booking = self.pair, self.booking
        if pair is not None and (pair.state != "ended" or booking is None or not self.is_dv):
            return self.context.resource(pair.resource)
        if self.look.generation:
            return self.context.resource(self.look.resource)
        return self.context.resource(booking.resource if booking is not None else self.look.resource)

    @cached_property
    def is_in_window(self) -> bool:
        """Whether something is made for the side on which the pair was born."""
        side, now = self.booking if self.is_dv else self.event, self.context.now
        return side is not None and side.end > now - self.rules.past and side.start < now + self.rules.future

    def refreshed(self, state: State | None = None, **changes: Any) -> Pair:
        """Return the pair with the prints and versions of what was read just now."""
        pair = required(self.pair)
        side = self.booking or self.event
        shown = {
            "booking_print": self.prints.make(self.shown_booking),
            "event_print": self.prints.make(self.shown_event),
            "booking_etag": self.booking.etag if self.booking else "",
            "event_etag": self.event.etag if self.event else "",
            "start": times_of(side)[0] if side else pair.start,
            "end": times_of(side)[1] if side else pair.end,
            "failing_since": None,
        }
        return replace(pair, state=state or pair.state, **(shown | changes))


def required(part: Part | None) -> Part:
    """Return a side or a pair that a rule has asked for before. Raises ValueError if it is not there."""
    if part is None:
        raise ValueError("a rule needs a side that is not there")
    return part


def usable(event: Event) -> bool:
    """Return whether an event can stand for a booking, whatever its availability."""
    return not event.is_cancelled and event.is_in_calendar


def unheld(pair: Pair) -> Pair:
    """Return a held pair as it was before: being made if one of its halves never existed, else paired."""
    was_made = pair.event_id and pair.booking_etag
    return replace(pair, state="paired" if was_made else "making", held_by="")
