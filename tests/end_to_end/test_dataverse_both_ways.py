"""Claims about both directions on the running stack: a person's events lead to bookings, and follow them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.aged_pairs import aged
from tests.support.expected import at
from tests.support.relay import NEVER, Relay
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

OLA = "ola@contoso.com"
SETTINGS = {
    "FEATURES": "dataverse", "ALLOWED_MAILBOXES": OLA, "DATAVERSE_RESOURCES": "column:new_calendarrelay",
    "DATAVERSE_DIRECTION": "both", "DATAVERSE_SCHEDULE": "*/2 * * * * *", "SETTLE_SECONDS": "0.5",
    "RENEWAL_SCHEDULE": NEVER,
}  # fmt: skip
Times = tuple[str, str]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack with an environment, and follow it."""
    environment = {"resources": [{"mailbox": OLA}], "settings": {"fieldServiceSeconds": [0, 1]}}
    with Relay.running(tmp_path_factory.mktemp("both"), SETTINGS, dataverse=environment) as relay:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
        # Else the relay waits three minutes before it believes that an event is gone.
        relay.tenant.control("POST", "/settings", {"deletedItemsSeconds": 0.1})
        started = relay.api.call("POST", "/dataverse/start", key="master", json={})
        assert started.status_code == 200, started.text
        yield relay


def times_in(days: float) -> dict[str, str]:
    """Return start and end of an hour in some days."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    return {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}


def both_show(relay: Relay, times: dict[str, str], number: int = 1) -> bool:
    """Return whether both sides have so many live appointments at these times, and as many at any time."""
    minutes = times["start"][:16], times["end"][:16]
    return shown(relay).count(minutes) == board(relay).count(minutes) == number and shown(relay) == board(relay)


def shown(relay: Relay) -> list[Times]:
    """Return start and end of each event that is busy."""
    events = relay.tenant.calendar(OLA, at(-1) + "Z", at(60) + "Z")
    busy = (each for each in events if each["showAs"] == "busy")
    return sorted((each["start"]["dateTime"][:16], each["end"]["dateTime"][:16]) for each in busy)


def live(relay: Relay) -> list[dict[str, Any]]:
    """Return the bookings that are neither canceled nor inactive."""
    over = [relay.stack.dataverse.id_of(f"status:{name}") for name in ("Cancelled", "Canceled")]
    rows = relay.stack.dataverse.bookings()
    return [row for row in rows if not row["statecode"] and row["_bookingstatus_value"] not in over]


def board(relay: Relay) -> list[Times]:
    """Return start and end of each live booking."""
    return sorted((row["starttime"][:16], row["endtime"][:16]) for row in live(relay))


def test_scenarios_5_4_and_12_an_event_leads_to_a_booking_to_its_end(relay: Relay) -> None:
    """Made, moved on either side, deleted: one row throughout. A free event has none, a private one no name."""
    relay.tenant.book(OLA, subject="Free", showAs="free", **times_in(9))
    event = relay.tenant.book(OLA, subject="At the doctor's", sensitivity="private", **times_in(3))
    eventually(lambda: both_show(relay, times_in(3)))
    (row,) = live(relay)
    assert row["name"] == "Private"
    relay.tenant.change(OLA, event["id"], **times_in(4))
    eventually(lambda: both_show(relay, times_in(4)))
    moved = {"starttime": times_in(5)["start"], "endtime": times_in(5)["end"]}
    path = f"/rows/bookableresourcebookings/{row['bookableresourcebookingid']}"
    relay.stack.dataverse.control("PATCH", path, moved)
    eventually(lambda: both_show(relay, times_in(5)))
    aged(relay, event["immutableId"])  # the relay has just moved it
    relay.tenant.remove(OLA, event["id"])
    eventually(lambda: (shown(relay), board(relay)) == ([], []))
    assert [each["bookableresourcebookingid"] for each in relay.stack.dataverse.bookings()] == [
        row["bookableresourcebookingid"]
    ]


def test_scenarios_4_and_11_an_event_of_a_dispatchers_booking_is_moved_and_deleted(relay: Relay) -> None:
    """The booking of a plain appointment follows: moved, then canceled; its row is still there."""
    before = len(relay.stack.dataverse.bookings())
    start = datetime.fromisoformat(times_in(6)["start"])
    booking = relay.stack.dataverse.book(OLA, start, start + timedelta(hours=1))["bookableresourcebookingid"]
    eventually(lambda: both_show(relay, times_in(6)))
    events = relay.tenant.calendar(OLA, at(-1) + "Z", at(60) + "Z")
    (event,) = [each for each in events if each["showAs"] == "busy"]
    relay.tenant.change(OLA, event["id"], **times_in(7))
    eventually(lambda: both_show(relay, times_in(7)))
    assert [each["bookableresourcebookingid"] for each in live(relay)] == [booking]
    aged(relay, event["immutableId"])
    relay.tenant.remove(OLA, event["id"])
    eventually(lambda: (shown(relay), board(relay)) == ([], []))
    assert len(relay.stack.dataverse.bookings()) == before + 1


def test_scenario_12_a_booking_that_is_canceled_leaves_the_persons_event(relay: Relay) -> None:
    """It gets no other booking, also while later events get theirs."""
    relay.tenant.book(OLA, subject="Hers", **times_in(12))
    eventually(lambda: both_show(relay, times_in(12)))
    (row,) = live(relay)
    relay.stack.dataverse.change(row["bookableresourcebookingid"], status="Canceled")
    relay.tenant.book(OLA, subject="Later", **times_in(14))
    later = times_in(14)["start"][:16], times_in(14)["end"][:16]
    eventually(lambda: board(relay) == [later])
    assert len(shown(relay)) == 2
