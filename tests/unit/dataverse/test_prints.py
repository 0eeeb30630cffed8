"""Prints: equal for what is equal, different for what differs, and useless to whoever has no key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as some

from shared.dataverse.prints import Key, News, Prints, Shown, shown_by_booking, shown_by_event
from shared.dataverse.sides import Booking, Status
from tests.unit.dataverse.scene import HOUR, OWN, PLAIN, PRINTS

TEXTS = some.text(max_size=30)
SHOWN = some.builds(Shown, TEXTS, TEXTS, TEXTS)
OLD, NEW = Key("v1", b"a key of thirty-two characters!!"), Key("v2", b"another key of so many letters..")


def booking_shown(booking: Booking = PLAIN) -> Shown:
    """Return what a booking of a pair born in Dataverse shows."""
    return shown_by_booking(booking, "dataverse", is_left_out=False)


@given(SHOWN, SHOWN)
def test_news_are_exactly_the_parts_that_differ(before: Shown, after: Shown) -> None:
    """Part by part."""
    expected = News(*(old != new for old, new in zip(before, after, strict=True)))
    assert PRINTS.news(PRINTS.make(before), after) == expected


@given(SHOWN)
def test_a_print_holds_no_text(shown: Shown) -> None:
    """It is hex digits, of one length for every text, and another with another key."""
    made = PRINTS.make(shown)
    assert set(made.removeprefix("v1:")) <= set("0123456789abcdef.")
    assert len(made) == len(PRINTS.make(Shown("", "", "")))
    assert made.removeprefix("v1:") != Prints([NEW]).make(shown).removeprefix("v2:")


@given(TEXTS)
def test_equal_texts_in_different_parts_have_different_hashes(text: str) -> None:
    """Nobody sees that a title is the text of a status."""
    parts = PRINTS.make(Shown(text, text, text)).removeprefix("v1:").split(".")
    assert len(set(parts)) == 3


@given(SHOWN, SHOWN)
def test_times_that_are_kept_stay_news(before: Shown, after: Shown) -> None:
    """The other parts are noted."""
    kept = PRINTS.make_keeping_times(PRINTS.make(before), after)
    assert PRINTS.news(kept, after) == News(times=before.times != after.times)
    assert PRINTS.make_keeping_times("", after) == PRINTS.make(after)


def test_a_rotation_of_the_key_shows_nothing_new() -> None:
    """While the old key is there it is compared; once it is gone nothing is new, and the next print has the new key."""
    shown, other = Shown("times", "status", "title"), Shown("other", "status", "title")
    stored = Prints([OLD]).make(shown)
    both, alone = Prints([NEW, OLD]), Prints([NEW])
    assert both.news(stored, shown) == News()
    assert both.news(stored, other) == News(times=True)
    assert alone.news(stored, other) == News()
    assert both.make(shown).startswith("v2:")
    assert both.make_keeping_times(stored, other) == stored
    assert both.had_status(stored, "status")
    assert not alone.had_status(stored, "status")


def test_a_damaged_print_shows_nothing_that_was() -> None:
    """A text without a key, or without parts, has no status and no times."""
    for damaged in ("", "x", "v1:", "v1:a.b"):
        assert not PRINTS.had_status(damaged, "status")
        assert not PRINTS.has_times(damaged, "times")
    assert PRINTS.news("x", Shown("a", "b", "c")) == News()


@given(some.integers(0, 999_999), some.integers(0, 999_999))
def test_fractions_of_a_second_are_no_news(first: int, second: int) -> None:
    """Dataverse cuts them, Graph has seven digits of them: both are floored."""
    one, other = PLAIN.start.replace(microsecond=first), PLAIN.start.replace(microsecond=second)
    assert booking_shown(replace(PLAIN, start=one)) == booking_shown(replace(PLAIN, start=other))
    oslo = timezone(timedelta(hours=1))
    assert booking_shown(replace(PLAIN, start=one.astimezone(oslo))) == booking_shown(replace(PLAIN, start=other))


def test_travel_and_the_steps_under_way_are_no_news() -> None:
    """An offline phone sends several of them at once; the event of each is the same."""
    steps = (Status.TRAVELING, Status.ON_BREAK, Status.IN_PROGRESS)
    assert len({booking_shown(replace(PLAIN, status=status)) for status in steps}) == 1
    completed, in_progress = (replace(PLAIN, status=status) for status in (Status.COMPLETED, Status.IN_PROGRESS))
    assert booking_shown(completed) != booking_shown(in_progress)
    assert booking_shown(replace(PLAIN, is_linked=True, cascades=True, etag="other")) == booking_shown()


def test_the_title_counts_on_the_side_of_birth_alone() -> None:
    """The other side's name stays as it is until this one changes."""
    renamed, retitled = replace(PLAIN, name="x"), replace(OWN, subject="x")
    assert booking_shown(replace(PLAIN, name="x")) != booking_shown()
    assert shown_by_booking(renamed, "outlook", is_left_out=False) == shown_by_booking(
        PLAIN, "outlook", is_left_out=False
    )
    assert shown_by_event(retitled, "dataverse", titles="subject") == shown_by_event(OWN, "dataverse", titles="subject")
    assert shown_by_event(retitled, "outlook", titles="subject") != shown_by_event(OWN, "outlook", titles="subject")


def test_with_titles_of_busy_a_new_subject_is_no_news() -> None:
    """Nothing of it leaves the mailbox; becoming private does."""
    retitled, private = replace(OWN, subject="x"), replace(OWN, sensitivity="confidential")
    shown = shown_by_event(OWN, "outlook", titles="busy")
    assert shown_by_event(retitled, "outlook", titles="busy") == shown
    assert shown_by_event(private, "outlook", titles="busy") != shown
    assert "Private" in shown_by_event(replace(private, subject="Dentist"), "outlook", titles="subject")


def test_a_later_end_is_new() -> None:
    """Duration is no part of a print, and need not be: the end is."""
    assert booking_shown(replace(PLAIN, end=PLAIN.end + HOUR)).times != booking_shown().times
