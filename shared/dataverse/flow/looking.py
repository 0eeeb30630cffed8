"""Look at both sides of a pair, after it was claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.dataverse.ids import MOST_GENERATIONS, mark_of, transaction_id
from shared.dataverse.look import Context, Look, Refusal, Resource, ResourceState, Rules, Stray
from shared.dataverse.prints import Prints
from shared.dataverse.reading.bookings import BookingReader
from shared.dataverse.reading.events import LAG, EventReader, unreadable_of
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.repetition import wrote_within
from shared.dataverse.sides import GONE, Booking, BookingSide, Event, EventSide, Gone, Status, Unreadable, Why
from shared.dataverse.unpaired.first_look import FirstLook
from shared.dataverse.unpaired.series import SeriesDates, needs_date
from shared.dataverse.unpaired.titles import is_renamed
from shared.dataverse.writes.unproven import is_booking_unproven
from shared.dynamics.errors import DynamicsError
from shared.errors import GraphError, GraphUnavailable
from shared.storage.pairs.pair import Pair


class LeavesToMicrosoft(Protocol):
    """Says which bookings are left to Microsoft's own sync."""

    def __call__(self, booking: Booking) -> bool:
        """Return whether a booking is."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all pairs of a message.

    `present`: the OrganizationId that Dataverse answers now; `user_id`: the relay's application user there.
    `started_at`: when the feature was started.
    """

    organization: str
    present: str
    rules: Rules
    prints: Prints
    user_id: str = ""
    started_at: datetime | None = None


@dataclass(frozen=True)
class Looking:
    """Reads both sides. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    bookings: BookingReader
    events: EventReader
    states: ResourceStates
    is_theirs: LeavesToMicrosoft
    first: FirstLook
    series: SeriesDates
    now: Callable[[], datetime]

    def look(
        self, booking_id: str, pair: Pair | None, setting: Setting, hinted: Sequence[tuple[str, str]] = (),
        refusal: Refusal | None = None,
    ) -> Look:  # fmt: skip
        """Return the look. `hinted`: watch and id of events that led to this pair."""
        began = self.now()
        is_wanted = self.states.is_followed if pair is None and not hinted else None
        booking = self.bookings.read(booking_id, is_wanted)
        resources = self._resources(pair, booking)
        context = Context(
            organization=setting.organization, now=began, prints=setting.prints, rules=setting.rules,
            present_organization=setting.present, resources=resources, user_id=setting.user_id,
        )  # fmt: skip
        first = None
        if pair is None and hinted:
            first = self.first.look(booking_id, booking, context, hinted[-1], setting.started_at)
        if first is not None:
            return replace(first, refusal=refusal)
        resource = _calendar_of(pair, booking, resources)
        if setting.present != setting.organization or resource.state is not ResourceState.FOLLOWED:
            return Look(context=context, booking=booking, pair=pair)
        event, others = self._event(booking_id, pair, resource, setting, hinted)
        if pair is not None and needs_date(pair, event):
            pair, event = self._dated(pair, event, resource, setting)
        if isinstance(event, Gone) and pair is not None and _is_unproven(pair, booking, began):
            event = Unreadable()
        if is_booking_unproven(pair, booking, event, setting.rules, began):
            booking = Unreadable()
        look = Look(
            context=context, booking=booking, event=event, pair=pair, resource=resource.id, strays=others,
            refusal=refusal, is_released=pair is not None and _is_released(pair, resource),
            is_sweep=pair is not None and isinstance(event, Event) and is_renamed(pair, event, context),
        )  # fmt: skip
        return self._beside_microsoft(look, resource, booking) if isinstance(booking, Booking) else look

    def _dated(
        self, pair: Pair, event: EventSide, resource: Resource, setting: Setting
    ) -> tuple[Pair, EventSide]:  # fmt: skip
        """Return a pair of a series with the date that it follows, if its own event has another id by now."""
        mailbox = self.states.mailbox(resource.watch_id)
        try:
            return self.series.followed(pair, mailbox, setting.rules) if mailbox else (pair, event)
        except GraphError as error:
            return pair, unreadable_of(error)

    def _beside_microsoft(self, look: Look, resource: Resource, booking: Booking) -> Look:
        """Return the look with what Microsoft's own sync does. While that is unknown, nothing is decided."""
        if not booking.has_work_order:
            return look
        try:
            theirs, stored = self.is_theirs(booking), self.states.stored(resource.id)
            is_seen = theirs or (stored is not None and stored.tagged_at is not None)
            has_tagged = is_seen and self._has_tagged(resource, booking)
        except DynamicsError:
            return replace(look, booking=Unreadable())
        except GraphError as error:
            return replace(look, event=unreadable_of(error))
        return replace(look, is_theirs=theirs, has_tagged=has_tagged)

    def _resources(self, pair: Pair | None, booking: BookingSide) -> dict[str, Resource]:
        named = {pair.resource} if pair is not None else set()
        if isinstance(booking, Booking):
            named.add(booking.resource)
        return {each: self.states.of(each) for each in named if each}

    def _event(
        self, booking_id: str, pair: Pair | None, resource: Resource, setting: Setting,
        hinted: Sequence[tuple[str, str]],
    ) -> tuple[EventSide, tuple[Stray, ...]]:  # fmt: skip
        """Return the pair's event, and its other events that are known."""
        mark, mailbox = mark_of(setting.organization, booking_id), self.states.mailbox(resource.watch_id)
        if not mailbox:
            return Unreadable(Why.NO_MAILBOX), ()
        named = pair.event_id if pair is not None else ""
        try:
            has_marks = pair is None or pair.is_from_dataverse  # a person's own event has no mark
            known = [self._hinted(each, mark) for each in hinted if has_marks and each[1] != named]
            if pair is None or not pair.event_id:
                is_first = pair is None and not hinted
                marked = [] if is_first else self.events.marked(mailbox, mark)
                return _own(marked, pair, resource, booking_id, setting)
        except GraphError as error:
            return unreadable_of(error), ()
        times = (pair.start, pair.end) if pair.start and pair.end else None
        event = self.events.read(mailbox, pair.event_id, times)
        strays = [each for each in known if each is not None]
        return event, tuple(each for each in strays if _belongs(each, pair, booking_id, setting))

    def _hinted(self, hint: tuple[str, str], mark: str) -> Stray | None:
        watch_id, event_id = hint
        mailbox = self.states.mailbox(watch_id)
        event = self.events.read(mailbox, event_id, None) if mailbox else GONE
        if isinstance(event, Unreadable):
            raise GraphUnavailable(0, "Unconfirmed")
        return Stray(watch_id, event) if isinstance(event, Event) and event.mark == mark else None

    def _has_tagged(self, resource: Resource, booking: Booking) -> bool:
        """Return whether an event of that sync has the booking's times. Raises GraphError."""
        mailbox = self.states.mailbox(resource.watch_id)
        if not mailbox:
            raise GraphUnavailable(0, "NotAllowedNow")
        return self.events.tagged(mailbox, (booking.start, booking.end))


