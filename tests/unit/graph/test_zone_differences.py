"""Windows zones whose clock differs from the IANA zone: what is sent to Graph is the instant that the caller gave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from sandbox.tenant.graph.zones import moment
from shared.api.times import read_moment
from shared.graph.time_zones import Moment, instants_of, zone_named

YEARS = range(2026, 2029)
DIFFERENT = {"America/Scoresbysund", "Antarctica/Casey", "Antarctica/Troll", "Antarctica/Vostok"}
NAMES = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})


@pytest.mark.parametrize("name", NAMES)
def test_graph_gets_the_instant_that_the_caller_gave(name: str) -> None:
    """In every IANA zone, some days before and after each possible change of clocks, for the years at hand."""
    zone = zone_named(name)
    for day in range(0, 366 * len(YEARS), 17):
        local = datetime(YEARS[0], 1, 1, 9) + timedelta(days=day)  # noqa: DTZ001  (the local time of the zone)
        if instants_of(local, zone) == [local.replace(tzinfo=zone.info).astimezone(UTC)]:
            assert moment(Moment(local, zone).as_graph()).utc == local.replace(tzinfo=zone.info).astimezone(UTC)


def test_only_these_zones_differ_from_the_windows_zone() -> None:
    """Only these have another clock than the Windows zone of CLDR's map, or no Windows zone."""
    assert {name for name in NAMES if not zone_named(name).is_sent_in(range(2026, 2028))} == DIFFERENT


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_a_time_in_such_a_zone_is_sent_in_utc(name: str) -> None:
    """It is the caller's instant in winter and in summer."""
    for month in (1, 7):
        text = f"2026-{month:02}-15T09:00:00"
        at = read_moment("start", text, zone_named(name))
        assert at.as_graph() == {"dateTime": f"{at.utc:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def test_a_change_of_clocks_on_the_same_day_at_another_hour_is_a_difference() -> None:
    """Days are compared by quarters of an hour where one of the zones changes: Kyiv changes at the hour of Berlin."""
    kyiv, helsinki = zone_named("Europe/Kiev"), zone_named("Europe/Helsinki")
    assert kyiv.is_sent_in(range(2026, 2028))
    assert helsinki.name == "FLE Standard Time"
    beirut = zone_named("Asia/Beirut")
    mixed = type(beirut)("x", beirut.info, zone_named("Europe/Bucharest").info)
    assert not mixed.is_sent_in(range(2026, 2027))
