"""The writes to an event: what is written, and the pair before and after it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import ChangeEvent, Decision, Finding, MakeEvent
from shared.dataverse.ids import mark_of, transaction_id
from shared.dataverse.look import Resource
from shared.dataverse.prints import Shown, event_status, gone, times_text
from shared.dataverse.sides import Booking, Status, times_of
from shared.dataverse.titles import subject_of
from shared.storage.pairs.pair import Former, Pair, key_of, restored_text, with_formers

DAY = timedelta(days=1)
MOST_RESTORATIONS = 2  # in a day; the next deletion mutes the event


def show_as_of(booking: Booking) -> str:
    """Return the availability that the event of a booking has when it is made."""
    return "tentative" if booking.status is Status.PROPOSED else "busy"


def make_event(seen: Compared, row: int, *, resource: Resource, generation: int, **changes: Any) -> Decision:
    """Return the creation of the event of a booking. The row of the pair is stored first."""
    booking, organization = required(seen.booking), seen.context.organization
    start, end = times_of(booking)
    show_as = show_as_of(booking)
    shown = Shown(times_text(booking), event_status(show_as, is_others=False, usable=True), "")
    before = replace(
        seen.refreshed() if seen.pair is not None else _new_of_booking(seen, resource),
        state="making",
        resource=resource.id,
        mailbox_watch=resource.watch_id,
        event_id="",
        event_etag="",
        event_print=seen.prints.make(shown),
        generation=generation,
        canceled_by_us=False,
        **changes,
    )
    write = MakeEvent(
        watch_id=resource.watch_id,
        transaction_id=transaction_id(organization, booking.id, resource.watch_id, generation),
        mark=mark_of(organization, booking.id),
        subject=subject_of(booking),
        start=start,
        end=end,
        show_as=show_as,
    )
    return Decision(row=row, before=before, outlook=write, after=before)


def restore_event(seen: Compared, row: int) -> Decision:
    """Return the creation of an event in place of a deleted one, or, after two in a day, that the pair is muted."""
    pair, now = required(seen.pair), seen.context.now
    recent = [moment for moment in pair.restorations() if now - moment < DAY]
    if len(recent) >= MOST_RESTORATIONS:
        return Decision(row=row, after=seen.refreshed("muted"), finding=Finding.RESTORED_TOO_OFTEN)
    formers = [*pair.formers(), former_of(seen, pair, is_removed=True)]
    return make_event(
        seen, row, resource=seen.resource, generation=pair.generation + 1,
        restored=restored_text([*recent, now]), former=with_formers(pair, formers).former,
    )  # fmt: skip


def remove_event(seen: Compared, row: int, **changes: Any) -> Decision:
    """Return the removal of the pair's event, and of all others that are still there. The pair is ended."""
    pair = required(seen.pair)
    formers = list(pair.formers())
    if seen.event is not None:
        formers.append(former_of(seen, pair, is_removed=False)._replace(event_id=seen.event.id))
    removals = [*(each for each in formers if not each.is_removed), *strays_of(seen)]
    removed = seen.refreshed("ended", event_print=seen.prints.make(gone()))
    after = with_formers(removed, (each._replace(is_removed=True) for each in formers))
    is_counted = seen.event is not None and pair.state in ("making", "paired", "muted")
    is_restored = bool(seen.strays) or (seen.event is not None and pair.state == "ended")
    return Decision(
        row=row, removals=tuple(removals), after=after, counts="outlook" if is_counted else None, undoes=is_restored,
        **changes,
    )  # fmt: skip


def change_event(seen: Compared, *, times: bool, subject: bool = False, show_as: bool = False) -> ChangeEvent:
    """Return the change of an event to what its booking shows."""
    booking, event, pair = required(seen.booking), required(seen.event), required(seen.pair)
    start, end = times_of(booking)
    return ChangeEvent(
        watch_id=pair.mailbox_watch,
        event_id=event.id,
        etag=event.etag,
        start=start if times else None,
        end=end if times else None,
        subject=subject_of(booking) if subject else None,
        show_as=show_as_of(booking) if show_as else None,
        ends_all_day=times and event.is_all_day,
        zone=event.zone,
    )


def former_of(seen: Compared, pair: Pair, *, is_removed: bool) -> Former:
    """Return the pair's present event as a former one."""
    used = transaction_id(seen.context.organization, pair.booking_id, pair.mailbox_watch, pair.generation)
    return Former(pair.mailbox_watch, pair.event_id, used, is_removed)


def strays_of(seen: Compared) -> list[Former]:
    """Return the events of the pair that it does not name, as events to remove."""
    return [Former(each.watch_id, each.event.id, each.event.transaction_id) for each in seen.strays]


def _new_of_booking(seen: Compared, resource: Resource) -> Pair:
    booking = required(seen.booking)
    start, end = times_of(booking)
    return Pair(
        key_of(booking.id), "dataverse", "making", resource.id, resource.watch_id,
        booking_etag=booking.etag, booking_print=seen.prints.make(seen.shown_booking), start=start, end=end,
    )  # fmt: skip
