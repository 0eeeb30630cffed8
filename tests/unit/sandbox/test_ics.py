"""iCalendar files become bodies for the tenant's control; no file breaks the reader."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.ics import control_body, read_calendar, shift_to
from sandbox.ics_zones import instant
from sandbox.process import ROOT
from tests.support.examples import examples


def file(*events: str, heading: str = "") -> bytes:
    """Return a file with these VEVENTs."""
    blocks = "".join(f"BEGIN:VEVENT\nUID:u{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-\n{heading}{blocks}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def only(event: str, heading: str = "", floating: str = "UTC") -> dict[str, Any]:
    """Return the only event of a file that is read without a complaint."""
    reading = read_calendar(file(event, heading=heading), floating)
    assert (len(reading.events), reading.skipped) == (1, [])
    return reading.events[0]


def zone(tzid: str, summer: str = "+0200") -> str:
    """Return a VTIMEZONE with the European change of the clock."""
    rule = "RRULE:FREQ=YEARLY;BYMONTH={};BYDAY=-1SU"
    return (
        f"BEGIN:VTIMEZONE\nTZID:{tzid}\n"
        f"BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:{summer}\nTZOFFSETTO:+0100\n{rule.format(10)}\n"
        "END:STANDARD\n"
        f"BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:{summer}\n{rule.format(3)}\n"
        "END:DAYLIGHT\nEND:VTIMEZONE\n"
    )


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Oslo", "Europe/Oslo"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ('"Europe/Oslo"', "Europe/Oslo"),
        ("/freeassociation.sourceforge.net/Europe/Oslo", "Europe/Oslo"),
    ],
)
def test_named_zone(tzid: str, name: str) -> None:
    """A TZID with IANA's or Windows' name becomes IANA's."""
    event = only(f"DTSTART;TZID={tzid}:20260715T100000\nDURATION:PT1H")
    assert event["start"] == {"dateTime": "2026-07-15T10:00:00", "timeZone": name}
    assert event["end"] == {"dateTime": "2026-07-15T11:00:00", "timeZone": name}


def test_defined_zone() -> None:
    """A zone that only the file defines keeps its local time in summer and in winter."""
    for day, utc in (("0715", 8), ("1215", 9)):
        event = only(f"DTSTART;TZID=Ours:2026{day}T100000", heading=zone("Ours"))
        assert event["start"]["dateTime"][11:] == "10:00:00"
        assert instant(event["start"]).hour == utc


def test_zone_that_exists_nowhere() -> None:
    """A defined zone that matches no real zone becomes UTC."""
    event = only("DTSTART;TZID=Ours:20260715T100000", heading=zone("Ours", summer="+0137"))
    assert event["start"] == {"dateTime": "2026-07-15T08:23:00", "timeZone": "UTC"}


def test_utc_and_floating() -> None:
    """A Z means UTC; no zone means the file's own, or else the caller's."""
    assert only("DTSTART:20260715T100000Z")["start"]["timeZone"] == "UTC"
    assert only("DTSTART:20260715T100000", floating="Europe/Oslo")["start"]["timeZone"] == "Europe/Oslo"
    own = only("DTSTART:20260715T100000", heading="X-WR-TIMEZONE:Asia/Tokyo\n", floating="Europe/Oslo")
    assert own["start"]["timeZone"] == "Asia/Tokyo"


def test_all_day() -> None:
    """A DATE is all day: midnight to the midnight after, with or without a DTEND."""
    for end in ("", "\nDTEND;VALUE=DATE:20260716", "\nDTEND;VALUE=DATE:20260715", "\nDURATION:P1D"):
        event = only(f"DTSTART;VALUE=DATE:20260715{end}")
        assert event["isAllDay"]
        assert event["start"] == {"dateTime": "2026-07-15T00:00:00", "timeZone": "UTC"}
        assert event["end"] == {"dateTime": "2026-07-16T00:00:00", "timeZone": "UTC"}


