"""Claims about time zones: every name that Outlook knows, and what a clock shows."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.graph.time_zones import Moment, UnknownZone, instants_of, zone_named

ODD = {"CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT", "Factory", "GMT", "localtime", "posixrules", "Antarctica/Troll",
       "Europe/Uzhgorod", "Europe/Zaporozhye", "US/East-Indiana"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WINDOWS_TO_OLSON))
def test_every_name_of_windows_is_known_and_means_what_another_table_says(name: str) -> None:
    """The reference is the copy that icalendar has of CLDR's map."""
    zone = zone_named(name)
    assert (zone.name, zone.info.key) == (name, WINDOWS_TO_OLSON[name])


def test_the_names_of_iana_are_known_and_sent_as_windows_says_them() -> None:
    """But for a few odd ones that no calendar shows."""
    unknown = set()
    for name in available_timezones():
        try:
            assert zone_named(name).info.key == (name if name != "UTC" else "Etc/UTC")
        except UnknownZone:
            unknown.add(name)
    assert unknown <= ODD
    assert zone_named("Europe/Oslo").name == "W. Europe Standard Time"
    assert zone_named("Etc/UTC").name == "UTC"


@pytest.mark.parametrize("name", ["", "Middle Earth", "europe/oslo", "../etc/passwd", "UTC\n", "W. Europe", "+01:00"])
def test_another_name_is_no_zone(name: str) -> None:
    """Nor is a path."""
    with pytest.raises(UnknownZone):
        zone_named(name)


@pytest.mark.parametrize(
    ("local", "instants"),
    [
        ("2026-07-01T09:00:00", ["2026-07-01T07:00:00+00:00"]),
        ("2026-12-01T09:00:00", ["2026-12-01T08:00:00+00:00"]),
        ("2026-03-29T02:00:00", []),
        ("2026-03-29T02:59:59", []),
        ("2026-03-29T03:00:00", ["2026-03-29T01:00:00+00:00"]),
        ("2026-10-25T02:00:00", ["2026-10-25T00:00:00+00:00", "2026-10-25T01:00:00+00:00"]),
        ("2026-10-25T03:00:00", ["2026-10-25T02:00:00+00:00"]),
    ],
)
def test_a_clock_shows_a_time_once_but_for_two_hours_of_the_year(local: str, instants: list[str]) -> None:
    """In Oslo: never in the gap of March, twice in October."""
    found = instants_of(datetime.fromisoformat(local), zone_named("Europe/Oslo"))
    assert [one.isoformat() for one in found] == instants


def test_a_moment_is_written_as_graph_takes_it() -> None:
    """Wall clock and zone."""
    moment = Moment(datetime.fromisoformat("2026-07-01T09:00:00"), zone_named("Europe/Oslo"))
    assert moment.as_graph() == {"dateTime": "2026-07-01T09:00:00", "timeZone": "W. Europe Standard Time"}
    assert moment.utc.isoformat() == "2026-07-01T07:00:00+00:00"
