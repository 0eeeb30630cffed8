"""Derived ids: the same for the same, another for anything else, in every copy of the code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as some

from shared.dataverse.ids import MOST_GENERATIONS, booking_id, generation_of, mark_of, marked, transaction_id
from tests.unit.dataverse.scene import BOOKING, ORGANIZATION

GUIDS, TEXTS, NUMBERS = some.uuids().map(str), some.text(max_size=10), some.integers(1, 9)
EVENTS = some.tuples(GUIDS, GUIDS, TEXTS, NUMBERS)
NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)


@given(EVENTS, EVENTS)
def test_another_event_has_another_transaction_id(
    first: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    """Organization, booking, watch and generation each count."""
    assert (transaction_id(*first) == transaction_id(*other)) == (first == other)


def test_a_transaction_id_names_the_generation_of_its_event() -> None:
    """The row of its pair may be lost; another's id, and none, tell nothing."""
    for number in (1, MOST_GENERATIONS):
        made = transaction_id(ORGANIZATION, BOOKING, "watch", number)
        assert generation_of(ORGANIZATION, BOOKING, "watch", made) == number
        assert generation_of(ORGANIZATION, BOOKING, "other watch", made) == 0
    assert generation_of(ORGANIZATION, BOOKING, "watch", "") == 0


@given(GUIDS, GUIDS, TEXTS, TEXTS, NUMBERS, NUMBERS)
def test_another_event_has_another_booking(
    organization: str, other: str, event: str, other_event: str, generation: int, other_generation: int
) -> None:
    """Organization, event and generation each count; a copied environment's bookings are others."""
    first = booking_id(organization, "user", event, NOON, generation)
    second = booking_id(other, "user", other_event, NOON, other_generation)
    assert (first == second) == ((organization, event, generation) == (other, other_event, other_generation))


def test_the_ids_are_those_of_every_version() -> None:
    """Another id would make everything twice after an update."""
    assert transaction_id(ORGANIZATION, BOOKING, "watch", 1) == "ba23de41-46c5-5f2a-aafe-1ac45370d47b"
    assert booking_id(ORGANIZATION, "user", "event", NOON, 1) == "02831997-be9a-5231-b29b-10e372eaa3c1"
    assert mark_of(ORGANIZATION, BOOKING) == f"{ORGANIZATION}/{BOOKING}"


def test_an_id_written_otherwise_is_the_same() -> None:
    """Dataverse and Entra write GUIDs in lower case, people do not; a time is the same in any zone."""
    oslo = NOON.astimezone(timezone(timedelta(hours=1))).replace(microsecond=5)
    assert booking_id(ORGANIZATION.upper(), "USER", "event", oslo, 1) == booking_id(
        ORGANIZATION, "user", "event", NOON, 1
    )
    assert mark_of(f"{{{ORGANIZATION.upper()}}}", BOOKING.upper()) == mark_of(ORGANIZATION, BOOKING)
    assert booking_id(ORGANIZATION, "user", "Event", NOON, 1) != booking_id(ORGANIZATION, "user", "event", NOON, 1)


def test_a_mark_is_read_as_it_was_written() -> None:
    """A malformed one leads nowhere."""
    assert marked(mark_of(ORGANIZATION, BOOKING)) == (ORGANIZATION, BOOKING)
    assert [marked(each) for each in ("", "/", f"{ORGANIZATION}/", f"{ORGANIZATION}/x", ORGANIZATION)] == [None] * 5
