"""Claims about bookings in calendars on the running stack: made, moved, ended; and no name at the partner."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.expected import at
from tests.support.relay import NEVER, Relay
from tests.support.waiting import eventually

CANARY = "Canary of a customer"
EVERY_TWO_SECONDS = "*/2 * * * * *"
OLA = "ola@contoso.com"
SETTINGS = {
    "FEATURES": "relay,dataverse", "DATAVERSE_RESOURCES": "column:new_calendarrelay", "RENEWAL_SCHEDULE": NEVER,
    "DATAVERSE_SCHEDULE": EVERY_TWO_SECONDS,
}  # fmt: skip


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack with an environment, and follow it."""
    folder = tmp_path_factory.mktemp("dataverse")
    seed = {"mailboxes": [{"address": OLA, "displayName": "Ola"}]}
    with Relay.running(folder, SETTINGS, seed, dataverse={}) as relay:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
        started = relay.api.call("POST", "/dataverse/start", key="master", json={})
        assert started.status_code == 200, started.text
        assert started.json()["resources"] > 0
        yield relay


def calendar(relay: Relay) -> list[dict[str, Any]]:
    """Return the events of the mailbox."""
    return relay.tenant.calendar(OLA, at(-1) + "Z", at(30) + "Z")


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
