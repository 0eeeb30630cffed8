"""Endpoints that respond late, and tokens that expire, on a clock that is moved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.graph_world import ROOM, World
from tests.support.receiver import Post, Reply

pytestmark = pytest.mark.server


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Judge an endpoint by four responses, and keep its time limits short for tests."""
    return {**settings, "judgedAfter": 4, "firstAnswerSeconds": 0.3, "laterAnswerSeconds": 0.6}


def watched(world: World) -> dict[str, Any]:
    """Create a subscription with a lifecycle URL."""
    return world.subscribe(lifecycleNotificationUrl=world.receiver.url.replace("notify", "lifecycle"))


def state(world: World) -> dict[str, Any]:
    """Return Graph's state of the endpoint."""
    [health] = world.control("GET", "/notifications")["endpoints"].values()
    return dict(health)


def lifecycle_events(world: World) -> list[str]:
    """Return the lifecycle events that arrived."""
    return [item["lifecycleEvent"] for item in world.receiver.items if "lifecycleEvent" in item]


def changes(world: World) -> int:
    """Return the number of change notifications that arrived."""
    return sum("changeType" in item for item in world.receiver.items)


def late(world: World, seconds: float) -> None:
    """Delay the endpoint's responses by a number of seconds."""
    import time

    world.receiver.notification = lambda _post: Reply(202, before=lambda: time.sleep(seconds))


def attempts(world: World, number: int) -> None:
    """Wait until the endpoint was called a number of times and Graph has the responses."""
    world.receiver.wait(lambda: len(world.receiver.notifications) >= number)
    while world.control("GET", "/notifications")["inFlight"]:
        pass


def booked(world: World, number: int) -> None:
    """Book meetings one after the other, each with its notification."""
    for _ in range(number):
        before = len(world.receiver.notifications)
        world.book(direct=True)
        attempts(world, before + 1)


def test_a_slow_endpoint_gets_new_notifications_ten_minutes_late(world: World) -> None:
    """More than a tenth of the responses came after three seconds; later the endpoint is normal again."""
    watched(world)
    booked(world, 3)
    assert state(world)["state"] == "ok"
    late(world, 0.35)
    booked(world, 1)
    assert state(world)["state"] == "slow"
    world.receiver.notification = lambda _post: Reply(202)
    world.book(direct=True)
    before = changes(world)
    world.control("POST", "/clock", {"advanceSeconds": 500})
    assert changes(world) == before
    world.control("POST", "/clock", {"advanceSeconds": 101})
    world.receiver.wait(lambda: changes(world) > before)
    booked(world, 1)
    assert state(world)["state"] == "ok"


def test_a_few_late_responses_change_nothing(world: World) -> None:
    """There are fewer responses than the setting requires."""
    watched(world)
    late(world, 0.35)
    booked(world, 3)
    assert state(world)["state"] == "ok"


def test_an_endpoint_whose_retries_hang_loses_notifications(world: World) -> None:
    """More than 15 % missed the limit of the retries: nothing is sent for ten minutes, then `missed`."""
    subscription = watched(world)
    world.control("POST", "/settings", {"judgedAfter": 8})
    late(world, 0.7)
    for number in range(4):
        world.book(direct=True)
        attempts(world, number + 1)
    world.control("POST", "/clock", {"advanceSeconds": 11})  # each is tried again, and waited for longer
    attempts(world, 8)
    assert state(world)["state"] == "drop"
    world.receiver.notification = lambda _post: Reply(202)
    arrived = changes(world)
    world.book(direct=True)
    world.flush()
    assert (state(world)["discarded"], state(world)["missed"]) == (1, [subscription["id"]])
    world.control("POST", "/clock", {"advanceSeconds": 601})
    world.receiver.wait(lambda: lifecycle_events(world) == ["missed"])
    assert world.receiver.notifications[-1].path == "/lifecycle"
    before = changes(world)
    world.book(direct=True)
    world.receiver.wait(lambda: changes(world) > before >= arrived)


def test_control_puts_an_endpoint_into_drop(world: World) -> None:
    """Changes meanwhile are lost, and every affected subscription gets one `missed`."""
    watched(world)
    world.control("POST", "/endpoints", {"url": world.receiver.url, "state": "drop"})
    for _ in range(3):
        world.book(direct=True)
    world.flush()
    assert (state(world)["state"], state(world)["discarded"], changes(world)) == ("drop", 3, 0)
    world.control("POST", "/clock", {"advanceSeconds": 601})
    world.receiver.wait(lambda: lifecycle_events(world) == ["missed"])
    assert (state(world)["state"], changes(world)) == ("ok", 0)
    world.control("POST", "/endpoints", {"url": world.receiver.url, "state": "nonsense"}, status=400)


