"""Rows 55 and 56: a half of a pair is made, for the first time or again after a worker was killed. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Decision
from shared.dataverse.ids import generation_of, mark_of
from shared.dataverse.prints import gone, times_text
from shared.dataverse.rules.booking_writes import make_booking, make_booking_again
from shared.dataverse.rules.event_writes import make_event
from shared.dataverse.sides import Booking, Gone
from shared.dataverse.titles import subject_of
from shared.storage.pairs.pair import Pair


def unmade(seen: Compared) -> Decision | None:
    """Rows 55 and 56 of a pair in the making whose half is not there: the same id and generation again."""
    pair = seen.pair
    if pair is None or seen.state != "making":
        return None
    if seen.is_dv and seen.is_live and seen.is_gone:
        return _repeated_creation(seen, pair)
    if not seen.is_dv and isinstance(seen.look.booking, Gone) and seen.in_rule:
        return make_booking_again(seen, 56)
    return None


def taken_id(seen: Compared) -> Decision | None:
    """Row 56 of a pair in the making whose booking's id somebody else has used: the next generation has another."""
    pair, booking, user_id = seen.pair, seen.booking, seen.context.user_id
    if pair is None or seen.is_dv or seen.state != "making" or booking is None or not user_id:
        return None
    if booking.created_by == user_id:
        return None
    if seen.in_rule and seen.is_in_window:
        return make_booking(seen, 56, generation=pair.generation + 1)
    return Decision(row=56, after=seen.refreshed("ended", event_id=""))


def _repeated_creation(seen: Compared, pair: Pair) -> Decision:
    """Return the creation again. An earlier attempt may have made the event: until it is known, its prints are kept, so
    that what the booking shows since, and what a person did to the event, is news.
    """
    decision = make_event(seen, 55, resource=seen.resource, generation=pair.generation)
    before = replace(required(decision.before), booking_print=pair.booking_print, event_print=pair.event_print)
    return replace(decision, before=before)


def first_event(seen: Compared) -> Decision | None:
    """Row 55: a live booking of a followed resource, in the window, without a pair."""
    if seen.pair is not None or seen.booking is None or not seen.is_live or seen.look.generation:
        return None
    if not seen.is_in_window or seen.look.is_theirs or _is_by_relay(seen.booking, seen.context.user_id):
        return None
    decision = make_event(seen, 55, resource=seen.resource, generation=1)
    return _adopted(seen, decision) if _is_own(seen) else decision


def first_booking(seen: Compared) -> Decision | None:
    """Row 56: an event in rule, in the window, without a pair. A series is expanded first (row 46)."""
    event = seen.event
    if seen.pair is not None or event is None or not seen.in_rule:
        return None
    if seen.booking is not None and not seen.look.generation:
        return None
    if event.is_tagged or _is_copy_in_place(seen):
        return None
    if event.is_series:
        return Decision(row=46, expands=True) if seen.rules.direction.may_write("dataverse") else None
    return make_booking(seen, 56, generation=max(seen.look.generation, 1)) if seen.is_in_window else None


def _is_by_relay(booking: Booking, user_id: str) -> bool:
    """Return whether a booking stands for an event already, whose pair is not stored: the event leads to it."""
    return bool(user_id) and booking.created_by == user_id


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
    return _generation(seen) > 0 or seen.have_equal_times


def _adopted(seen: Compared, decision: Decision) -> Decision:
    """Return the decision to pair a booking with an event that exists. The next look carries over what differs."""
    booking, event = required(seen.booking), required(seen.event)
    is_named = event.subject == subject_of(booking)
    shown = seen.shown_booking if is_named else seen.shown_booking._replace(title="")
    after = replace(
        required(decision.after), state="paired", event_id=event.id, event_etag=event.etag,
        event_print=seen.prints.make(gone()), booking_print=seen.prints.make(shown),
        generation=max(_generation(seen), 1),
    )  # fmt: skip
    return Decision(row=55, after=after, looks_again=True)


def _generation(seen: Compared) -> int:
    """Return which event of its booking the event is, 0 if its transactionId does not say so."""
    booking, event = required(seen.booking), required(seen.event)
    return generation_of(seen.context.organization, booking.id, seen.resource.watch_id, event.transaction_id)
