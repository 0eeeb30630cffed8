"""The notifications that the sender sends."""

from typing import Any

import pytest

from tests.support.graph_world import IMMUTABLE, OTHER_ROOM, ROOM, TENANT_ID, World, fits
from tests.support.receiver import Receiver, Reply

pytestmark = pytest.mark.server


def _calendar(room: str, event: dict[str, Any]) -> str:
    """Return the control path of an event."""
    return f"/calendars/{room}/events/{event['id']}"


def test_a_notification_is_shaped_as_graphs(world: World) -> None:
    """It has all fields of the documented sample, fits Graph's type, and has the event's etag."""
    made, booked = world.subscribe(), world.book()
    world.flush()
    room_id = world.tenant.mailboxes[ROOM].id
    resource = f"Users/{room_id}/Events/{booked['id']}"
    (item,) = world.receiver.items
    assert item == {
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "tenantId": TENANT_ID,
        "clientState": "state",
        "changeType": "created",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
            "@odata.etag": booked["@odata.etag"],
            "id": booked["id"],
        },
    }
    assert fits("changeNotificationCollection", {"value": [item]})


def test_ids_have_the_form_that_the_subscription_requested(world: World) -> None:
    """Immutable ids for the subscription created with the Prefer header, ordinary ones for the other."""
    plain, immutable = world.subscribe(changeType="created"), world.subscribe(headers=IMMUTABLE)
    booked = world.book()
    world.flush()
    told = {item["subscriptionId"]: item["resourceData"]["id"] for item in world.receiver.items}
    assert told == {plain["id"]: booked["id"], immutable["id"]: booked["immutableId"]}


def test_each_change_is_sent_to_the_subscriptions_for_it(world: World) -> None:
    """Created, updated and deleted go to the mailbox's subscriptions that name them."""
    world.subscribe(changeType="updated,deleted", clientState="some")
    world.subscribe(clientState="all")
    world.subscribe(resource=f"users/{OTHER_ROOM}/events", clientState="other")
    booked = world.book()
    world.control("PATCH", _calendar(ROOM, booked), {"showAs": "tentative"})
    world.control("POST", f"{_calendar(ROOM, booked)}/cancel")
    world.control("DELETE", _calendar(ROOM, booked))
    world.flush()
    told = sorted((item["clientState"], item["changeType"]) for item in world.receiver.items)
    assert told == sorted(
        [
            ("all", "created"),
            *[(state, "updated") for state in ("all", "some")] * 2,
            ("all", "deleted"),
            ("some", "deleted"),
        ]
    )


def test_a_change_gives_two_to_four_notifications(world: World) -> None:
    """By the setting hintsPerChange; the first is the change itself, the others repeat it or are updates."""
    world.tenant.settings["hintsPerChange"] = [2, 4]
    world.subscribe()
    numbers, seen = set(), 0
    for _ in range(20):
        world.book()
        world.flush()
        new, seen = world.receiver.items[seen:], len(world.receiver.items)
        numbers.add(len(new))
        assert "created" in {item["changeType"] for item in new} <= {"created", "updated"}
    assert numbers == {2, 3, 4}


def test_order_is_not_kept(world: World) -> None:
    """The notifications of a POST are shuffled."""
    world.subscribe()
    world.control("POST", "/notifications", {"paused": True})
    booked = [world.book()["id"] for _ in range(8)]
    world.flush()
    told = [item["resourceData"]["id"] for item in world.receiver.items]
    assert sorted(told) == sorted(booked)
    assert told != booked


def test_a_post_carries_several_subscriptions(world: World) -> None:
    """The notifications for a URL share a POST, at most batchMax of them."""
    world.tenant.settings["batchMax"] = 3
    world.control("POST", "/notifications", {"paused": True})
    world.subscribe()
    world.subscribe(resource=f"users/{OTHER_ROOM}/events")
    for room in (ROOM, OTHER_ROOM) * 2:
        world.book(room)
    assert world.control("GET", "/notifications")["pending"] == 4
    world.flush()
    assert sorted(len(post.items) for post in world.receiver.notifications) == [1, 3]
    assert len({item["subscriptionId"] for item in world.receiver.items}) == 2


def test_pausing_holds_back_until_it_ends(world: World) -> None:
    """Nothing is sent during a pause; it is sent afterwards."""
    world.subscribe()
    world.control("POST", "/notifications", {"paused": True})
    world.book()
    assert world.control("GET", "/notifications")["paused"] is True
    assert world.receiver.items == []
    world.control("POST", "/notifications", {"paused": False})
    world.receiver.wait(lambda: len(world.receiver.items) == 1)


def test_an_expired_or_removed_subscription_sends_nothing(world: World) -> None:
    """Its waiting notifications are discarded."""
    gone = world.subscribe(changeType="created")
    world.subscribe(expirationDateTime=world.after(hours=1))
    world.control("POST", "/notifications", {"paused": True})
    world.book()
    world.control("DELETE", f"/subscriptions/{gone['id']}")
    world.control("POST", "/clock", {"advanceSeconds": 3601})
    assert world.flush()["withdrawn"] == 2
    assert world.receiver.notifications == []


def test_the_counters_add_up(world: World) -> None:
    """Notifications, attempts, accepted POSTs and responses by status are counted."""
    world.subscribe()
    world.receiver.notification = lambda _post: Reply(204)
    world.book()
    counters = world.flush()
    assert {name: counters[name] for name in ("hints", "attempts", "sent", "hintsSent", "dropped", "pending")} == {
        "hints": 1,
        "attempts": 1,
        "sent": 1,
        "hintsSent": 1,
        "dropped": 0,
        "pending": 0,
    }
    assert counters["answers"] == {"204": 1}


@pytest.mark.parametrize("lifecycle_event", ["reauthorizationRequired", "missed", "subscriptionRemoved"])
def test_control_sends_lifecycle_notifications(world: World, receiver: Receiver, lifecycle_event: str) -> None:
    """They go to the lifecycle URL without a changeType, and a removal is sent after the subscription was deleted."""
    made = world.subscribe(lifecycleNotificationUrl=f"{receiver.url}/lifecycle")
    world.control("POST", "/lifecycle", {"subscriptionId": made["id"], "lifecycleEvent": lifecycle_event})
    world.flush()
    (post,) = receiver.notifications
    (item,) = post.items
    assert post.path == "/notify/lifecycle"
    assert item["lifecycleEvent"] == lifecycle_event
    assert "changeType" not in item
    assert fits("changeNotificationCollection", {"value": [item]})
    alive = world.graph("GET", f"/subscriptions/{made['id']}").status_code == 200
    assert alive is (lifecycle_event != "subscriptionRemoved")


def test_lifecycle_needs_a_lifecycle_url(world: World) -> None:
    """A subscription without one gets no lifecycle notifications."""
    made = world.subscribe()
    body = {"subscriptionId": made["id"], "lifecycleEvent": "missed"}
    world.control("POST", "/lifecycle", body, status=400)
    world.control("POST", "/lifecycle", {**body, "lifecycleEvent": "other"}, status=400)
    world.control("POST", "/lifecycle", {**body, "subscriptionId": "none"}, status=404)
