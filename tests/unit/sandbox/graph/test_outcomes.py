"""Control reports the outcome of the notifications of each event."""

from typing import Any

import pytest

from tests.support.graph_world import OTHER_ROOM, ROOM, World
from tests.support.receiver import Reply

pytestmark = pytest.mark.server


def _outcomes(world: World) -> dict[str, Any]:
    return dict(world.control("GET", "/notifications/outcomes"))


def test_accepted_notifications_are_counted_by_event(world: World) -> None:
    """Two changes of an event are two notifications; the id has the form that the subscription requested."""
    world.subscribe()
    world.subscribe({"Prefer": 'IdType="ImmutableId"'}, resource=f"users/{OTHER_ROOM}/events")
    one, other = world.book(direct=True), world.book(OTHER_ROOM, direct=True)
    world.flush()
    world.control("PATCH", f"/calendars/{ROOM}/events/{one['id']}", {"subject": "Another"})
    world.flush()
    outcomes = _outcomes(world)
    assert outcomes["givenUp"] == []
    assert sorted(outcomes["accepted"], key=lambda outcome: outcome["mailbox"]) == [
        {"mailbox": ROOM, "eventId": one["id"], "notifications": 2},
        {"mailbox": OTHER_ROOM, "eventId": other["immutableId"], "notifications": 1},
    ]


def test_a_refused_notification_is_dropped_in_the_end(world: World) -> None:
    """Graph retries for four hours."""
    world.subscribe()
    world.receiver.notification = lambda _post: Reply(503)
    booked = world.book(direct=True)
    world.flush()
    assert _outcomes(world) == {"accepted": [], "givenUp": []}
    while world.control("GET", "/notifications")["deliveries"]:
        world.control("POST", "/clock", {"advanceSeconds": 6000})
    lost = {"mailbox": ROOM, "eventId": booked["id"], "notifications": 1}
    assert _outcomes(world) == {"accepted": [], "givenUp": [lost]}


def test_lifecycle_notifications_are_no_changes(world: World) -> None:
    """They are about a subscription, not about an event."""
    made = world.subscribe(lifecycleNotificationUrl=world.receiver.url)
    world.control("POST", "/lifecycle", {"subscriptionId": made["id"], "lifecycleEvent": "missed"})
    world.flush()
    assert _outcomes(world) == {"accepted": [], "givenUp": []}
