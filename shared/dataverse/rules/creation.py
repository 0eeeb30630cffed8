"""Rows 55 and 56: a half of a pair is made, for the first time or again after a worker was killed. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Decision
from shared.dataverse.ids import mark_of, transaction_id
from shared.dataverse.prints import times_text
from shared.dataverse.rules.booking_writes import make_booking, make_booking_again
from shared.dataverse.rules.event_writes import make_event
from shared.dataverse.sides import Gone


def unmade(seen: Compared) -> Decision | None:
    """Rows 55 and 56 of a pair in the making whose half is not there: the same id and generation again."""
    pair = seen.pair
    if pair is None or seen.state != "making":
        return None
    if seen.is_dv and seen.is_live and seen.is_gone:
        return make_event(seen, 55, resource=seen.resource, generation=pair.generation)
    if not seen.is_dv and isinstance(seen.look.booking, Gone) and seen.in_rule:
        return make_booking_again(seen, 56)
    return None


def first_event(seen: Compared) -> Decision | None:
    """Row 55: a live booking of a followed resource, in the window, without a pair."""
    if seen.pair is not None or seen.booking is None or not seen.is_live:
        return None
    if not seen.is_in_window or seen.look.is_theirs:
        return None
    decision = make_event(seen, 55, resource=seen.resource, generation=1)
    return _adopted(seen, decision) if _is_own(seen) else decision


def first_booking(seen: Compared) -> Decision | None:
    """Row 56: an event in rule, in the window, without a pair. A series is expanded first (row 46)."""
    event = seen.event
    if seen.pair is not None or seen.booking is not None or event is None or not seen.in_rule:
        return None
    if event.is_tagged or _is_copy_in_place(seen):
        return None
    if event.is_series:
        return Decision(row=46, expands=True) if seen.rules.direction.may_write("dataverse") else None
    return make_booking(seen, 56, generation=1) if seen.is_in_window else None


def _is_copy_in_place(seen: Compared) -> bool:
    """Return whether an event with a mark stands for no booking of its own.

    A copy of a pair's event is one only once its times differ. A mark of another organization, or of a booking whose
    pair is forgotten, says that the event was made for a booking.
    """
    event, original = required(seen.event), seen.look.copied_from
    if not event.mark:
        return False
    if original is None or not event.mark.startswith(f"{seen.context.organization.lower()}/"):
        return True
    return seen.prints.has_times(original.event_print, times_text(event))


def _is_own(seen: Compared) -> bool:
    """Return whether an event that the mark led to is the booking's own, although its pair is not stored."""
    booking, event, organization = required(seen.booking), seen.event, seen.context.organization
    if event is None or not event.is_plain or event.mark != mark_of(organization, booking.id):
        return False
    derived = transaction_id(organization, booking.id, seen.resource.watch_id, 1)
    return event.transaction_id == derived or seen.have_equal_times


def _adopted(seen: Compared, decision: Decision) -> Decision:
    """Return the decision to pair a booking with an event that exists. The next look compares them."""
    event = required(seen.event)
    after = replace(required(decision.after), state="paired", event_id=event.id, event_etag=event.etag)
    return Decision(row=55, after=after, looks_again=True)
