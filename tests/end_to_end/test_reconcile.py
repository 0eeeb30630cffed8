"""Claims about the reconciler on the running stack: it repairs differences and leaves foreign subscriptions alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.expected import at
from tests.support.relay import Relay, ago
from tests.support.waiting import eventually


def _subscribed(relay: Relay, address: str, changes: str, url: str, lifecycle: str | None = None) -> str:
    """Create a subscription with the relay's app registration, without the relay, and return its id."""
    body: dict[str, Any] = {
        "changeType": changes, "resource": f"users/{address}/events", "notificationUrl": url, "clientState": "x",
        "expirationDateTime": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    more = {"lifecycleNotificationUrl": lifecycle} if lifecycle else {}
    answer = relay.graph("POST", "/subscriptions", body | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_what_changed_in_a_gap_arrives(relay: Relay) -> None:
    """After the silent loss of a subscription, the reconciler recreates it, and every change of the gap arrives."""
    watch = relay.api.watch(relay.mailbox())
    room = watch["mailbox"]
    cancelled, moved, removed = (relay.book(room, days=day) for day in range(3))
    series = relay.book(room, days=3, rrule="FREQ=WEEKLY;COUNT=3")
    relay.in_step(room)
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    relay.age(watch, renewed=ago(days=1))
    relay.book(room, "New", days=4)
    relay.tenant.change(room, moved["id"], start=at(1, 15) + "Z")
    relay.tenant.remove(room, removed["id"])
    relay.tenant.cancel(room, cancelled["id"])
    relay.tenant.change(room, series["id"], subject="Series with another title")
    assert relay.received(room) != relay.expected(room)
    assert relay.reconcile()["created"] == 1
    relay.in_step(room)
    assert [item["id"] for item in relay.watches(room)] == [watch["id"]]


def test_own_duplicates_and_orphans_are_deleted_and_others_stay(relay: Relay) -> None:
    """Subscriptions of another deployment with the same app registration are recognized by their URLs."""
    watch = relay.api.watch(relay.mailbox())
    unwatched = relay.mailbox()
    url, lifecycle = (f"{relay.api.url}/api/{path}" for path in ("notifications", "lifecycle"))
    surplus = _subscribed(relay, watch["mailbox"], "created", url, lifecycle)
    orphan = _subscribed(relay, unwatched, "created", url)
    foreign = _subscribed(relay, watch["mailbox"], "deleted", f"{url}?code=another-deployment")
    try:
        assert relay.reconcile() == {"deleted": 2}
        left = {item["id"] for item in (*relay.subscriptions(watch["mailbox"]), *relay.subscriptions(unwatched))}
        assert left == {watch["graphSubscriptionId"], foreign}
        assert {surplus, orphan}.isdisjoint(left)
    finally:
        relay.tenant.control("DELETE", f"/subscriptions/{foreign}")


def test_a_subscription_with_a_wrong_url_is_replaced_and_resynced(relay: Relay) -> None:
    """A wrong notificationUrl or a missing lifecycleNotificationUrl leads to a new subscription and a resync."""
    stale, mute = (relay.api.watch(relay.mailbox()) for _ in range(2))
    elsewhere = f"{relay.stack.partner.url}".replace("http://", "https://")
    relay.tenant.control("PATCH", f"/subscriptions/{stale['graphSubscriptionId']}", {"notificationUrl": elsewhere})
    relay.tenant.control("PATCH", f"/subscriptions/{mute['graphSubscriptionId']}", {"lifecycleNotificationUrl": None})
    missed = relay.book(mute["mailbox"])["immutableId"]
    assert relay.reconcile() == {"replaced": 2}
    for watch in (stale, mute):
        (subscription,) = relay.subscriptions(watch["mailbox"])
        assert subscription["notificationUrl"] == f"{relay.api.url}/api/notifications"
        assert subscription["lifecycleNotificationUrl"] == f"{relay.api.url}/api/lifecycle"
        assert subscription["id"] != watch["graphSubscriptionId"]
    relay.in_step(mute["mailbox"])
    assert missed in relay.received(mute["mailbox"])
    assert relay.reconcile() == {}


def test_a_refused_watch_has_a_reason_is_retried_slowly_and_recovers(relay: Relay) -> None:
    """Outside Exchange's scope a watch is refused and not retried in every run; inside the scope it becomes live."""
    watch = relay.api.watch(relay.mailbox())
    room = watch["mailbox"]
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    relay.age(watch, renewed=ago(days=1))
    relay.quiet()  # unfinished work of other tests would be refused, too, and retried for hours
    relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", mailboxes=["other@contoso.com"])
    try:
        assert relay.reconcile() == {"failed": 1}
        (refused,) = relay.watches(room)
        assert (refused["state"], "Calendars.Read" in refused["lastError"]) == ("refused", True)
        assert datetime.now(UTC) - datetime.fromisoformat(refused["since"]) < timedelta(minutes=1)
        relay.quiet()
        relay.tenant.control("DELETE", "/calls")
        assert relay.reconcile() == {}
        assert relay.tenant.control("GET", "/calls") == {"GET /subscriptions": 1}
        relay.book(room)
    finally:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read")
    relay.age(watch, tried=ago(hours=2))
    assert relay.reconcile() == {"created": 1}
    (now,) = relay.watches(room)
    assert (now["state"], now["lastError"]) == ("live", None)
    relay.in_step(room)


def test_a_setup_call_retries_a_refused_watch_immediately(relay: Relay) -> None:
    """A setup call for a refused watch does not wait for the next retry."""
    watch = relay.api.watch(relay.mailbox())
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    relay.age(watch, state="refused", subscription_id="", tried=ago(minutes=1), last_error="Grant Calendars.Read")
    assert relay.reconcile() == {}
    again = relay.api.call("POST", "/subscriptions", json={"mailbox": watch["mailbox"]})
    assert (again.status_code, again.json()["state"]) == (200, "live")
    assert len(relay.subscriptions(watch["mailbox"])) == 1


def test_concurrent_runs_leave_a_single_subscription_each(relay: Relay) -> None:
    """Four concurrent runs over eight watches without a subscription create one each."""
    watches = [relay.api.watch(relay.mailbox()) for _ in range(8)]
    for watch in watches:
        relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
        relay.age(watch, renewed=ago(days=1))
    finished = relay.reconciled()
    with ThreadPoolExecutor(4) as runs:
        list(runs.map(lambda _: relay.api.run("renew_subscriptions"), range(4)))
    eventually(lambda: relay.reconciled() == finished + 4)
    relay.quiet()
    relay.reconcile()
    for watch in watches:
        (subscription,) = relay.subscriptions(watch["mailbox"])
        assert relay.watches(watch["mailbox"])[0]["graphSubscriptionId"] == subscription["id"]


def test_throttled_writes_succeed_in_the_same_run(relay: Relay) -> None:
    """A 429 with Retry-After delays all writes, and the run still creates every subscription."""
    watches = [relay.api.watch(relay.mailbox()) for _ in range(4)]
    for watch in watches:
        relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
        relay.age(watch, renewed=ago(days=1))
    relay.fault("POST /v1.0/subscriptions", status=429, headers={"Retry-After": "1"}, times=3)
    assert relay.reconcile() == {"created": 4}
    assert all(len(relay.subscriptions(watch["mailbox"])) == 1 for watch in watches)


def test_a_list_that_cannot_be_read_changes_nothing(relay: Relay) -> None:
    """If Graph's list of subscriptions fails, the run writes nothing, and the next run repairs the difference."""
    watch = relay.api.watch(relay.mailbox())
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    relay.age(watch, renewed=ago(days=1))
    relay.quiet()
    fault = relay.fault("GET /v1.0/subscriptions.*", status=503)
    relay.tenant.control("DELETE", "/calls")
    start = len(relay.stack.host.log.read_text())
    relay.api.run("renew_subscriptions")
    eventually(lambda: "Graph answered 503" in relay.stack.host.log.read_text()[start:])
    assert {name.partition(" ")[0] for name in relay.tenant.control("GET", "/calls")} <= {"GET"}
    relay.tenant.control("DELETE", f"/faults/{fault}")
    assert relay.reconcile() == {"created": 1}
