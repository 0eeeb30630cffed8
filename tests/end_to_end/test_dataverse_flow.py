"""Claims about bookings in calendars on the running stack: made, moved, ended, restored; and no name at the partner."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.support.aged_pairs import aged
from tests.support.expected import at
from tests.support.relay import FEATURE_ROLES, NEVER, Relay
from tests.support.waiting import eventually

CANARY = "Canary of a customer"
EVERY_TWO_SECONDS = "*/2 * * * * *"
OLA, KARI, SYNCED = "ola@contoso.com", "kari@contoso.com", "synced@contoso.com"
SETTINGS = {
    "FEATURES": "relay,calendars,scheduling,rooms,dataverse", "DATAVERSE_RESOURCES": "column:new_calendarrelay",
    "RENEWAL_SCHEDULE": NEVER, "DATAVERSE_SCHEDULE": EVERY_TWO_SECONDS,
}  # fmt: skip


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack with an environment, and follow it."""
    folder = tmp_path_factory.mktemp("dataverse")
    seed = {"mailboxes": [{"address": each, "displayName": each} for each in (OLA, KARI, SYNCED)]}
    resources = [{"mailbox": OLA}, {"mailbox": KARI}, {"mailbox": SYNCED, "serverSideSync": True}]
    environment = {"resources": resources, "settings": {"fieldServiceSeconds": [0, 1]}}
    with Relay.running(folder, SETTINGS, seed, dataverse=environment) as relay:
        relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": FEATURE_ROLES})
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
        # Else the relay waits three minutes before it believes that an event in Deleted Items is gone.
        relay.tenant.control("POST", "/settings", {"deletedItemsSeconds": 0.1})
        started = relay.api.call("POST", "/dataverse/start", key="master", json={})
        assert started.status_code == 200, started.text
        assert started.json()["resources"] > 0
        yield relay


def calendar(relay: Relay, mailbox: str = OLA) -> list[dict[str, Any]]:
    """Return the events of a mailbox."""
    return relay.tenant.calendar(mailbox, at(-1) + "Z", at(30) + "Z")


def book(relay: Relay, mailbox: str, days: int, **columns: Any) -> str:
    """Book an hour in some days, and return the booking's id."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    row = relay.stack.dataverse.book(mailbox, start, start + timedelta(hours=1), **columns)
    return str(row["bookableresourcebookingid"])


def named(relay: Relay, mailbox: str, name: str) -> list[dict[str, Any]]:
    """Return the events with a name."""
    return [each for each in calendar(relay, mailbox) if each["subject"] == name]


def walked(relay: Relay) -> bool:
    """Wait until all that has changed was read and settled: a later booking has its event."""
    name = f"Last {uuid.uuid4().hex[:8]}"
    book(relay, KARI, 20, name=name)
    return bool(eventually(lambda: named(relay, KARI, name)))


def test_an_event_follows_its_booking_and_its_name_stays_here(following: Relay) -> None:
    """One event with its name, at its times; it follows, and goes; the partner, who watches, gets no name."""
    dataverse = following.stack.dataverse
    following.api.watch(OLA)
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    row = dataverse.book(OLA, start, start + timedelta(hours=1), name=CANARY)
    (event,) = eventually(lambda: calendar(following))
    assert event["subject"] == CANARY
    later = start + timedelta(hours=5)
    dataverse.change(row["bookableresourcebookingid"], later, later + timedelta(hours=1))
    assert eventually(lambda: [e for e in calendar(following) if f"{later:%Y-%m-%dT%H}" in str(e["start"])])
    dataverse.change(row["bookableresourcebookingid"], status="Canceled")
    assert eventually(lambda: not calendar(following))
    status = following.api.call("GET", "/dataverse", key="master").json()
    assert status["deadLetters"] == 0
    assert CANARY not in str(following.partner.deliveries())


def test_scenarios_1_to_3_a_single_event_and_no_write_without_news(following: Relay) -> None:
    """Its own notification, repeated walks and columns of travel leave the event as it is; nobody is invited."""
    booking = book(following, KARI, 3, name="A visit")
    (event,) = eventually(lambda: named(following, KARI, "A visit"))
    assert (event["showAs"], event["attendees"]) == ("busy", [])
    for minutes in (11, 12, 13):
        following.stack.dataverse.change(booking, msdyn_estimatedtravelduration=minutes)
    walked(following)
    walked(following)  # by then, Graph's notification of the event is settled, too
    assert named(following, KARI, "A visit") == [event]


def test_scenario_11_the_event_of_a_work_order_comes_back(following: Relay) -> None:
    """That of a plain booking does not, and neither booking is written."""
    dataverse = following.stack.dataverse
    names = ("An order", "A course")
    bookings = [
        book(following, KARI, 4, name=names[0], **dataverse.work_order()),
        book(following, KARI, 5, name=names[1]),
    ]
    events = [eventually(partial(named, following, KARI, name))[0] for name in names]
    old = [each["id"] for each in events]
    walked(following)
    aged(following, *(each["immutableId"] for each in events))
    for event_id in old:
        following.tenant.remove(KARI, event_id)
    assert eventually(lambda: [each for each in named(following, KARI, names[0]) if each["id"] not in old])
    walked(following)
    assert named(following, KARI, names[1]) == []
    assert [(dataverse.booking(each) or {})["statecode"] for each in bookings] == [0, 0]


def test_scenario_23_the_event_of_microsofts_sync_stays_alone(following: Relay) -> None:
    """Both make one; the relay's goes, and nobody makes a booking of the other."""
    dataverse = following.stack.dataverse
    book(following, SYNCED, 2, name="A work order", **dataverse.work_order())
    eventually(lambda: named(following, SYNCED, "A work order"))
    dataverse.control("POST", "/outlook-sync/run")
    (event,) = eventually(lambda: [each for each in calendar(following, SYNCED) if each["categories"]])
    assert eventually(lambda: len(named(following, SYNCED, "A work order")) == 1)
    walked(following)
    assert [each["id"] for each in named(following, SYNCED, "A work order")] == [event["id"]]


