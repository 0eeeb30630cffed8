"""What the writes of a decision are answered is noted in the pair."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.dataverse.decide import decide
from shared.dataverse.decision import Decision, Finding, MakeBooking
from shared.dataverse.look import Direction, Look
from shared.dataverse.record import recorded, released
from shared.dataverse.repetition import MOST_ANSWERS, with_write
from shared.dataverse.sides import GONE, Booking, EventSide, Status
from shared.storage.pairs.pair import Pair, Side, writes_text
from tests.unit.dataverse.cases import MINE, MOVED, MOVED_B, MOVED_E, UNMADE, dv, ol
from tests.unit.dataverse.scene import HERE, HOUR, NOW, OWN, PLAIN, THERE, context


def look_at(pair: Pair | None, booking: Booking, event: EventSide) -> Look:
    """Return a look at two sides."""
    return Look(context=context(), pair=pair, booking=booking, event=event, resource=HERE)


def test_a_new_event_is_named() -> None:
    """The pair is no longer in the making, and the event's echo is no news."""
    first = decide(Look(context=context(), booking=PLAIN))
    assert first.before is not None
    assert (first.before.state, first.before.event_id) == ("making", "")
    pair = recorded(first, context(), event=OWN)
    assert (pair.state, pair.event_id, pair.event_etag, pair.read_at) == ("paired", OWN.id, "e1", NOW)
    assert decide(look_at(pair, PLAIN, OWN)).row == 60


def test_a_killed_worker_makes_the_same_event_again() -> None:
    """The transactionId is the same, also for the times to which the booking was moved meanwhile."""
    first = decide(Look(context=context(), booking=PLAIN))
    again = decide(Look(context=context(), booking=MOVED_B, pair=first.before))
    assert again.outlook is not None
    assert first.outlook is not None
    assert again.outlook == replace(first.outlook, **MOVED)


def test_an_event_of_a_killed_worker_is_compared_with_what_it_should_be() -> None:
    """The booking moved in between: the event follows. The event was dragged in between: the booking does."""
    making = dv(**UNMADE)
    assert decide(look_at(making, MOVED_B, OWN)).row == 57
    assert decide(look_at(making, PLAIN, MOVED_E)).row == 58


def test_an_event_of_an_earlier_attempt_is_compared_with_that_attempt() -> None:
    """The booking moved, the second attempt was lost as well: the event of the first one follows."""
    making = dv(**UNMADE)
    again = decide(look_at(making, MOVED_B, GONE))
    assert again.before is not None
    assert decide(look_at(again.before, MOVED_B, OWN)).row == 57
    assert decide(look_at(again.before, PLAIN, MOVED_E)).row == 58


@pytest.mark.parametrize("row", [1, 2])
def test_a_look_that_did_not_read_both_sides_covers_no_hint(row: int) -> None:
    """A hint from before it is not done with."""
    pair = dv()
    assert recorded(Decision(row=row, after=pair), context()).read_at == pair.read_at
    assert recorded(Decision(row=60, after=pair), context()).read_at == NOW


def test_a_killed_worker_makes_the_booking_under_the_stored_id() -> None:
    """It is derived once: the user's id, or the event's, may be another by then."""
    first = decide(Look(context=context(), event=MINE, resource=HERE))
    assert first.before is not None
    other = replace(context(), resources={HERE: replace(context().resource(HERE), user_id="another")})
    again = decide(Look(context=other, event=replace(MINE, **MOVED), pair=first.before))
    assert isinstance(again.dataverse, MakeBooking)
    assert again.dataverse.booking_id == first.before.booking_id
    assert again.dataverse.start == MOVED["start"]


def test_a_booking_that_comes_back_with_other_times_is_followed_once() -> None:
    """A plug-in moved it by an hour: the event gets these times, and then nothing more is written."""
    decision = decide(look_at(dv(), PLAIN, MOVED_E))
    shifted = replace(MOVED_B, start=MOVED_B.start + HOUR, end=MOVED_B.end + HOUR, etag="b9")
    pair = recorded(decision, context(), booking=shifted)
    followed = decide(look_at(pair, shifted, MOVED_E))
    assert followed.row == 57
    moved = replace(MOVED_E, start=shifted.start, end=shifted.end)
    assert decide(look_at(recorded(followed, context(), event=moved), shifted, moved)).row == 60


def test_a_booking_that_a_plug_in_resets_is_followed_too() -> None:
    """It came back as it was: that is no news against the last look, and still the event must not stay apart."""
    decision = decide(look_at(dv(), PLAIN, MOVED_E))
    pair = recorded(decision, context(), booking=replace(PLAIN, etag="b9"))
    assert decide(look_at(pair, replace(PLAIN, etag="b9"), MOVED_E)).row == 57


