"""All-day events carry their days: those that the calendar shows, wherever its mailbox is."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.expected import at
from tests.support.relay import Relay

ZONES = ["America/Los_Angeles", "Australia/Sydney"]
Days = list[tuple[str, str]]


@pytest.fixture(params=ZONES)
def mailbox(request: pytest.FixtureRequest, relay: Relay) -> str:
    """Return a watched mailbox in a zone; its all-day events are made in that zone."""
    address = relay.watched()
    relay.tenant.control("POST", "/behaviours", {"on": {"zoneOfMailbox": request.param}, "of": [address]})
    return address


def day(number: int) -> str:
    """Return a date, `number` days after tomorrow."""
    return at(number)[:10]


def dates(event: dict[str, Any]) -> tuple[Any, Any]:
    """Return the days of an event."""
    return event["startDate"], event["endDate"]


def received(relay: Relay, mailbox: str) -> list[tuple[Any, Any]]:
    """Return the days of the events that the partner has."""
    relay.in_step(mailbox)
    return sorted(dates(event) for event in relay.received(mailbox).values())


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> str:
    """Return the zone of the mailbox."""
    return str(request.node.callspec.params["mailbox"])


def test_a_day_and_several_days_are_those_of_the_calendar(relay: Relay, mailbox: str, zone: str) -> None:
    """The end is the day after the last one; the moments are the midnights of before."""
    for first, after in ((1, 2), (3, 6)):
        relay.book(mailbox, "Closed", isAllDay=True, start=at(first), end=at(after), timeZone=zone)
    assert received(relay, mailbox) == [(day(1), day(2)), (day(3), day(6))]
    moments = sorted((event["start"], event["end"]) for event in relay.received(mailbox).values())
    assert moments == [(at(1) + "Z", at(2) + "Z"), (at(3) + "Z", at(6) + "Z")]


def test_each_occurrence_of_a_series_has_its_own_days(relay: Relay, mailbox: str, zone: str) -> None:
    """Also over the change of the clocks, since the series lasts longer than half a year of weeks allows."""
    relay.book(mailbox, "Cleaning", isAllDay=True, start=at(1), end=at(3), timeZone=zone, rrule="FREQ=WEEKLY;COUNT=24")
    first = date.fromisoformat(day(1))
    starts = [first + timedelta(weeks=week) for week in range(24)]
    assert received(relay, mailbox) == [
        (start.isoformat(), (start + timedelta(days=2)).isoformat()) for start in starts
    ]


def test_an_event_that_becomes_all_day_gets_its_days_and_loses_them(relay: Relay, mailbox: str, zone: str) -> None:
    """A timed event has none, also one from midnight to midnight."""
    event = relay.book(mailbox, "Closed", start=at(1), end=at(2), timeZone="UTC")["id"]
    assert received(relay, mailbox) == [(None, None)]
    relay.tenant.change(mailbox, event, isAllDay=True, start=at(1), end=at(2), timeZone=zone)
    assert received(relay, mailbox) == [(day(1), day(2))]
    relay.tenant.change(mailbox, event, isAllDay=False, start=at(1, 9), end=at(1, 10), timeZone="UTC")
    assert received(relay, mailbox) == [(None, None)]


def test_the_feature_calendars_gives_the_same_days(relay: Relay, mailbox: str, zone: str) -> None:
    """In the answer of the call that creates the event, when it is read, and in a list."""
    body = {"title": "Closed", "allDay": True, "start": day(1), "end": day(4), "timeZone": zone}
    created = relay.api.call("POST", f"/calendars/{mailbox}/events", json=body)
    read = relay.api.call("GET", created.headers["Location"].partition("/api")[2])
    window = {"from": at(0) + "Z", "to": at(10) + "Z"}
    (listed,) = relay.api.call("GET", f"/calendars/{mailbox}/events", params=window).json()["value"]
    assert {dates(created.json()), dates(read.json()), dates(listed)} == {(day(1), day(4))}
