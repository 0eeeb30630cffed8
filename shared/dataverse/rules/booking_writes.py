"""The writes to a booking: what is written, and the pair before and after it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import ChangeBooking, Decision, MakeBooking, NewStatus
from shared.dataverse.prints import Shown, times_text
from shared.dataverse.sides import Status, times_of
from shared.dataverse.titles import name_of
from shared.dataverse.unpaired.derived import derived_id
from shared.storage.pairs.pair import Pair, key_of

OLD = timedelta(hours=1)  # an event that becomes a booking so long after its creation counts for the brake


def change_booking(
    seen: Compared,
    *,
    times: bool = False,
    name: bool = False,
    resource: str | None = None,
    status: NewStatus | None = None,
) -> ChangeBooking:
    """Return the change of a booking to what its event shows."""
    booking, event = required(seen.booking), seen.event
    start, end = times_of(event) if event is not None and times else (None, None)
    new_name = name_of(event, seen.rules.titles) if event is not None and name else None
    return ChangeBooking(
        booking_id=booking.id, etag=booking.etag, start=start, end=end, name=new_name, resource=resource, status=status
    )


def cancel_booking(seen: Compared, row: int) -> Decision:
    """Return the cancellation of a booking. It is stored first who cancels: the event may come back."""
    before = replace(required(seen.pair), canceled_by_us=True)
    write = change_booking(seen, status=NewStatus.CANCELED)
    after = seen.refreshed("ended", canceled_by_us=True)
    return Decision(row=row, before=before, dataverse=write, after=after, counts="dataverse")


def make_booking(seen: Compared, row: int, *, generation: int) -> Decision:
    """Return the creation of the booking of an event. The id is derived once, and stored first."""
    event, context = required(seen.event), seen.context
    derived = derived_id(event, context.organization, seen.resource.user_id, generation)
    before = _new_of_event(seen, derived, generation)
    replaced = seen.refreshed("ended", event_id="") if seen.pair is not None else None
    is_old = event.created is not None and context.now - event.created > OLD and not seen.look.was_planned
    return Decision(
        row=row, before=before, dataverse=_creation(seen, derived), after=before, replaced=replaced,
        counts_creation=is_old,
    )  # fmt: skip


def make_booking_again(seen: Compared, row: int) -> Decision:
    """Return the creation of a booking under the id that is stored: a worker was killed, or its answer lost."""
    pair = required(seen.pair)
    before = _intended(seen, pair)
    return Decision(row=row, before=before, dataverse=_creation(seen, pair.booking_id), after=before)


def _creation(seen: Compared, booking: str) -> MakeBooking:
    event = required(seen.event)
    start, end = times_of(event)
    name = name_of(event, seen.rules.titles)
    return MakeBooking(booking_id=booking, resource=seen.resource.id, start=start, end=end, name=name)


def _new_of_event(seen: Compared, booking: str, generation: int) -> Pair:
    event, resource = required(seen.event), seen.resource
    blank = Pair(
        key_of(booking), "outlook", "making", resource.id, resource.watch_id, event.id, generation,
        series_id=event.series_id, original_start=event.original_start,
    )  # fmt: skip
    return _intended(seen, blank)


def _intended(seen: Compared, pair: Pair) -> Pair:
    """Return a pair in the making, with what its booking will show."""
    event, prints = required(seen.event), seen.prints
    start, end = times_of(event)
    return replace(
        pair,
        event_etag=event.etag,
        event_print=prints.make(seen.shown_event),
        booking_print=prints.make(Shown(times_text(event), Status.COMMITTED.value, "")),
        start=start,
        end=end,
    )