def test_a_booking_that_comes_back_with_another_resource_is_held() -> None:
    """Only a new one: a plug-in assigned it to somebody else."""
    decision = decide(Look(context=context(), event=MINE, resource=HERE))
    made = replace(PLAIN, resource=THERE)
    pair = recorded(decision, context(), booking=made)
    assert (pair.state, pair.held_by) == ("held", "answer")


def test_a_resource_that_is_put_back_hides_no_move() -> None:
    """A drag on the board changes both: the new times still reach the event."""
    dragged = replace(MOVED_B, resource=THERE)
    decision = decide(look_at(ol(), dragged, MINE))
    assert (decision.row, decision.looks_again) == (8, True)
    pair = recorded(decision, context(), booking=MOVED_B)
    assert decide(look_at(pair, MOVED_B, MINE)).row == 57


def test_a_decision_without_a_pair_is_not_recorded() -> None:
    """There is nothing to store."""
    with pytest.raises(ValueError, match="without a pair"):
        recorded(Decision(row=60), context())


def test_two_sides_that_answer_each_other_are_held() -> None:
    """The seventh write within ten minutes is not made; a person who drags an event six times is no answer."""
    pair = dv()
    for number in range(MOST_ANSWERS):
        side: Side = "outlook" if number % 2 else "dataverse"
        pair = with_write(with_write(pair, side, NOW), side, NOW)
    assert len(pair.recent_writes()) == MOST_ANSWERS
    held = decide(look_at(pair, PLAIN, MOVED_E))
    assert held.after is not None
    assert (held.writes, held.finding, held.after.state, held.after.held_by) == (
        False, Finding.REPEATED, "held", "repeats",
    )  # fmt: skip
    assert decide(look_at(held.after, PLAIN, MOVED_E)).row == 2
    assert decide(look_at(released(held.after), PLAIN, MOVED_E)).row == 58
    dragged = dv()
    for _ in range(20):
        dragged = with_write(dragged, "dataverse", NOW)
    assert decide(look_at(dragged, PLAIN, MOVED_E)).writes


def test_writes_of_long_ago_do_not_count() -> None:
    """Ten minutes later the pair goes on."""
    long_ago = NOW - timedelta(minutes=10)
    sides: list[Side] = ["outlook", "dataverse"] * 3
    pair = dv(writes=writes_text([(long_ago, side) for side in sides]))
    assert decide(look_at(pair, PLAIN, MOVED_E)).writes


def test_a_release_keeps_what_is_news() -> None:
    """Both sides were edited while the pair was held: the side of birth wins."""
    pair = released(dv(state="held", held_by="brake"))
    decision = decide(look_at(pair, MOVED_B, replace(MOVED_E, start=MOVED_E.start + HOUR)))
    assert decision.row == 36
    assert released(dv(state="muted")).state == "muted"
    assert released(dv(state="held", event_id="", held_by="answer")).state == "making"


def test_a_right_that_was_missing_lifts_the_hold_by_itself() -> None:
    """Both sides can be read again."""
    decision = decide(look_at(dv(state="held", held_by="right"), MOVED_B, OWN))
    assert decision.row == 57
    assert decision.after is not None
    assert (decision.after.state, decision.after.held_by) == ("paired", "")


def test_a_pair_that_can_be_read_again_forgets_since_when_it_could_not() -> None:
    """Also where nothing else is stored of it, such as an event that was let go."""
    failing = dv(failing_since=NOW - timedelta(days=3))
    decision = decide(look_at(failing, PLAIN, replace(OWN, has_attendees=True)))
    assert decision.row == 45
    assert decision.after is not None
    assert decision.after.failing_since is None


def test_what_to_outlook_did_not_write_is_not_written_later() -> None:
    """The event was dragged while DATAVERSE_DIRECTION was to-outlook: `both` does not carry it over."""
    drag = look_at(dv(), PLAIN, MOVED_E)
    one_way = decide(replace(drag, context=context(direction=Direction.TO_OUTLOOK)))
    assert (one_way.row, one_way.of_row, one_way.finding) == (52, 58, Finding.OTHER_DIRECTION)
    later = replace(drag, pair=recorded(one_way, context()))
    assert decide(later).row == 60
    moved = replace(PLAIN, start=PLAIN.start + HOUR, end=PLAIN.end + HOUR)
    assert decide(replace(later, booking=moved)).row == 57


def test_a_move_under_way_is_carried_over_once_the_work_is_not() -> None:
    """A person dragged her own event while the booking was under way: a finding, until it may be written again."""
    traveling = replace(PLAIN, status=Status.TRAVELING)
    dragged = replace(MINE, **MOVED)
    first = decide(look_at(ol(traveling), traveling, dragged))
    assert (first.row, first.writes, first.finding) == (20, False, Finding.MOVED_UNDER_WAY)
    pair = recorded(first, context())
    assert decide(look_at(pair, traveling, dragged)).row == 20
    assert decide(look_at(pair, PLAIN, dragged)).row == 58
