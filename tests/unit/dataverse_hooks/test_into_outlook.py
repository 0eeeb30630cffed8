"""Webhooks of the simulated Dataverse into calendars: what is lost, doubled, shuffled, foreign or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.hooks_world import NAME, SECOND, HookedWorld, hooks_world

pytestmark = pytest.mark.server


@pytest.fixture
def hooked(world: HookedWorld) -> HookedWorld:
    """A relay that was started, with its webhooks."""
    world.register()
    world.begin_to_follow()
    return world


def test_a_booking_is_an_event_before_the_timer_runs(hooked: HookedWorld) -> None:
    """Made, moved and deleted: each by its webhook alone, with one event at most."""
    booking = hooked.dataverse.book(hours=24)
    arrived(hooked)
    (made,) = hooked.times()
    hooked.move(booking, hours=30)
    arrived(hooked)
    (moved,) = hooked.times()
    assert moved[1] > made[1]
    hooked.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    arrived(hooked)
    assert hooked.times() == []
    assert set(hooked.statuses) == {200}


def test_the_events_of_others_columns_start_nothing(hooked: HookedWorld) -> None:
    """Travel is no column of the step."""
    booking = hooked.dataverse.book(hours=24)
    arrived(hooked)
    hooked.statuses.clear()
    hooked.change(booking, msdyn_estimatedtravelduration=30)
    hooked.arrive()
    assert hooked.statuses == []


def test_webhooks_that_come_twice_and_in_any_order_are_a_single_event(certificates: Path) -> None:
    """Ten states of one booking, twenty webhooks: one event with the last state, and few writes."""
    settings = {"hookTwice": 1, "hookSpreadSeconds": 30}
    with hooks_world(certificates, settings=settings) as world:
        world.register()
        world.begin_to_follow()
        booking = world.dataverse.book(hours=24)
        arrived(world)
        before = len(world.to_graph.writes)
        for hours in range(25, 35):
            world.move(booking, hours=hours)
        arrived(world)
        assert len(world.statuses) == 22
        assert world.times()[0][1] == world.dataverse.row(booking)["starttime"][:16]
        assert len(world.times()) == 1
        assert len(world.to_graph.writes) - before <= 3


def test_a_burst_of_an_offline_phone_is_a_single_write(hooked: HookedWorld) -> None:
    """The hints wait SETTLE_SECONDS; each is covered by a reading that began after it."""
    booking = hooked.dataverse.book(hours=24)
    arrived(hooked)
    hooked.forget_calls()
    for hours in (25, 26, 27, 28):
        hooked.move(booking, hours=hours)
        hooked.arrive()
    hooked.empty_queue()
    assert len(hooked.to_graph.writes) == 1
    assert hooked.times()[0][1] == hooked.dataverse.row(booking)["starttime"][:16]


def test_lost_webhooks_are_replaced_by_the_timer(hooked: HookedWorld) -> None:
    """Equal within six minutes without a single one: made, moved and deleted ones."""
    kept, moved, deleted = (hooked.dataverse.book(hours=hours) for hours in (24, 26, 28))
    arrived(hooked)
    hooked.dataverse.control("POST", "/hooks", {"off": True})
    new = hooked.dataverse.book(hours=30, resource=KARI)
    hooked.move(moved, hours=48)
    hooked.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{deleted}")
    hooked.statuses.clear()
    hooked.dataverse.tenant.clock.advance(300)
    hooked.follow_on()
    assert hooked.statuses == []
    expected = sorted(hooked.dataverse.row(each)["starttime"][:16] for each in (kept, moved))
    assert sorted(each[1] for each in hooked.times(OLA)) == expected
    assert [each[1] for each in hooked.times(KARI)] == [hooked.dataverse.row(new)["starttime"][:16]]


def test_a_webhook_and_the_timer_together_make_a_single_event(hooked: HookedWorld) -> None:
    """Whichever is first."""
    hooked.dataverse.book(hours=24)
    hooked.arrive()
    hooked.follow_on()
    assert len(hooked.times()) == 1
    hooked.dataverse.book(hours=26)
    hooked.follow_on()
    arrived(hooked)
    assert len(hooked.times()) == 2


def test_a_webhook_of_a_copy_of_the_environment_is_dropped(hooked: HookedWorld) -> None:
    """A copy has the endpoint, its secret and the same ids: only the organization differs. It proves nothing either."""
    booking = hooked.dataverse.book(hours=24)
    arrived(hooked)
    noted, own = hooked.tracking.read().hooked_at, hooked.dataverse.organization.organization_id
    hooked.dataverse.tenant.clock.advance(3600)
    hooked.dataverse.organization.organization_id = "99999999-0000-4000-8000-000000000001"
    hooked.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    hooked.arrive()
    hooked.dataverse.organization.organization_id = own
    assert hooked.statuses[-1] == 200
    assert hooked.queue.messages == []
    assert hooked.tracking.read().hooked_at == noted


def test_both_secrets_are_accepted_during_a_rotation(hooked: HookedWorld) -> None:
    """The endpoint has the old one until it is changed; one that was retired is refused, and lost until the timer."""
    hooked.vault.secrets[NAME].append(SECOND)
    hooked.dataverse.book(hours=24)
    arrived(hooked)
    assert hooked.statuses == [200]
    hooked.vault.secrets[NAME] = ["x" * 40, "y" * 40]
    hooked.secrets._versions.clear()
    hooked.dataverse.book(hours=26)
    failed = hooked.arrive()["failed"]
    assert (hooked.statuses, failed, hooked.queue.messages) == ([200, 401], 1, [])
    hooked.follow_on()
    assert len(hooked.times()) == 2


def test_a_queue_that_refuses_is_answered_503_and_sent_again(hooked: HookedWorld) -> None:
    """Dataverse sends a webhook once more after 503 alone."""
    from shared.errors import ServiceUnavailable

    failures = [ServiceUnavailable("storage")]

    def refuse() -> None:
        if failures:
            raise failures.pop()

    hooked.queue.before = refuse
    hooked.dataverse.book(hours=24)
    assert hooked.arrive()["retried"] == 1
    hooked.empty_queue()
    assert hooked.statuses == [503, 200]
    assert len(hooked.times()) == 1


@pytest.mark.parametrize("state", ["not-started", "held", "stopped"])
def test_while_nothing_is_written_a_webhook_is_content(world: HookedWorld, state: str) -> None:
    """200, so that no system job fails, and nothing is queued; afterwards nothing is lost."""
    world.register()
    if state != "not-started":
        world.begin_to_follow()
    if state == "held":
        world.dataverse_hold.hold("it")
    if state == "stopped":
        world.stopping.stop("an incident", "it")
        world.dataverse.tenant.clock.advance(120)
    world.dataverse.book(hours=24)
    world.arrive()
    assert (world.statuses, world.queue.messages) == ([200], [])
    if state == "held":
        world.dataverse_hold.release("it")
    elif state == "stopped":
        world.stopping.start("solved", "it")
        world.dataverse.tenant.clock.advance(120)
    else:
        world.dataverse_start.start("it")
    world.follow_on()
    assert len(world.times()) == 1


@pytest.mark.parametrize("case", ["committed", "work-order", "unknown-status", "moved", "deleted"])
def test_a_booking_of_others_is_read_once(certificates: Path, case: str) -> None:
    """A webhook comes for every booking of the environment. One of a resource that is not marked costs its reading,
    whatever its status is: nothing is asked of Graph, tried again or given up.
    """
    resources = [{"mailbox": OLA}, {"mailbox": KARI, "marked": False}]
    with hooks_world(certificates, resources=resources) as world:
        world.register()
        world.begin_to_follow()
        more = {"msdyn_workorder@odata.bind": world.dataverse.work_order()} if case == "work-order" else {}
        booking = world.dataverse.book(hours=24, resource=KARI, **more)
        if case in ("moved", "deleted"):
            arrived(world)
            if case == "moved":
                world.move(booking, hours=30)
            else:
                world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
        if case == "unknown-status":
            for status in world.dataverse.organization.rows.of("bookingstatus").values():
                status["status"] = None
        world.forget_calls()
        world.statuses.clear()
        arrived(world)
        assert (world.statuses, list(world.pairs.all()), world.to_graph.calls) == ([200], [], [])
        assert [call[0] for call in world.to_dynamics.calls] == ["GET"]
        assert booking in world.to_dynamics.calls[0][1]
        assert (world.queue.messages, world.pair_dead_letters.count()) == ([], 0)


def test_the_time_of_the_last_webhook_is_in_the_status(hooked: HookedWorld) -> None:
    """By the state of the feature; the row is written once a minute at most."""
    assert hooked.dataverse_status.status().last_webhook_at is None
    hooked.dataverse.book(hours=24)
    arrived(hooked)
    first = hooked.dataverse_status.status().last_webhook_at
    assert first is not None
    etag = hooked.tracking.read().etag
    hooked.dataverse.book(hours=26)
    hooked.arrive()
    assert hooked.tracking.read().etag == etag
    hooked.dataverse.tenant.clock.advance(61)
    hooked.dataverse.book(hours=28)
    hooked.arrive()
    later = hooked.dataverse_status.status().last_webhook_at
    assert later is not None
    assert later > first


def arrived(world: HookedWorld) -> None:
    """Let all webhooks arrive, and settle."""
    world.arrive()
    world.empty_queue()
