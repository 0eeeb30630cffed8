"""Claims about the judge of `make demo-dispatch`: each thing that is wrong changes its own number."""

from typing import Any

import pytest

from sandbox.demo.dispatch.__main__ import report
from sandbox.demo.dispatch.judgement import Result, Stored, judged
from sandbox.demo.dispatch.plan import Key, Plan
from sandbox.demo.dispatch.reading import KARI, OLA, Booking, Event, Sides

EIGHT, NINE = "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z"
VISIT = Key(OLA, EIGHT, NINE)
OTHER = Key(KARI, EIGHT, NINE)


def booking(number: int, key: Key = VISIT, name: str = "Lift", *, is_live: bool = True) -> Booking:
    """Return a booking."""
    return Booking(f"{number:08}-0000-0000-0000-000000000000", *key, name, "Scheduled", is_live)


def event(number: int, key: Key = VISIT, subject: str = "Lift", of: int | None = None) -> Event:
    """Return an event, with the mark of a booking or without one."""
    mark = "" if of is None else booking(of).id
    return Event(f"event-{number}", *key, subject, mark, is_private=False, series="")


def stored(*numbers: int, dead: int = 0, **changes: Any) -> Stored:
    """Return the relay's rows: each booking is paired with the event of the same number."""
    rows = {
        booking(each).id.replace("-", ""): {"state": "paired", "event_id": f"event-{each}", **changes}
        for each in numbers
    }  # fmt: skip
    return Stored(rows, dead)


def plan(*keys: Key) -> Plan:
    """Return a plan of visits that are named Lift."""
    expected = Plan("run")
    for key in keys or (VISIT,):
        expected.add(key, "Lift", "Lift")
    return expected


def numbers(result: Result) -> tuple[int, int, int, int]:
    """Return how many are doubled, lost, leaked and not in step."""
    return len(result.doubled), len(result.lost), len(result.leaked), len(result.apart)


def test_what_is_right_has_no_number() -> None:
    """A canceled booking counts for nothing."""
    sides = Sides((booking(1), booking(2, is_live=False)), (event(1, of=1),))
    result = judged(sides, stored(1), plan())
    assert result.line() == "demo: 1 bookings and 1 events, all in step, 0 doubled, 0 lost, 0 leaked"
    assert result.is_right


@pytest.mark.parametrize(
    ("bookings", "events"),
    [
        ([booking(1), booking(2)], [event(1, of=1)]),
        ([booking(1)], [event(1, of=1), event(2)]),
        ([booking(1)], [event(1, of=1), event(2, OTHER, of=1)]),
        ([booking(1)], [event(1, of=1), event(2, of=1)]),
    ],
    ids=["two bookings at a time", "two events at a time", "two events of a booking", "both"],
)
def test_what_is_there_twice_is_doubled_once(bookings: list[Booking], events: list[Event]) -> None:
    """Also in the calendar of somebody else."""
    result = judged(Sides(tuple(bookings), tuple(events)), stored(1), plan())
    assert len(result.doubled) == 1
    assert result.lost == []
    assert ", 1 doubled, 0 lost, 0 leaked" in result.line()


def test_two_bookings_of_an_event_are_doubled() -> None:
    """By the relay's own rows, although one of them has another time."""
    sides = Sides((booking(1), booking(2, OTHER)), (event(1, of=1),))
    assert len(judged(sides, stored(1, 2, event_id="event-1"), plan()).doubled) == 1


@pytest.mark.parametrize(
    ("bookings", "events"), [([], [event(1)]), ([booking(1)], []), ([], []), ([booking(1, OTHER)], [event(1)])],
    ids=["no booking", "no event", "neither", "elsewhere"],
)  # fmt: skip
def test_what_is_planned_and_missing_is_lost_once(bookings: list[Booking], events: list[Event]) -> None:
    """On either side, or on both."""
    result = judged(Sides(tuple(bookings), tuple(events)), stored(), plan())
    assert len(result.lost) == 1
    assert not result.is_right


@pytest.mark.parametrize(
    ("sides", "rows"),
    [
        (Sides((booking(1),), (event(1, subject="Else"),)), stored(1)),
        (Sides((booking(1, name="Else"),), (event(1),)), stored(1)),
        (Sides((booking(1),), (event(1),)), stored()),
        (Sides((booking(1),), (event(1),)), stored(1, state="held")),
        (Sides((booking(1),), (event(1),)), stored(1, event_id="event-7")),
        (Sides((booking(1),), (event(1),)), stored(1, 2)),
        (Sides((booking(1),), (event(1),)), stored(1, dead=1)),
        (Sides((booking(1),), (event(1), event(2, OTHER))), stored(1)),
        (Sides((booking(1), booking(2, OTHER, is_live=False)), (event(1), event(2, OTHER))), stored(1)),
    ],
    ids=["subject", "name", "no pair", "held", "another event", "a pair left", "given up", "unplanned", "canceled"],
)
def test_what_differs_is_not_in_step(sides: Sides, rows: Stored) -> None:
    """It is neither doubled nor lost."""
    result = judged(sides, rows, plan())
    assert numbers(result) == (0, 0, 0, 1)
    assert "1 not in step" in result.line()


def test_a_pair_that_ended_needs_no_booking() -> None:
    """Nor does a muted one."""
    for state in ("ended", "muted"):
        rows = Stored({**stored(1).pairs, **stored(2, state=state).pairs}, 0)
        assert judged(Sides((booking(1),), (event(1),)), rows, plan()).is_right


def test_a_moved_appointment_is_expected_at_its_new_time_alone() -> None:
    """Where it was, it would be one too many; a dropped one, too."""
    expected = plan()
    expected.move(VISIT, OTHER)
    left = judged(Sides((booking(1),), (event(1),)), stored(1), expected)
    assert (len(left.lost), len(left.apart)) == (1, 2)
    expected.drop(OTHER)
    assert judged(Sides((), ()), stored(), expected).is_right


@pytest.mark.parametrize(
    ("problems", "result", "code"),
    [
        ([], Result(1, 1, [], [], [], []), 0),
        (["never"], Result(1, 1, [], [], [], []), 1),
        ([], Result(1, 1, ["x"], [], [], []), 1),
        ([], Result(1, 1, [], ["x"], [], []), 1),
        ([], Result(1, 1, [], [], ["x"], []), 1),
        ([], Result(1, 1, [], [], [], ["x"]), 1),
    ],
    ids=["right", "an act", "doubled", "lost", "leaked", "not in step"],
)
def test_anything_wrong_fails_the_demonstration(
    problems: list[str], result: Result, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line has the numbers."""
    assert report(problems, result) == code
    assert capsys.readouterr().out.splitlines()[-1] == result.line()