@pytest.mark.parametrize("behaviour", [{"status": 503}, {"hang": True}], ids=["503", "hangs"])
def test_scenario_30_bookings_follow_while_the_partner_fails(following: Relay, behaviour: dict[str, Any]) -> None:
    """The partner watches the same mailbox, and takes nothing of it."""
    following.api.watch(KARI)
    following.partner.control("POST", "/behaviour", {**behaviour, "mailbox": KARI, "times": 1_000})
    try:
        name = f"While it {next(iter(behaviour))}"
        book(following, KARI, 6, name=name, **following.stack.dataverse.work_order())
        (event,) = eventually(lambda: named(following, KARI, name))
        walked(following)
        aged(following, event["immutableId"])
        following.tenant.remove(KARI, event["id"])
        assert eventually(lambda: [each for each in named(following, KARI, name) if each["id"] != event["id"]])
    finally:
        following.partner.control("DELETE", "/behaviour")


def test_scenario_31_no_answer_to_the_partner_has_a_name(following: Relay) -> None:
    """Calendars, slots, busy times and the answer to a change of the event itself."""
    following.api.watch(OLA)
    book(following, OLA, 9, name=f"{CANARY} again")
    (event,) = eventually(lambda: named(following, OLA, f"{CANARY} again"))
    times = {"start": at(0) + "Z", "end": at(20) + "Z"}
    answers = [
        following.api.call("GET", f"/calendars/{OLA}/events", params=times),
        following.api.call("GET", f"/calendars/{OLA}/events/{event['immutableId']}"),
        following.api.call("PATCH", f"/calendars/{OLA}/events/{event['immutableId']}", json={"location": "Here"}),
        following.api.call("GET", f"/schedules/{OLA}/slots",
                           params={"from": at(7) + "Z", "to": at(10) + "Z", "duration": "30"}),
        following.api.call("POST", "/availability/query",
                           json={"from": at(8) + "Z", "to": at(10) + "Z", "mailboxes": [OLA]}),
        following.api.call("GET", "/subscriptions"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200] * 6, [answer.text for answer in answers]
    assert answers[0].json()["value"]
    assert CANARY not in "".join(answer.text for answer in answers)
    assert SYNCED not in answers[-1].text