def test_a_notification_dropped_after_four_hours_is_missed(world: World) -> None:
    """`missed` follows with the next accepted notification."""
    watched(world)
    world.receiver.notification = lambda _post: Reply(500)
    world.book(direct=True)
    attempts(world, 1)
    while world.control("GET", "/notifications")["deliveries"]:
        number = len(world.receiver.notifications)
        world.control("POST", "/clock", {"advanceSeconds": 6000})
        attempts(world, number + 1)
    assert state(world)["discarded"] == 1
    world.receiver.notification = lambda _post: Reply(202)
    world.book(direct=True)
    world.receiver.wait(lambda: lifecycle_events(world) == ["missed"])


def test_notifications_wait_for_an_expired_token(world: World) -> None:
    """They are sent when the app has renewed, as the lifecycle event requests; the wait does not make the endpoint
    slow.
    """
    subscription = watched(world)
    world.control("POST", f"/subscriptions/{subscription['id']}/lapse")
    world.receiver.wait(lambda: lifecycle_events(world) == ["reauthorizationRequired"])
    world.book(direct=True)
    assert (changes(world), world.control("GET", "/notifications")["pending"]) == (0, 1)
    answer = world.graph("PATCH", f"/subscriptions/{subscription['id']}", {"expirationDateTime": world.after(days=6)})
    assert answer.status_code == 200
    world.receiver.wait(lambda: changes(world) == 1)
    assert state(world)["state"] == "ok"


def test_a_notification_that_waited_over_four_hours_is_missed(world: World) -> None:
    """The others are sent."""
    subscription = watched(world)
    world.control("POST", f"/subscriptions/{subscription['id']}/lapse")
    world.book(direct=True)
    world.control("POST", "/clock", {"advanceSeconds": 4 * 3600 + 1})
    world.book(direct=True)
    assert world.graph("POST", f"/subscriptions/{subscription['id']}/reauthorize").status_code == 204
    world.receiver.wait(lambda: changes(world) == 1)
    world.receiver.wait(lambda: "missed" in lifecycle_events(world))


def test_a_token_is_reported_before_it_expires(world: World) -> None:
    """If tokens expire at all: after three quarters of the time, and again for the next token."""
    world.control("POST", "/settings", {"tokenSeconds": 3600})
    subscription = watched(world)
    world.control("POST", "/clock", {"advanceSeconds": 2690})
    assert lifecycle_events(world) == []
    world.control("POST", "/clock", {"advanceSeconds": 11})
    world.receiver.wait(lambda: lifecycle_events(world) == ["reauthorizationRequired"])
    world.graph("PATCH", f"/subscriptions/{subscription['id']}", {"expirationDateTime": world.after(days=6)})
    world.control("POST", "/clock", {"advanceSeconds": 2701})
    world.receiver.wait(lambda: lifecycle_events(world) == ["reauthorizationRequired"] * 2)


def test_an_update_and_a_reauthorization_within_ten_minutes_are_counted(world: World) -> None:
    """Graph requires one of them; further apart both are fine."""
    subscription = watched(world)

    def both(apart: float) -> int:
        path = f"/subscriptions/{subscription['id']}"
        world.graph("PATCH", path, {"expirationDateTime": world.after(days=6)})
        world.control("POST", "/clock", {"advanceSeconds": apart})
        world.graph("POST", f"{path}/reauthorize")
        return int(world.control("GET", "/notifications")["mixed"])

    assert both(601) == 0
    world.control("POST", "/clock", {"advanceSeconds": 601})
    assert both(300) == 1


def test_a_time_without_a_subscription_has_no_notifications(world: World) -> None:
    """The subscription was removed or expired: changes meanwhile are never notified."""
    subscription = watched(world)
    world.control("POST", "/lifecycle", {"subscriptionId": subscription["id"], "lifecycleEvent": "subscriptionRemoved"})
    world.receiver.wait(lambda: lifecycle_events(world) == ["subscriptionRemoved"])
    world.book(direct=True)
    watched(world)
    world.control("POST", "/clock", {"advanceSeconds": 6 * 24 * 3600 + 1})
    world.book(direct=True)
    watched(world)
    world.flush()
    assert changes(world) == 0
    booked(world, 1)
    assert changes(world) == 1


def test_the_path_of_a_lifecycle_event_is_its_own(world: World) -> None:
    """The lifecycleNotificationUrl; changes go to the other URL."""
    subscription = watched(world)
    world.control("POST", "/lifecycle", {"subscriptionId": subscription["id"], "lifecycleEvent": "missed"})
    world.book(ROOM, direct=True)
    world.receiver.wait(lambda: len(world.receiver.items) == 2)

    def kind(post: Post) -> set[str]:
        return {"lifecycle" if "lifecycleEvent" in item else "notify" for item in post.items}

    assert all(kind(post) == {post.path.strip("/")} for post in world.receiver.notifications)