def test_no_end() -> None:
    """A DATE-TIME without an end ends when it starts."""
    event = only("DTSTART:20260715T100000Z")
    assert event["end"] == event["start"]
    assert not event["isAllDay"]


def test_duration_across_the_change() -> None:
    """A duration's hours are exact and its days are the calendar's, when the clock changes in between."""
    start = "DTSTART;TZID=Europe/Oslo:20261024T120000\nDURATION:"
    assert only(f"{start}P1D")["end"]["dateTime"] == "2026-10-25T12:00:00"
    assert only(f"{start}PT20H")["end"]["dateTime"] == "2026-10-25T07:00:00"


@pytest.mark.parametrize(
    "event",
    [
        "SUMMARY:none",
        "DTSTART:garbage",
        "DTSTART:20260715T100000Z\nDTEND:garbage",
        "DTSTART:100000",
        "DTSTART:20260715T100000Z\nDTEND:20260715T090000Z",
        "DTSTART:20260715T100000Z\nDTEND;VALUE=DATE:20260716",
        "DTSTART:00010101T000000Z",
        "DTSTART:20260715T100000Z\nDURATION:long",
        "DTSTART:20260715T100000Z\nRRULE:FREQ=SOMETIMES",
        "DTSTART:20260715T100000Z\nEXDATE:soon",
    ],
)
def test_broken(event: str) -> None:
    """A broken event is skipped with a reason, and the next one is read."""
    reading = read_calendar(file(event, "DTSTART:20260715T100000Z\nSUMMARY:good"))
    assert [each["subject"] for each in reading.events] == ["good"]
    assert len(reading.skipped) == 1


def test_text() -> None:
    """Folded lines, escapes and emoji are decoded."""
    text = "SUMMARY:A 🎉 and\n  more\\, of\\; it\nDESCRIPTION:a\\nb\nLOCATION:Room 1"
    event = only(f"DTSTART:20260715T100000Z\n{text}")
    assert (event["subject"], event["body"], event["location"]) == ("A 🎉 and more, of; it", "a\nb", "Room 1")


