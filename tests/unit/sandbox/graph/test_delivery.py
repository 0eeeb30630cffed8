"""Deliveries to endpoints that fail, on a clock that is moved."""

import threading
from collections.abc import Iterator

import pytest

from sandbox.tenant.graph.delivery import Limits
from sandbox.tenant.graph.settings import DEFAULTS
from tests.support.graph_world import World
from tests.support.receiver import Reply

pytestmark = pytest.mark.server


@pytest.fixture
def failing(world: World) -> World:
    """Return a world whose endpoint rejects every notification."""
    world.subscribe()
    world.receiver.notification = lambda _post: Reply(500)
    return world


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Return the event that late endpoints wait for; it is set when the test ends."""
    event = threading.Event()
    yield event
    event.set()


def _attempts(world: World, number: int) -> None:
    """Wait until the endpoint was called a number of times and the sender has the responses."""
    world.receiver.wait(lambda: len(world.receiver.notifications) >= number)
    while world.control("GET", "/notifications")["inFlight"]:
        pass
    assert len(world.receiver.notifications) == number


@pytest.mark.parametrize("status", [500, 503, 404, 400, 401, 302])
def test_any_status_but_2xx_is_retried(world: World, status: int) -> None:
    """The same notifications are sent until they are accepted; a redirect is a failure, too."""
    world.subscribe()
    world.receiver.notification = lambda _post: Reply(status, headers={"Location": world.receiver.url})
    world.book()
    _attempts(world, 1)
    world.receiver.notification = lambda _post: Reply(202)
    world.control("POST", "/clock", {"advanceSeconds": 11})
    _attempts(world, 2)
    first, second = world.receiver.notifications
    assert first.body == second.body
    assert world.control("GET", "/notifications")["answers"] == {str(status): 1, "202": 1}


def test_delays_grow_and_end_after_four_hours(failing: World) -> None:
    """Each delay is twice the previous; four hours after the first attempt the notification is dropped."""
    failing.book(direct=True)
    _attempts(failing, 1)
    pause, tried = 10, 1
    while failing.control("GET", "/notifications")["deliveries"]:
        failing.control("POST", "/clock", {"advanceSeconds": pause - 3})
        assert len(failing.receiver.notifications) == tried
        failing.control("POST", "/clock", {"advanceSeconds": 3})
        pause, tried = pause * 2, tried + 1
        _attempts(failing, tried)
    counters = failing.control("GET", "/notifications")
    # 10 s, 20 s, … 5120 s lie within four hours; the next, 10,240 s, does not.
    assert (tried, counters["dropped"], counters["sent"]) == (11, 1, 0)


def test_flush_tries_a_waiting_retry_once(failing: World) -> None:
    """A flush does not wait for the delay; a failed retry waits again."""
    failing.book()
    _attempts(failing, 1)
    assert failing.flush()["attempts"] == 2
    assert failing.control("GET", "/notifications")["deliveries"] == 1
    failing.receiver.notification = lambda _post: Reply(202)
    counters = failing.flush()
    assert (counters["attempts"], counters["sent"], counters["deliveries"]) == (3, 1, 0)


def test_a_late_response_is_a_failure(world: World, let_go: threading.Event) -> None:
    """The first attempt has a shorter limit than the retries: a response may be late only for the first."""
    world.tenant.settings |= {"firstAnswerSeconds": 0.2, "laterAnswerSeconds": 60}
    world.subscribe()
    world.receiver.notification = lambda _post: Reply(202, before=lambda: let_go.wait(0.6))
    world.book()
    assert world.flush()["answers"] == {"timeout": 1}
    assert world.flush()["answers"] == {"timeout": 1, "202": 1}


def test_the_limits_are_graphs(world: World) -> None:
    """The defaults: 3 seconds, then 10; 10 for the handshake; 4 hours in all."""
    limits = Limits.of({})
    assert (limits.first_answer, limits.later_answer, limits.give_up) == (3.0, 10.0, 14_400.0)
    assert DEFAULTS["handshakeSeconds"] == 10.0


def test_a_slow_endpoint_does_not_delay_another(world: World, let_go: threading.Event) -> None:
    """While one endpoint holds a POST, the other gets its own."""
    world.subscribe(changeType="created", notificationUrl=f"{world.receiver.url}/slow")
    world.subscribe(notificationUrl=f"{world.receiver.url}/quick")
    world.receiver.notification = lambda post: Reply(before=(lambda: let_go.wait(180)) if "slow" in post.path else bool)
    for _ in range(3):
        world.book()
    world.receiver.wait(
        lambda: (
            len([item for post in world.receiver.notifications if post.path.endswith("quick") for item in post.items])
            == 3
        )
    )
    assert world.control("GET", "/notifications")["inFlight"] > 0
