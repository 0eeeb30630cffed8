"""RRULE to patternedRecurrence, and the expansion."""

import itertools
from datetime import datetime
from typing import Any

import pytest

from sandbox.tenant.graph.recurrence import patterned
from sandbox.tenant.graph.series import read_rule
from sandbox.tenant.graph.zones import Moment
from tests.support.graph_world import fits

FIRST = Moment(datetime(2026, 9, 8, 9, 0), "America/New_York")  # noqa: DTZ001 - a wall-clock time, its zone is beside it
"""A Tuesday, the second of its month."""


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("FREQ=DAILY;INTERVAL=3", {"type": "daily", "interval": 3}),
        ("FREQ=WEEKLY", {"type": "weekly", "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"}),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH",
            {"daysOfWeek": ["tuesday", "thursday"], "firstDayOfWeek": "sunday"},
        ),
        ("FREQ=MONTHLY", {"type": "absoluteMonthly", "dayOfMonth": 8}),
        ("FREQ=MONTHLY;BYMONTHDAY=8", {"type": "absoluteMonthly", "dayOfMonth": 8}),
        ("FREQ=MONTHLY;BYDAY=2TU", {"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "second"}),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", {"type": "relativeMonthly", "index": "last"}),
        ("FREQ=YEARLY", {"type": "absoluteYearly", "month": 9, "dayOfMonth": 8}),
        ("FREQ=YEARLY;BYMONTH=9;BYDAY=2TU", {"type": "relativeYearly", "month": 9, "index": "second"}),
    ],
)
def test_a_supported_rule_becomes_a_pattern(rule: str, pattern: dict[str, Any]) -> None:
    """Each form of recurrencePattern results from the matching RRULEs, and fits Graph's type."""
    made = patterned(read_rule(rule, FIRST.local, FIRST.zone), FIRST)
    assert made["pattern"] | pattern == made["pattern"]
    assert fits("event", {"recurrence": made})


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9,10",
        "FREQ=DAILY;BYDAY=MO",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=1MO,2TU",
        "FREQ=YEARLY;BYMONTH=1,9",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=YEARLY;BYWEEKNO=20",
    ],
)
def test_an_unsupported_rule_is_refused(rule: str) -> None:
    """RFC 5545 allows more than recurrencePattern."""
    with pytest.raises(ValueError, match="Exchange has no"):
        patterned(read_rule(rule, FIRST.local, FIRST.zone), FIRST)


@pytest.mark.parametrize(
    ("rule", "ends"),
    [
        ("FREQ=DAILY", {"type": "noEnd"}),
        ("FREQ=DAILY;COUNT=4", {"type": "numbered", "numberOfOccurrences": 4}),
        ("FREQ=DAILY;UNTIL=20260910T130000Z", {"type": "endDate", "endDate": "2026-09-10"}),
        ("FREQ=DAILY;UNTIL=20260910T125959Z", {"type": "endDate", "endDate": "2026-09-09"}),
        ("FREQ=DAILY;UNTIL=20260910", {"type": "endDate", "endDate": "2026-09-09"}),
    ],
)
def test_how_a_series_ends(rule: str, ends: dict[str, Any]) -> None:
    """COUNT, UNTIL (in UTC, compared in the series' zone) and neither."""
    made = patterned(read_rule(rule, FIRST.local, FIRST.zone), FIRST)
    assert made["range"] | ends == made["range"]


def test_exdates_are_not_among_the_starts() -> None:
    """An excluded start is skipped, but still counts."""
    rule = read_rule("RRULE:FREQ=DAILY;COUNT=3", FIRST.local, FIRST.zone)
    starts = list(rule.starts(FIRST.local, FIRST.zone))
    rule.exdates.add(starts[1])
    assert list(rule.starts(FIRST.local, FIRST.zone)) == [starts[0], starts[2]]


def test_an_endless_rule_is_read_lazily() -> None:
    """Only as many starts as requested are computed."""
    rule = read_rule("FREQ=YEARLY", FIRST.local, FIRST.zone)
    assert [start.year for start in itertools.islice(rule.starts(FIRST.local, FIRST.zone), 3)] == [2026, 2027, 2028]
