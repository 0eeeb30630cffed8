"""Claims about endpoints that answer late, and about tokens that lapse, on a clock that is moved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.graph_world import ROOM, World
from tests.support.receiver import Post, Reply

pytestmark = pytest.mark.server


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Judge an endpoint by four answers, and wait for them no longer than a test may."""
    return {**settings, "judgedAfter": 4, "firstAnswerSeconds": 0.3, "laterAnswerSeconds": 0.6}


def watched(world: World) -> dict[str, Any]:
    """Make a subscription that has a lifecycle URL."""
    return world.subscribe(lifecycleNotificationUrl=world.receiver.url.replace("notify", "lifecycle"))


def state(world: World) -> dict[str, Any]:
    """Return what Graph thinks of the endpoint."""
    [health] = world.control("GET", "/notifications")["endpoints"].values()
    return dict(health)


def told(world: World) -> list[str]:
    """Return the lifecycle events that arrived."""
    return [item["lifecycleEvent"] for item in world.receiver.items if "lifecycleEvent" in item]


def changes(world: World) -> int:
    """Return how many change notifications arrived."""
    return sum("changeType" in item for item in world.receiver.items)


def late(world: World, seconds: float) -> None:
    """Let the endpoint answer notifications so late."""
    import time

    world.receiver.notification = lambda _post: Reply(202, before=lambda: time.sleep(seconds))


def attempts(world: World, number: int) -> None:
    """Wait until the endpoint was tried so often and Graph knows the answers."""
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
    """More than a tenth of the answers came after three seconds; a time later all is well again."""
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


def test_a_few_late_answers_condemn_nobody(world: World) -> None:
    """Fewer than the setting says."""
    watched(world)
    late(world, 0.35)
    booked(world, 3)
    assert state(world)["state"] == "ok"


def test_an_endpoint_whose_retries_hang_loses_notifications_and_is_told(world: World) -> None:
    """More than 15 % were not there after the retries' limit: ten minutes of nothing, then `missed`."""
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
    world.receiver.wait(lambda: told(world) == ["missed"])
    assert world.receiver.notifications[-1].path == "/lifecycle"
    before = changes(world)
    world.book(direct=True)
    world.receiver.wait(lambda: changes(world) > before >= arrived)


def test_control_puts_an_endpoint_into_drop(world: World) -> None:
    """What came meanwhile is lost for good, and every subscription concerned is told once."""
    watched(world)
    world.control("POST", "/endpoints", {"url": world.receiver.url, "state": "drop"})
    for _ in range(3):
        world.book(direct=True)
    world.flush()
    assert (state(world)["state"], state(world)["discarded"], changes(world)) == ("drop", 3, 0)
    world.control("POST", "/clock", {"advanceSeconds": 601})
    world.receiver.wait(lambda: told(world) == ["missed"])
    assert (state(world)["state"], changes(world)) == ("ok", 0)
    world.control("POST", "/endpoints", {"url": world.receiver.url, "state": "nonsense"}, status=400)


def test_what_is_given_up_after_four_hours_is_missed(world: World) -> None:
    """It is told with the next notification that is accepted."""
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
    world.receiver.wait(lambda: told(world) == ["missed"])


def test_notifications_wait_for_a_lapsed_token(world: World) -> None:
    """They arrive when the app has renewed, which the lifecycle event asks for; waiting makes nobody slow."""
    subscription = watched(world)
    world.control("POST", f"/subscriptions/{subscription['id']}/lapse")
    world.receiver.wait(lambda: told(world) == ["reauthorizationRequired"])
    world.book(direct=True)
    assert (changes(world), world.control("GET", "/notifications")["pending"]) == (0, 1)
    answer = world.graph("PATCH", f"/subscriptions/{subscription['id']}", {"expirationDateTime": world.after(days=6)})
    assert answer.status_code == 200
    world.receiver.wait(lambda: changes(world) == 1)
    assert state(world)["state"] == "ok"


def test_what_waited_for_over_four_hours_is_missed(world: World) -> None:
    """The rest is sent."""
    subscription = watched(world)
    world.control("POST", f"/subscriptions/{subscription['id']}/lapse")
    world.book(direct=True)
    world.control("POST", "/clock", {"advanceSeconds": 4 * 3600 + 1})
    world.book(direct=True)
    assert world.graph("POST", f"/subscriptions/{subscription['id']}/reauthorize").status_code == 204
    world.receiver.wait(lambda: changes(world) == 1)
    world.receiver.wait(lambda: "missed" in told(world))


def test_a_token_asks_for_its_renewal_before_it_lapses(world: World) -> None:
    """Where tokens lapse at all; after three quarters of their time, and again with the next one."""
    world.control("POST", "/settings", {"tokenSeconds": 3600})
    subscription = watched(world)
    world.control("POST", "/clock", {"advanceSeconds": 2690})
    assert told(world) == []
    world.control("POST", "/clock", {"advanceSeconds": 11})
    world.receiver.wait(lambda: told(world) == ["reauthorizationRequired"])
    world.graph("PATCH", f"/subscriptions/{subscription['id']}", {"expirationDateTime": world.after(days=6)})
    world.control("POST", "/clock", {"advanceSeconds": 2701})
    world.receiver.wait(lambda: told(world) == ["reauthorizationRequired"] * 2)


def test_to_update_and_to_reauthorize_within_ten_minutes_is_noticed(world: World) -> None:
    """Graph asks for one of them; further apart is fine."""
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


def test_nothing_is_told_of_a_time_without_a_subscription(world: World) -> None:
    """Removed, or expired by the clock: what changed meanwhile is never hinted at."""
    subscription = watched(world)
    world.control("POST", "/lifecycle", {"subscriptionId": subscription["id"], "lifecycleEvent": "subscriptionRemoved"})
    world.receiver.wait(lambda: told(world) == ["subscriptionRemoved"])
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
    """The lifecycleNotificationUrl; changes go to the other."""
    subscription = watched(world)
    world.control("POST", "/lifecycle", {"subscriptionId": subscription["id"], "lifecycleEvent": "missed"})
    world.book(ROOM, direct=True)
    world.receiver.wait(lambda: len(world.receiver.items) == 2)

    def kind(post: Post) -> set[str]:
        return {"lifecycle" if "lifecycleEvent" in item else "notify" for item in post.items}

    assert all(kind(post) == {post.path.strip("/")} for post in world.receiver.notifications)
