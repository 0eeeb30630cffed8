"""Claims about resyncs on the running stack: whatever was missed arrives, and nothing that was not."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from tests.end_to_end.expected import at
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World, ago


@pytest.fixture
def deaf(world: World) -> Iterator[dict[str, Any]]:
    """Watch a mailbox whose hints are all lost: they are accepted, and nothing is done with them."""
    watch = world.relay.watch(world.mailbox())
    url = f"{world.relay.url}/api/notifications?validationToken=deaf"  # a handshake, whatever is in the body
    world.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"notificationUrl": url})
    yield watch
    world.relay.call("DELETE", f"/subscriptions/{watch['id']}")


def _resync(world: World, watch: dict[str, Any], body: Any = None) -> None:
    answer = world.relay.call("POST", f"/subscriptions/{watch['id']}/resync", key="master", json=body)
    assert answer.status_code == 202, answer.text


def _idle(world: World) -> None:
    """Wait until both queues are empty."""
    eventually(lambda: world.depth("mailbox-repairs") + world.depth("calendar-changes") == 0)


def test_a_resync_on_demand_brings_exactly_what_was_missed(world: World, deaf: dict[str, Any]) -> None:
    """With the master key only; done again, nothing is sent."""
    room = deaf["mailbox"]
    world.book(room)
    world.book(room, days=1, rrule="FREQ=DAILY;COUNT=3")
    path = f"/subscriptions/{deaf['id']}/resync"
    assert [world.relay.call("POST", path, key=key).status_code for key in (None, "function")] == [401, 401]
    _resync(world, deaf)
    eventually(lambda: world.picture(room) == world.truth(room))
    assert len(world.attempts(room)) == 4
    _resync(world, deaf, {"full": False})
    _idle(world)
    assert len(world.attempts(room)) == 4


def test_a_full_resync_sends_everything_again_under_the_same_ids(world: World) -> None:
    """For a partner that lost its data: news of a first time, with the webhook-ids that they had."""
    room = world.watched()
    for day in range(3):
        world.book(room, days=day)
    world.in_step(room)
    before = world.posts(room)
    (watch,) = world.watches(room)
    _resync(world, watch, {"full": True})
    eventually(lambda: len(world.posts(room)) == len(before) + 3)
    again = world.posts(room)[len(before) :]
    assert {post["body"]["type"] for post in again} == {"calendar.event.created"}
    ids = {post["headers"]["webhook-id"] for post in again}
    assert ids <= {post["headers"]["webhook-id"] for post in before}
    assert len(ids) == 3


def test_the_night_heals_what_nobody_noticed(world: World, deaf: dict[str, Any]) -> None:
    """resync_calendars compares every mailbox; the ledger's rows of what left the window are dropped."""
    room = deaf["mailbox"]
    world.book(room, "Never hinted")
    ledger = world.table("ledger")
    past = {"PartitionKey": deaf["id"], "RowKey": hashlib.sha256(b"past").hexdigest(), "event_id": "past",
            "told": "W/1", "series_id": "",
            "start": "2020-01-01T10:00:00Z", "end": "2020-01-01T11:00:00Z", "read_at": ago(days=900)}  # fmt: skip
    ledger.create_entity(past)
    world.relay.run("resync_calendars")
    eventually(lambda: world.picture(room) == world.truth(room))
    rows = list(ledger.query_entities(f"PartitionKey eq '{deaf['id']}'"))
    assert "past" not in {row["event_id"] for row in rows}


def test_after_a_long_absence_everything_is_resynced(world: World, deaf: dict[str, Any]) -> None:
    """The heartbeat is older than Graph tries again."""
    room = deaf["mailbox"]
    world.book(room)
    row = {"PartitionKey": "relay", "RowKey": "heartbeat", "at": ago(hours=4)}
    world.table("watches").upsert_entity(row, mode=UpdateMode.REPLACE)
    url = f"{world.relay.url}/api/notifications"
    world.tenant.control("PATCH", f"/subscriptions/{deaf['graphSubscriptionId']}", {"notificationUrl": url})
    assert world.reconcile() == {}
    eventually(lambda: world.picture(room) == world.truth(room))
    beat = world.table("watches").get_entity("relay", "heartbeat")["at"]
    assert (datetime.now(UTC) - datetime.fromisoformat(beat)).total_seconds() < 60


def test_an_event_outside_the_window_is_not_told_and_one_that_leaves_it_is(world: World) -> None:
    """A meeting of next year comes when the window reaches it; one that is moved there is known already."""
    room = world.watched()
    near = world.book(room)
    world.book(room, "Next year", days=300)
    world.in_step(room)
    world.tenant.change(room, near["id"], start=at(290, 12) + "Z")
    eventually(lambda: [one["start"] for one in world.picture(room).values()] == [at(290, 12) + "Z"])
    (watch,) = world.watches(room)
    _resync(world, watch)
    _idle(world)
    assert world.picture(room).keys() == {near["immutableId"]}


def test_what_graph_discarded_arrives_after_missed(world: World) -> None:
    """The endpoint was too slow for ten minutes: Graph drops notifications, then says so."""
    room = world.watched()
    url = f"{world.relay.url}/api/notifications"
    world.tenant.control("POST", "/endpoints", {"url": url, "state": "drop"})
    lost = world.book(room)["immutableId"]
    world.tenant.control("POST", "/notifications/flush", {})
    world.quiet()
    assert lost not in world.picture(room)
    world.tenant.control("POST", "/clock", {"advanceSeconds": 601})
    eventually(lambda: lost in world.picture(room))
    world.in_step(room)


def test_what_waited_for_a_lapsed_token_arrives(world: World) -> None:
    """ReauthorizationRequired is answered by one PATCH, never by both, and the waiting notifications come."""
    room = world.watched()
    (watch,) = world.watches(room)
    world.age(watch, renewed=ago(hours=1))
    mixed = world.tenant.control("GET", "/notifications")["mixed"]
    world.tenant.control("POST", f"/subscriptions/{watch['graphSubscriptionId']}/lapse")
    world.book(room)
    world.in_step(room)
    assert world.tenant.control("GET", "/notifications")["mixed"] == mixed


@pytest.mark.parametrize("times", [1, 5])
def test_a_removal_is_healed_once_and_its_gap_closed(world: World, times: int) -> None:
    """However often Graph says it, at whichever address: one new subscription, and what was changed meanwhile."""
    room = world.watched()
    (subscription,) = world.subscriptions(room)
    world.tenant.control("DELETE", f"/subscriptions/{subscription['id']}")
    world.book(room, "In the gap")
    world.tenant.control("DELETE", "/calls")
    item = {
        "subscriptionId": subscription["id"], "clientState": subscription["clientState"],
        "lifecycleEvent": "subscriptionRemoved", "organizationId": world.stack.seed["tenantId"],
        "resource": subscription["resource"], "subscriptionExpirationDateTime": subscription["expirationDateTime"],
    }  # fmt: skip
    forged = {**item, "clientState": "x" + subscription["clientState"]}
    for number in range(times):
        path = ("/lifecycle", "/notifications")[number % 2]
        assert world.relay.call("POST", path, key=None, json={"value": [item, forged]}).status_code == 202
    world.in_step(room)
    assert world.tenant.control("GET", "/calls")["POST /subscriptions"] == 1
    assert len(world.subscriptions(room)) == 1