@pytest.mark.parametrize(
    ("lines", "show_as"),
    [
        ("", "busy"),
        ("TRANSP:TRANSPARENT", "free"),
        ("TRANSP:OPAQUE", "busy"),
        ("STATUS:TENTATIVE", "tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF\nTRANSP:TRANSPARENT", "oof"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:ODD", "busy"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "workingElsewhere"),
    ],
)
def test_show_as(lines: str, show_as: str) -> None:
    """Outlook's own property counts first, then TRANSP, then STATUS."""
    assert only(f"DTSTART:20260715T100000Z\nCATEGORIES:x\n{lines}".strip())["showAs"] == show_as


@pytest.mark.parametrize(
    ("lines", "sensitivity"),
    [
        ("", "normal"),
        ("\nCLASS:PUBLIC", "normal"),
        ("\nCLASS:private", "private"),
        ("\nCLASS:CONFIDENTIAL", "confidential"),
        ("\nCLASS:X-SECRET", "private"),
    ],
)
def test_sensitivity(lines: str, sensitivity: str) -> None:
    """CLASS decides, and an unknown one is private."""
    assert only(f"DTSTART:20260715T100000Z{lines}")["sensitivity"] == sensitivity


def test_people() -> None:
    """Organizer and attendees have names and addresses; without a name the address is used."""
    event = only(
        "DTSTART:20260715T100000Z\nORGANIZER;CN=Ola Nordmann:MAILTO:ola@contoso.com\n"
        "ATTENDEE;CN=Kari:mailto:kari@contoso.com\nATTENDEE:mailto:x@contoso.com"
    )
    assert event["organizer"] == {"name": "Ola Nordmann", "address": "ola@contoso.com"}
    assert event["attendees"] == [
        {"name": "Kari", "address": "kari@contoso.com"},
        {"name": "x@contoso.com", "address": "x@contoso.com"},
    ]


def test_outlook_all_day() -> None:
    """Outlook's all-day flag counts between midnights only."""
    for time, all_day in (("000000", True), ("100000", False)):
        times = f"DTSTART;TZID=Europe/Oslo:20260715T{time}\nDTEND;TZID=Europe/Oslo:20260716T{time}"
        assert only(f"X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n{times}")["isAllDay"] is all_day


def test_exceptions() -> None:
    """EXDATEs are original starts; a moved occurrence is in the overrides of its series."""
    series = (
        "DTSTART;TZID=Europe/Oslo:20260715T100000\nRRULE:FREQ=DAILY;COUNT=9\n"
        "EXDATE;TZID=Europe/Oslo:20260716T100000,20260717T100000\nEXDATE;VALUE=DATE:20260718"
    )
    moved = "RECURRENCE-ID;TZID=Europe/Oslo:20260719T100000\nDTSTART:20260719T150000Z\nSTATUS:CANCELLED"
    reading = read_calendar(file(moved, series).replace(b"UID:u0", b"UID:u1"))
    assert len(reading.events) == 1
    event = reading.events[0]
    assert event["rrule"] == "FREQ=DAILY;COUNT=9"
    assert [each["dateTime"][8:] for each in event["exdates"]] == ["16T10:00:00", "17T10:00:00", "18T10:00:00"]
    assert [(each["recurrenceId"]["dateTime"], each["cancelled"]) for each in event["overrides"]] == [
        ("2026-07-19T10:00:00", True)
    ]


def test_lone_occurrence() -> None:
    """An occurrence whose series is not in the file is an event of its own."""
    assert only("RECURRENCE-ID:20260719T100000Z\nDTSTART:20260719T150000Z")["rrule"] is None


def test_rdate() -> None:
    """An RDATE is dropped with a reason; the event stays."""
    reading = read_calendar(file("DTSTART:20260715T100000Z\nRDATE:20260716T100000Z"))
    assert (len(reading.events), len(reading.skipped)) == (1, 1)


@pytest.mark.parametrize("content", [b"", b"no calendar", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n"])
def test_nothing(content: bytes) -> None:
    """A file without events gives none, and raises nothing."""
    assert read_calendar(content).events == []


def test_broken_structure() -> None:
    """Unparsable lines drop their own event only; a truncated last event is reported."""
    good = file("DTSTART:20260715T100000Z\nSUMMARY:good", "DTSTART:20260715T100000Z\nno colon here\nEND:VTODO")
    reading = read_calendar(good.replace(b"END:VCALENDAR", b"BEGIN:VEVENT\r\nSUMMARY:cut"))
    assert [event["subject"] for event in reading.events][:1] == ["good"]
    assert "1 of 3 events: no END:VEVENT" in reading.skipped


def test_byte_order_mark_and_bare_line_feeds() -> None:
    """A byte order mark and bare line feeds do not matter."""
    content = b"\xef\xbb\xbf" + file("DTSTART:20260715T100000Z").replace(b"\r\n", b"\n")
    assert len(read_calendar(content).events) == 1


@settings(max_examples=examples(60), deadline=None)
@given(place=st.integers(0, 12_000), cut=st.integers(0, 60), patch=st.binary(max_size=8))
def test_damaged(place: int, cut: int, patch: bytes) -> None:
    """Reading a file with any damage raises nothing and returns JSON."""
    whole = (ROOT / "sandbox" / "calendars" / "odd-cases.ics").read_bytes()
    reading = read_calendar(whole[:place] + patch + whole[place + cut :])
    json.dumps([reading.events, shift_to(reading.events, datetime(2026, 11, 21, tzinfo=UTC))])


def test_control_body() -> None:
    """The control body has no empty fields and none that control does not know."""
    body = control_body(only("DTSTART:20260715T100000Z\nSUMMARY:x"))
    assert set(body) == {"subject", "start", "end", "isAllDay", "showAs", "sensitivity"}
