"""The brake's numbers: what counts, what is a move, and when a mailbox is held."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from shared.dataverse.brake import (
    MOST_PLANNED,
    counted,
    holding,
    is_braked,
    is_creation_braked,
    releasing,
    with_creation,
    with_planned,
    with_removal,
)
from shared.storage.pairs.brakes import Creation, MailboxBrake, Removal
from shared.storage.pairs.pair import Side
from tests.unit.dataverse.scene import NOW

MINUTE = timedelta(minutes=1)
WATCH = "0" * 32


def removals(number: int, *, side: Side = "outlook", at: datetime = NOW - MINUTE) -> list[Removal]:
    """Return some removals of the last minutes, each for a work order of its own."""
    return [Removal(f"pair-{each}", side, at, f"order-{each}", "here") for each in range(number)]


@pytest.mark.parametrize(
    ("number", "pairs", "held"),
    [
        (4, 4, False), (5, 5, True), (5, 10, True), (5, 11, False), (9, 19, False), (9, 18, True), (10, 50, True),
        (10, 51, False), (24, 121, False), (24, 120, True), (25, 100_000, True), (0, 0, False),
    ],
)  # fmt: skip
def test_the_numbers_that_hold_a_mailbox(number: int, pairs: int, *, held: bool) -> None:
    """Five and half, ten and a fifth, or twenty-five."""
    assert is_braked(number, pairs) is held


@pytest.mark.parametrize(("number", "events", "held"), [(9, 9, False), (10, 19, True), (10, 20, False), (40, 50, True)])
def test_the_numbers_of_bookings_for_old_events(number: int, events: int, *, held: bool) -> None:
    """Ten, and more than half."""
    assert is_creation_braked(number, events) is held


def test_only_the_same_side_and_the_last_hour_count() -> None:
    """The other side's, older ones, those of a wrong clock and those that `plan` counted do not."""
    some = [
        *removals(2), *removals(3, side="dataverse"), *removals(3, at=NOW - timedelta(hours=1)),
        *removals(3, at=NOW + timedelta(days=2)), *[each._replace(was_planned=True) for each in removals(3)],
    ]  # fmt: skip
    assert counted(some, [], "outlook", NOW) == {"pair-0", "pair-1"}
    assert len(counted(some, [], "dataverse", NOW)) == 3


def test_what_was_planned_counts_for_nothing_when_it_is_removed() -> None:
    """It is decided once or twice after the start; one that nobody planned counts beside it."""
    brake = MailboxBrake(WATCH, **with_planned(MailboxBrake(WATCH), ["pair-0"], NOW))
    for each in removals(2) * 2:
        brake = MailboxBrake(WATCH, **with_removal(brake, each))
    assert counted(brake.removals(), [], "outlook", NOW) == {"pair-1"}
    assert len(brake.removals()) == 2


def test_the_row_holds_what_a_start_notes() -> None:
    """A column of the table holds 32,768 letters."""
    changes = with_planned(MailboxBrake(WATCH), [uuid.uuid4().hex for _ in range(400)], NOW)
    assert len(changes["removed"]) < 32_768
    assert len(MailboxBrake(WATCH, **changes).removals()) == MOST_PLANNED


def test_a_repeated_removal_counts_once() -> None:
    """A worker that was killed decides again."""
    assert len(counted(removals(3) + removals(3), [], "outlook", NOW)) == 3


def test_the_optimizer_replans_sixty_visits() -> None:
    """It deletes bookings and makes others for the same work orders: nothing counts, in any order."""
    made = [Creation(f"new-{each}", NOW + 20 * MINUTE, f"order-{each}", "there") for each in range(60)]
    assert counted(removals(60), made, "outlook", NOW) == set()
    assert len(counted(removals(60), made[:20], "outlook", NOW)) == 40


def test_a_creation_excuses_a_single_removal() -> None:
    """One new booking of a work order does not excuse the removal of five others."""
    some = [each._replace(cause="order") for each in removals(5)]
    assert len(counted(some, [Creation("new", NOW, "order", "there")], "outlook", NOW)) == 4


@pytest.mark.parametrize(
    ("cause", "creation", "is_move"),
    [
        ("a", Creation("new", NOW, "a"), True), ("a", Creation("new", NOW, "b"), False),
        ("a", Creation("new", NOW), False), ("", Creation("new", NOW, "a"), False),
        ("", Creation("new", NOW, "", "there"), True), ("", Creation("new", NOW, "", "here"), False),
        ("", Creation("new", NOW), False), ("", Creation("new", NOW + MINUTE, "", "there"), False),
        ("a", Creation("new", NOW + 60 * MINUTE, "a"), False),
    ],
    ids=["same-cause", "other-cause", "cause-lost", "cause-new", "there", "here", "nowhere", "later", "hour-later"],
)  # fmt: skip
def test_what_is_a_move(cause: str, creation: Creation, *, is_move: bool) -> None:
    """The same cause within the hour; without one, another resource within a minute."""
    removed = [Removal("pair-0", "outlook", NOW, cause, "here")]
    assert (counted(removed, [creation], "outlook", NOW) == set()) is is_move


def test_the_row_keeps_an_hour_and_a_release_empties_it() -> None:
    """What was held is carried out after a release, and does not count again."""
    brake = MailboxBrake(WATCH)
    for each in [*removals(2, at=NOW - timedelta(hours=2)), *removals(3), *removals(3)]:
        brake = MailboxBrake(WATCH, **with_removal(brake, each))
    assert brake.removals() == removals(3)
    created = Creation("new", NOW, "order", "there", of_old=True)
    brake = MailboxBrake(WATCH, **with_creation(MailboxBrake(WATCH, **with_creation(brake, created)), created))
    assert brake.creations() == [created]
    held = MailboxBrake(WATCH, **holding(brake, NOW, "brake"))
    assert (held.held_since, held.held_by) == (NOW, "brake")
    assert holding(held, NOW + timedelta(hours=1), "administrator") == {}
    released = MailboxBrake(WATCH, **releasing(held, NOW))
    assert (released.held_since, released.held_by, released.removals(), released.creations()) == (None, "", [], [])
    assert (released.released_at, released.opened_at) == (NOW, NOW)


@pytest.mark.parametrize("held_by", ["", "administrator"])
def test_a_release_of_what_the_brake_does_not_hold_forgets_no_removal(held_by: str) -> None:
    """Nobody has looked at them."""
    changes = releasing(MailboxBrake(WATCH, held_by=held_by), NOW)
    assert changes.keys() == {"held_since", "held_by", "released_at", "changed"}
