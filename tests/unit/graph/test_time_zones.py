"""Time zones: the names that Outlook uses, and the instants of a local time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.graph.time_zones import Moment, UnknownZone, instants_of, zone_named

NOT_ZONES = {"Factory", "localtime", "posixrules"}


@pytest.mark.parametrize("name", sorted(WINDOWS_TO_OLSON))
def test_every_windows_name_maps_to_its_iana_zone(name: str) -> None:
    """The reference is icalendar's copy of CLDR's map."""
    zone = zone_named(name)
    assert (zone.name, zone.info.key) == (name, WINDOWS_TO_OLSON[name])


def test_iana_names_are_accepted_and_sent_as_windows_names() -> None:
    """Every one that the machine has rules for; Antarctica/Troll has no Windows zone."""
    zones = {name: zone_named(name) for name in available_timezones() - NOT_ZONES}
    assert all(zone.info.key == (name if name != "UTC" else "Etc/UTC") for name, zone in zones.items())
    assert {name for name, zone in zones.items() if not zone.name} == {"Antarctica/Troll"}
    assert zone_named("Europe/Oslo").name == "W. Europe Standard Time"
    assert zone_named("Etc/UTC").name == "UTC"


@pytest.mark.parametrize(
    ("name", "iana"),
    [("Mid-Atlantic Standard Time", "Etc/GMT+2"), ("Kamchatka Standard Time", "Asia/Kamchatka"), ("GMT", "GMT"),
     ("Armenian Standard Time", "Asia/Yerevan"), ("Mexico Standard Time", "America/Mexico_City"),
     ("tzone://Microsoft/Utc", "Etc/UTC"), ("utc", "Etc/UTC"), ("utc+12", "Etc/GMT-12"), ("UTC-02", "Etc/GMT+2"),
     ("europe/OSLO", "Europe/Oslo"), ("w. EUROPE standard time", "Europe/Berlin"), ("EST5EDT", "EST5EDT"),
     ("tzone://microsoft/Pacific Standard Time", "America/Los_Angeles")],
)  # fmt: skip
def test_former_names_and_other_spellings_are_accepted(name: str, iana: str) -> None:
    """Exchange keeps the name that a mailbox was once set to, and compares names without regard to case."""
    zone = zone_named(name)
    assert zone.info.key == iana
    assert zone.name in WINDOWS_TO_OLSON


@pytest.mark.parametrize(
    "name",
    ["", "Middle Earth", "../etc/passwd", "UTC\n", "W. Europe", "+01:00", "localtime", "tzone://Microsoft/Custom"],
)
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
