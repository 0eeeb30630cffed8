"""The steps of every run: subscribe, book, receive, read."""

from typing import Any

import pytest

from tests.support.graph_world import IMMUTABLE, ROOM, World, fits

pytestmark = pytest.mark.server


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return Graph's default behaviour, a little quicker."""
    return {"seed": 1, "flipSeconds": 0.3, "hintSpreadSeconds": 0.1}


def test_a_booking_is_notified_and_read(world: World) -> None:
    """The notification of a booking has the id to read it by; the room's processing causes another one."""
    subscription = world.subscribe(headers=IMMUTABLE, lifecycleNotificationUrl=world.receiver.url)
    assert len(world.receiver.handshakes) == 2
    booked = world.book(subject="Board meeting", organizer={"name": "Ola Nordmann", "address": "ola@contoso.com"})

    world.receiver.wait(lambda: len(world.receiver.items) >= 4)
    item = world.receiver.items[0]
    assert item["subscriptionId"] == subscription["id"]
    assert item["clientState"] == "state"
    assert fits("changeNotificationCollection", {"value": [item]})
    room_id = world.tenant.mailboxes[ROOM].id
    assert item["resource"] == f"Users/{room_id}/Events/{booked['immutableId']}"

    world.control("POST", "/notifications/flush", {"rooms": True})
    event = world.get(f"/{item['resource']}", **IMMUTABLE)
    assert event["subject"] == "Ola Nordmann"
    assert fits("event", event)
