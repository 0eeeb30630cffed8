"""Claims about the delivery of a change, from a calendar to the partner's own copy of it."""

import json
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from tests.support.expected import PUBLIC, at
from tests.support.relay import Relay


def test_a_booking_is_one_signed_delivery_with_exactly_the_public_fields(relay: Relay) -> None:
    """A booked meeting arrives as the contract writes it: headers, signature, names of fields, and nothing else."""
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
        "end": at(0, 13) + "Z", "allDay": False, "availability": "tentative", "cancelled": False,
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
    """Booked, moved, retitled, made private, cancelled, deleted: each is told once, with the type it should have."""
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
    gone = booked["deleted"]["immutableId"]
    assert next(
        post["body"]["data"]["event"] for post in posts if post["body"]["type"] == "calendar.event.deleted"
    ) == {"id": gone, "seriesId": None}
    titles = {event["title"] for event in relay.received(address).values()}
    assert titles == {"moved", "Another title", "out of office", "Private", "Canceled: cancelled"}


def test_a_room_shows_its_organizers_name_and_never_the_title(relay: Relay) -> None:
    """A room's title flips to the organizer's name seconds after the booking: by then the relay reads it first."""
    address = relay.watched("room")
    organizer = {"name": "Ola Nordmann", "address": "ola@contoso.com"}
    booked = relay.book(address, "Salary talk", organizer=organizer)
    relay.in_step(address)
    relay.tenant.change(address, booked["id"], start=at(2, 9), end=at(2, 10))
    relay.in_step(address)
    assert {post["body"]["data"]["event"]["title"] for post in relay.posts(address)} == {"Ola Nordmann"}


def test_private_and_confidential_events_are_called_private(relay: Relay) -> None:
    """A private or confidential event leaves as "Private" with its times; personal is not private."""
    address = relay.watched()
    for days, sensitivity in enumerate(("private", "confidential", "personal")):
        relay.book(address, f"Doctor {sensitivity}", days, sensitivity=sensitivity)
    relay.in_step(address)
    titles = sorted(event["title"] for event in relay.received(address).values())
    assert titles == ["Doctor personal", "Private", "Private"]
    assert {event["start"] for event in relay.received(address).values()} == {at(day, 12) + "Z" for day in range(3)}


def test_all_day_events_zones_and_odd_titles_arrive(relay: Relay) -> None:
    """All-day events, other time zones, empty and very long titles reach the partner as the calendar has them."""
    address = relay.watched()
    relay.book(address, "All day", isAllDay=True, start=at(1), end=at(2))
    relay.book(address, "Oslo", start=at(2, 9), end=at(2, 10), timeZone="Europe/Oslo")
    relay.book(address, "")
    relay.book(address, "x" * 255 + "é")
    relay.book(address, 'quote " \\ <b> \u2028 {jndi}', showAs="workingElsewhere")
    relay.in_step(address)
    assert len(relay.received(address)) == 5


def test_hints_in_any_order_and_any_number_end_in_the_truth(relay: Relay) -> None:
    """What happened while hints were held back, and then came all at once and shuffled, ends in the last state."""
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
    """A series reaches the partner as its occurrences: booked, one moved, one taken out, all deleted."""
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
    """A change of the whole series is told for each occurrence, and each delivery has an id of its own."""
    address = relay.watched()
    master = relay.book(address, "Stand-up", rrule="FREQ=DAILY;COUNT=3")
    relay.in_step(address)
    relay.tenant.change(address, master["id"], subject="Sit-down")
    relay.in_step(address)
    assert {event["title"] for event in relay.received(address).values()} == {"Sit-down"}
    attempts = relay.attempts(address)
    assert len({attempt["webhookId"] for attempt in attempts}) == len(attempts) == 6


def test_the_partner_finds_nothing_wrong_with_any_delivery(relay: Relay) -> None:
    """The partner of the sandbox checks signature, fields and repetitions: all that was delivered so far is sound."""
    address = relay.watched()
    relay.book(address)
    relay.in_step(address)
    deliveries: dict[str, Any] = relay.partner.deliveries()
    assert deliveries["violations"] == [], json.dumps(deliveries["violations"][:5])
    assert {attempt["status"] for attempt in relay.attempts(address)} == {204}
