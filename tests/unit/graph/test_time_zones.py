"""Time zones: the names that Outlook uses, and the instants of a local time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.graph.time_zones import Moment, UnknownZone, instants_of, zone_named

ODD = {"CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT", "Factory", "GMT", "localtime", "posixrules", "Antarctica/Troll",
       "Europe/Uzhgorod", "Europe/Zaporozhye", "US/East-Indiana"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WINDOWS_TO_OLSON))
def test_every_windows_name_maps_to_its_iana_zone(name: str) -> None:
    """The reference is icalendar's copy of CLDR's map."""
    zone = zone_named(name)
    assert (zone.name, zone.info.key) == (name, WINDOWS_TO_OLSON[name])


def test_iana_names_are_accepted_and_sent_as_windows_names() -> None:
    """Only a few unusual names, which no calendar shows, are unknown."""
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
def test_any_other_name_is_unknown(name: str) -> None:
    """A path is no zone either."""
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
def test_a_local_time_has_none_two_or_a_single_instant(local: str, instants: list[str]) -> None:
    """In Oslo a time in March's gap has none, and a repeated time in October has two."""
    actual = instants_of(datetime.fromisoformat(local), zone_named("Europe/Oslo"))
    assert [instant.isoformat() for instant in actual] == instants


def test_a_moment_is_sent_in_graphs_format() -> None:
    """It has local time and zone."""
    moment = Moment(datetime.fromisoformat("2026-07-01T09:00:00"), zone_named("Europe/Oslo"))
    assert moment.as_graph() == {"dateTime": "2026-07-01T09:00:00", "timeZone": "W. Europe Standard Time"}
    assert moment.utc.isoformat() == "2026-07-01T07:00:00+00:00"
