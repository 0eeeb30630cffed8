"""Names of time zones in iCalendar files: known, defined in the file, or refused with a reason."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.ics import Reading, read_calendar
from sandbox.ics_display_names import zone_displayed
from sandbox.ics_zones import instant, zone_named


def read(event: str, heading: str = "") -> Reading:
    """Read a file with one event."""
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-\n{heading}BEGIN:VEVENT\nUID:u\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
    return read_calendar(text.replace("\n", "\r\n").encode())


def test_zone_names() -> None:
    """An empty name or an absolute path is no zone."""
    assert [zone_named(name) for name in (None, "", "/", "../../etc/passwd")] == [None] * 4
    ten = {"dateTime": "2026-07-15T10:00:00", "timeZone": "Europe/Oslo"}
    assert instant(ten) == datetime(2026, 7, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "like"),
    [("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
     ("(UTC-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
     ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
     ("(UTC) Dublin, Edinburgh, Lisbon, London", "Europe/London"),
     ("(UTC+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
     ("(UTC+09:00) Osaka, Sapporo, Tokyo", "Asia/Tokyo"),
     ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Kolkata"), ("(UTC-03:00) Brasilia", "America/Sao_Paulo"),
     ("(UTC) Coordinated Universal Time", "UTC"), ("(utc+14:00) Kiritimati Island, Kiritimati", "Pacific/Kiritimati")],
)  # fmt: skip
def test_a_display_name_is_the_zone_of_its_cities(name: str, like: str) -> None:
    """By the clock in winter and in summer."""
    event = read(f'DTSTART;TZID="{name}":20260715T100000\nDURATION:PT1H').events[0]
    summer = datetime(2026, 7, 15, 10, tzinfo=ZoneInfo(like)).astimezone(UTC)
    assert instant(event["start"]) == summer
    winter = {"dateTime": "2026-12-15T10:00:00", "timeZone": event["start"]["timeZone"]}
    assert instant(winter) == datetime(2026, 12, 15, 10, tzinfo=ZoneInfo(like)).astimezone(UTC)


@pytest.mark.parametrize(
    "name",
    ["(UTC+03:00) Berlin", "(UTC+01:00) Atlantis", "Nowhere/City", "Customized Time Zone", "W. Europe", "GMT+0100"],
)
def test_an_unknown_zone_is_refused_by_its_name(name: str) -> None:
    """It is not read as UTC; with another offset than its places have, neither."""
    reading = read(f'DTSTART;TZID="{name}":20260715T100000\nDURATION:PT1H')
    assert reading.events == []
    assert reading.skipped == [f"event u: its time zone {name!r} is neither known nor defined in the file"]


def test_an_end_and_an_exdate_in_an_unknown_zone_are_refused_too() -> None:
    """As the start is."""
    start = "DTSTART:20260715T100000Z\n"
    for more in (
        "DTEND;TZID=Nowhere/City:20260715T120000",
        "RRULE:FREQ=DAILY\nEXDATE;TZID=Nowhere/City:20260716T100000",
    ):
        assert "'Nowhere/City'" in read(start + more).skipped[0]


def test_the_unknown_zone_of_a_calendar_concerns_times_without_a_zone_only() -> None:
    """X-WR-TIMEZONE is known, or such times are refused."""
    heading = "X-WR-TIMEZONE:Nowhere/City\n"
    assert "X-WR-TIMEZONE" in read("DTSTART:20260715T100000", heading).skipped[0]
    assert read("DTSTART:20260715T100000Z", heading).skipped == []
    assert read("DTSTART;VALUE=DATE:20260715", heading).skipped == []
    shown = read("DTSTART:20260715T100000", "X-WR-TIMEZONE:(UTC+09:00) Osaka\\, Sapporo\\, Tokyo\n").events[0]
    assert shown["start"]["timeZone"] == "Asia/Tokyo"


@pytest.mark.parametrize("tzid", ["Own", "(UTC+01:00) Own"])
def test_a_series_in_a_zone_with_rules_of_its_own_is_refused(tzid: str) -> None:
    """UTC would move its occurrences when its clocks change; a single event keeps its instant."""
    heading = (
        f"BEGIN:VTIMEZONE\nTZID:{tzid}\nBEGIN:STANDARD\nDTSTART:19700501T030000\nTZOFFSETFROM:+0217\nTZOFFSETTO:+0117\n"
        "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700801T020000\n"
        "TZOFFSETFROM:+0117\nTZOFFSETTO:+0217\nRRULE:FREQ=YEARLY;BYMONTH=8;BYDAY=1MO\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    start = f'DTSTART;TZID="{tzid}":20260615T100000\nDURATION:PT1H'
    assert instant(read(start, heading).events[0]["start"]) == datetime(2026, 6, 15, 8, 43, tzinfo=UTC)
    assert "no known zone" in read(f"{start}\nRRULE:FREQ=WEEKLY", heading).skipped[0]


def test_what_is_no_display_name_is_none() -> None:
    """Nor is an offset without places."""
    assert [zone_displayed(name) for name in ("", "Berlin", "(UTC+01:00)", "(UTC+1) Berlin")] == [None] * 4
