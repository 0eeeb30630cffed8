"""Claims about the delivery of changes, from a calendar to the partner's copy."""

import json
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from tests.support.expected import PUBLIC, at
from tests.support.relay import Relay


def test_a_booking_is_a_single_signed_delivery_with_exactly_the_public_fields(relay: Relay) -> None:
    """Headers, signature and fields are those of the contract, and there are no others."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    booked = relay.book(
        address, "Blåbær 🫐 og kaffe", body="Bring the files", location="Room 4", showAs="tentative",
        attendees=["kari@contoso.com"],
    )  # fmt: skip
    relay.in_step(address)
    (post,) = relay.posts(address)
    Webhook(relay.stack.seed["secrets"]["partner-signing-secret"][-1]).verify(post["raw"], post["headers"])
    assert post["headers"]["content-type"] == "application/json"
    assert abs(float(post["headers"]["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    moment = datetime.fromisoformat(post["body"].pop("timestamp"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    event = {
        "id": booked["immutableId"], "seriesId": None, "title": "Blåbær 🫐 og kaffe", "start": at(0, 12) + "Z",
        "end": at(0, 13) + "Z", "startDate": None, "endDate": None, "allDay": False, "availability": "tentative",
        "cancelled": False,
    }  # fmt: skip
    data = {"subscriptionId": watch["id"], "mailbox": address, "event": event}
    assert post["body"] == {"type": "calendar.event.created", "data": data}


CHANGES: dict[str, dict[str, Any]] = {
    "moved": {"start": at(3, 8), "end": at(3, 9)},
    "retitled": {"subject": "Another title"},
    "out of office": {"showAs": "oof"},
    "made private": {"sensitivity": "private"},
}


def test_every_kind_of_change_arrives(relay: Relay) -> None:
    """Each kind of change is delivered once, with the right type."""
    address = relay.watched()
    booked = {name: relay.book(address, name) for name in (*CHANGES, "cancelled", "deleted")}
    relay.in_step(address)
    for name, change in CHANGES.items():
        relay.tenant.change(address, booked[name]["id"], **change)
    relay.tenant.cancel(address, booked["cancelled"]["id"])
    relay.tenant.remove(address, booked["deleted"]["id"])
    relay.in_step(address)
    posts = relay.posts(address)
    for name, event in booked.items():
        about = [post["body"] for post in posts if post["body"]["data"]["event"]["id"] == event["immutableId"]]
        last = "deleted" if name == "deleted" else "updated"
        assert [body["type"] for body in about] == ["calendar.event.created", f"calendar.event.{last}"], name
    deleted = booked["deleted"]["immutableId"]
    assert next(
        post["body"]["data"]["event"] for post in posts if post["body"]["type"] == "calendar.event.deleted"
    ) == {"id": deleted, "seriesId": None}
    titles = {event["title"] for event in relay.received(address).values()}
    assert titles == {"moved", "Another title", "out of office", "Private", "Canceled: cancelled"}


def test_a_room_shows_its_organizers_name_and_never_the_title(relay: Relay) -> None:
    """Exchange replaces a room's title by the organizer's name after seconds; the relay reads it only then."""
    address = relay.watched("room")
    organizer = {"name": "Ola Nordmann", "address": "ola@contoso.com"}
    booked = relay.book(address, "Salary talk", organizer=organizer)
    relay.in_step(address)
    relay.tenant.change(address, booked["id"], start=at(2, 9), end=at(2, 10))
    relay.in_step(address)
    assert {post["body"]["data"]["event"]["title"] for post in relay.posts(address)} == {"Ola Nordmann"}


def test_private_and_confidential_events_are_called_private(relay: Relay) -> None:
    """The title of a private or confidential event is "Private", its times stay; personal events keep their title."""
    address = relay.watched()
    for days, sensitivity in enumerate(("private", "confidential", "personal")):
        relay.book(address, f"Doctor {sensitivity}", days, sensitivity=sensitivity)
    relay.in_step(address)
    titles = sorted(event["title"] for event in relay.received(address).values())
    assert titles == ["Doctor personal", "Private", "Private"]
    assert {event["start"] for event in relay.received(address).values()} == {at(day, 12) + "Z" for day in range(3)}


def test_all_day_events_zones_and_odd_titles_arrive(relay: Relay) -> None:
    """The partner receives all-day events, other time zones, and empty and long titles unchanged."""
    address = relay.watched()
    relay.book(address, "All day", isAllDay=True, start=at(1), end=at(2))
    relay.book(address, "Oslo", start=at(2, 9), end=at(2, 10), timeZone="Europe/Oslo")
    relay.book(address, "")
    relay.book(address, "x" * 255 + "é")
    relay.book(address, 'quote " \\ <b> \u2028 {jndi}', showAs="workingElsewhere")
    relay.in_step(address)
    assert len(relay.received(address)) == 5


def test_hints_in_any_order_and_number_end_in_the_last_state(relay: Relay) -> None:
    """After shuffled hints that arrive all at the same time, the partner has the last state."""
    address = relay.watched("room")
    relay.tenant.control("POST", "/notifications", {"paused": True})
    events = [relay.book(address, days=day)["id"] for day in range(6)]
    for event in events[:4]:
        relay.tenant.change(address, event, start=at(20, 9), end=at(20, 10))
    relay.tenant.cancel(address, events[1])
    for event in (events[0], events[5]):
        relay.tenant.remove(address, event)
    relay.tenant.control("POST", "/notifications", {"paused": False})
    relay.in_step(address)
    attempts = relay.attempts(address)
    assert len({attempt["webhookId"] for attempt in attempts}) == len(attempts)
    assert len(relay.received(address)) == 4


def test_a_series_arrives_as_its_occurrences(relay: Relay) -> None:
    """The partner receives the occurrences of a series, and follows a moved, a removed and all deleted occurrences."""
    address = relay.watched()
    master = relay.book(address, "Stand-up", rrule="FREQ=WEEKLY;COUNT=5")
    relay.in_step(address)
    received = relay.received(address)
    assert len(received) == 5
    assert {event["seriesId"] for event in received.values()} == {master["immutableId"]}
    occurrences = relay.tenant.calendar(address, at(-1) + "Z", at(90) + "Z")
    relay.tenant.change(address, occurrences[1]["id"], start=at(8, 15), end=at(8, 16))
    relay.in_step(address)
    relay.tenant.remove(address, occurrences[3]["id"])
    relay.in_step(address)
    assert len(relay.received(address)) == 4
    relay.tenant.remove(address, master["id"])
    relay.in_step(address)
    assert relay.received(address) == {}
    assert {len(post["body"]["data"]["event"]) for post in relay.posts(address)} == {len(PUBLIC), 2}


def test_a_title_changed_for_a_series_reaches_every_occurrence(relay: Relay) -> None:
    """A change of the series is delivered once for each occurrence, each with a separate webhook-id."""
    address = relay.watched()
    master = relay.book(address, "Stand-up", rrule="FREQ=DAILY;COUNT=3")
    relay.in_step(address)
    relay.tenant.change(address, master["id"], subject="Sit-down")
    relay.in_step(address)
    assert {event["title"] for event in relay.received(address).values()} == {"Sit-down"}
    attempts = relay.attempts(address)
    assert len({attempt["webhookId"] for attempt in attempts}) == len(attempts) == 6


def test_the_partner_finds_no_violation_in_any_delivery(relay: Relay) -> None:
    """The sandbox's partner checks signature, fields and duplicates of every delivery."""
    address = relay.watched()
    relay.book(address)
    relay.in_step(address)
    deliveries: dict[str, Any] = relay.partner.deliveries()
    assert deliveries["violations"] == [], json.dumps(deliveries["violations"][:5])
    assert {attempt["status"] for attempt in relay.attempts(address)} == {204}
