"""Claims about resyncs on the running stack: exactly the missed changes arrive."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from tests.support.expected import at
from tests.support.relay import Relay, ago
from tests.support.waiting import eventually


@pytest.fixture
def silenced(relay: Relay) -> Iterator[dict[str, Any]]:
    """Watch a mailbox whose notifications are accepted and ignored."""
    watch = relay.api.watch(relay.mailbox())
    url = f"{relay.api.url}/api/notifications?validationToken=abc"  # with a validationToken the body is ignored
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"notificationUrl": url})
    yield watch
    relay.api.call("DELETE", f"/subscriptions/{watch['id']}")


def _resync(relay: Relay, watch: dict[str, Any], body: Any = None) -> None:
    answer = relay.api.call("POST", f"/subscriptions/{watch['id']}/resync", key="master", json=body)
    assert answer.status_code == 202, answer.text


def _idle(relay: Relay) -> None:
    """Wait until both queues are empty."""
    eventually(lambda: relay.depth("mailbox-repairs") + relay.depth("calendar-changes") == 0)


def test_a_resync_on_demand_delivers_exactly_what_was_missed(relay: Relay, silenced: dict[str, Any]) -> None:
    """It needs the master key, and a second resync delivers nothing."""
    room = silenced["mailbox"]
    relay.book(room)
    relay.book(room, days=1, rrule="FREQ=DAILY;COUNT=3")
    path = f"/subscriptions/{silenced['id']}/resync"
    assert [relay.api.call("POST", path, key=key).status_code for key in (None, "function")] == [401, 401]
    _resync(relay, silenced)
    eventually(lambda: relay.received(room) == relay.expected(room))
    assert len(relay.attempts(room)) == 4
    _resync(relay, silenced, {"full": False})
    _idle(relay)
    assert len(relay.attempts(room)) == 4


def test_a_full_resync_sends_everything_again_under_the_same_ids(relay: Relay) -> None:
    """Every event is delivered again as created, under a webhook-id of its first delivery."""
    room = relay.watched()
    for day in range(3):
        relay.book(room, days=day)
    relay.in_step(room)
    before = relay.posts(room)
    (watch,) = relay.watches(room)
    _resync(relay, watch, {"full": True})
    eventually(lambda: len(relay.posts(room)) == len(before) + 3)
    again = relay.posts(room)[len(before) :]
    assert {post["body"]["type"] for post in again} == {"calendar.event.created"}
    ids = {post["headers"]["webhook-id"] for post in again}
    assert ids <= {post["headers"]["webhook-id"] for post in before}
    assert len(ids) == 3


def test_the_nightly_resync_delivers_what_was_missed(relay: Relay, silenced: dict[str, Any]) -> None:
    """resync_calendars delivers a missed change, and deletes ledger entries of events before the window."""
    room = silenced["mailbox"]
    relay.book(room, "Never hinted")
    ledger = relay.table("ledger")
    past = {"PartitionKey": silenced["id"], "RowKey": hashlib.sha256(b"past").hexdigest(), "event_id": "past",
            "told": "W/1", "series_id": "",
            "start": "2020-01-01T10:00:00Z", "end": "2020-01-01T11:00:00Z", "read_at": ago(days=900)}  # fmt: skip
    ledger.create_entity(past)
    relay.api.run("resync_calendars")
    eventually(lambda: relay.received(room) == relay.expected(room))
    rows = list(ledger.query_entities(f"PartitionKey eq '{silenced['id']}'"))
    assert "past" not in {row["event_id"] for row in rows}


def test_after_a_long_absence_everything_is_resynced(relay: Relay, silenced: dict[str, Any]) -> None:
    """A heartbeat older than Graph's retries causes a resync of every mailbox."""
    room = silenced["mailbox"]
    relay.book(room)
    row = {"PartitionKey": "relay", "RowKey": "heartbeat", "at": ago(hours=4)}
    relay.table("watches").upsert_entity(row, mode=UpdateMode.REPLACE)
    url = f"{relay.api.url}/api/notifications"
    relay.tenant.control("PATCH", f"/subscriptions/{silenced['graphSubscriptionId']}", {"notificationUrl": url})
    assert relay.reconcile() == {}
    eventually(lambda: relay.received(room) == relay.expected(room))
    beat = relay.table("watches").get_entity("relay", "heartbeat")["at"]
    assert (datetime.now(UTC) - datetime.fromisoformat(beat)).total_seconds() < 60


def test_an_event_is_delivered_as_it_leaves_the_window_but_not_outside_it(relay: Relay) -> None:
    """An event outside the window is not delivered; the move of a delivered event out of the window is."""
    room = relay.watched()
    near = relay.book(room)
    relay.book(room, "Next year", days=300)
    relay.in_step(room)
    relay.tenant.change(room, near["id"], start=at(290, 12) + "Z")
    eventually(lambda: [event["start"] for event in relay.received(room).values()] == [at(290, 12) + "Z"])
    (watch,) = relay.watches(room)
    _resync(relay, watch)
    _idle(relay)
    assert relay.received(room).keys() == {near["immutableId"]}


def test_what_waited_for_a_lapsed_token_arrives(relay: Relay) -> None:
    """A reauthorizationRequired causes a PATCH without a reauthorize, and the waiting notifications arrive."""
    room = relay.watched()
    (watch,) = relay.watches(room)
    relay.age(watch, renewed=ago(hours=1))
    mixed = relay.tenant.control("GET", "/notifications")["mixed"]
    relay.tenant.control("POST", f"/subscriptions/{watch['graphSubscriptionId']}/lapse")
    relay.book(room)
    relay.in_step(room)
    assert relay.tenant.control("GET", "/notifications")["mixed"] == mixed


@pytest.mark.parametrize("times", [1, 5])
def test_a_removal_is_repaired_once_and_its_gap_resynced(relay: Relay, times: int) -> None:
    """One or five subscriptionRemoved on either route cause one new subscription, and the gap's changes arrive."""
    watch = relay.api.watch(relay.mailbox())
    room = watch["mailbox"]
    (subscription,) = relay.subscriptions(room)
    relay.tenant.control("DELETE", f"/subscriptions/{subscription['id']}")
    relay.book(room, "In the gap")
    relay.tenant.control("DELETE", "/calls")
    item = {
        "subscriptionId": subscription["id"], "clientState": subscription["clientState"],
        "lifecycleEvent": "subscriptionRemoved", "organizationId": relay.stack.seed["tenantId"],
        "resource": subscription["resource"], "subscriptionExpirationDateTime": subscription["expirationDateTime"],
    }  # fmt: skip
    forged = {**item, "clientState": "x" + subscription["clientState"]}
    for number in range(times):
        path = ("/lifecycle", "/notifications")[number % 2]
        assert relay.api.call("POST", path, key=None, json={"value": [item, forged]}).status_code == 202
    relay.await_doubtful(watch)
    relay.quiet()
    assert relay.reconcile() == {"created": 1}
    relay.in_step(room)
    assert relay.tenant.control("GET", "/calls")["POST /subscriptions"] == 1
    assert len(relay.subscriptions(room)) == 1