def _is_released(pair: Pair, resource: Resource) -> bool:
    """Return whether this is the pair's first look since its mailbox was released."""
    released = resource.released_at
    return released is not None and (pair.read_at is None or pair.read_at < released)


def _calendar_of(pair: Pair | None, booking: BookingSide, resources: dict[str, Resource]) -> Resource:
    """Return the resource in whose calendar the event is or will be."""
    if pair is not None:
        return resources.get(pair.resource, Resource(pair.resource))
    named = booking.resource if isinstance(booking, Booking) else ""
    return resources.get(named, Resource(named))


def _is_unproven(pair: Pair, booking: BookingSide, now: datetime) -> bool:
    """Return whether an event that is not found may be there: lists and reads by id show a new one minutes late.

    The event of a live booking may be made again at once: a repeated transactionId makes nothing twice.
    """
    if pair.state not in ("making", "paired") or not wrote_within(pair, "outlook", now, LAG):
        return False
    if pair.event_id or not isinstance(booking, Booking):
        return True
    return booking.resource != pair.resource or booking.status in (Status.ENDED, Status.PROPOSED, Status.SIMULATED)


def _own(
    marked: list[Event], pair: Pair | None, resource: Resource, booking_id: str, setting: Setting
) -> tuple[EventSide, tuple[Stray, ...]]:
    """Return the event that the pair made, by its transactionId, and the pair's others. Copies are neither.

    If the pair's row was lost, the newest generation's event is the pair's.
    """
    newest, oldest = (pair.generation,) * 2 if pair is not None else (MOST_GENERATIONS, 1)
    derived = [transaction_id(setting.organization, booking_id, resource.watch_id, each)
               for each in range(newest, oldest - 1, -1)]  # fmt: skip
    found = {each.transaction_id: each for each in marked}
    own = next((found[each] for each in derived if each in found), None)
    others = [Stray(resource.watch_id, each) for each in marked if own is None or each.id != own.id]
    strays = tuple(each for each in others if pair is not None and _belongs(each, pair, booking_id, setting))
    return own or Gone(), strays


def _belongs(stray: Stray, pair: Pair, booking_id: str, setting: Setting) -> bool:
    """Return whether an event was made for the pair, now or in an earlier generation; a copy was not."""
    used = {
        transaction_id(setting.organization, booking_id, stray.watch_id, each) for each in range(1, pair.generation + 1)
    }
    former = {each.event_id for each in pair.formers()}
    return stray.event.transaction_id in used or stray.event.id in former
