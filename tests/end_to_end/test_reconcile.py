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
    relay.lose(watch)
    relay.book(room, "New", days=4)
    relay.tenant.change(room, moved["id"], start=at(1, 15) + "Z")
    relay.tenant.remove(room, removed["id"])
    relay.tenant.cancel(room, cancelled["id"])
    relay.tenant.change(room, series["id"], subject="Series with another title")
    assert relay.received(room) != relay.expected(room)
    assert relay.reconcile()["created"] == 1
    relay.in_step(room)
    assert [item["id"] for item in relay.watches(room)] == [watch["id"]]


def test_subscriptions_that_no_watch_names_stay(relay: Relay) -> None:
    """Neither a second subscription of a watched mailbox nor one of another mailbox or deployment is deleted."""
    watch = relay.api.watch(relay.mailbox())
    unwatched = relay.mailbox()
    url, lifecycle = (f"{relay.api.url}/api/{path}" for path in ("notifications", "lifecycle"))
    others = {
        _subscribed(relay, watch["mailbox"], "created", url, lifecycle),
        _subscribed(relay, unwatched, "created", url),
        _subscribed(relay, watch["mailbox"], "deleted", f"{url}?code=another-deployment"),
    }
    try:
        assert relay.reconcile() == {}
        left = {item["id"] for item in (*relay.subscriptions(watch["mailbox"]), *relay.subscriptions(unwatched))}
        assert left == {watch["graphSubscriptionId"], *others}
    finally:
        for other in others:
            relay.tenant.control("DELETE", f"/subscriptions/{other}")


def test_a_wrong_address_is_changed_without_a_new_subscription(relay: Relay) -> None:
    """The daily question finds it; a PATCH restores it."""
    watch = relay.api.watch(relay.mailbox())
    elsewhere = f"{relay.stack.partner.url}".replace("http://", "https://")
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"notificationUrl": elsewhere})
    relay.age(watch, looked_up_at=ago(days=1))
    assert relay.reconcile() == {}
    relay.age(watch)
    assert relay.reconcile() == {"moved": 1}
    (subscription,) = relay.subscriptions(watch["mailbox"])
    assert subscription["notificationUrl"] == f"{relay.api.url}/api/notifications"
    assert subscription["id"] == watch["graphSubscriptionId"]
    relay.book(watch["mailbox"])
    relay.in_step(watch["mailbox"])


def test_a_lost_lifecycle_url_is_restored_when_the_end_is_near(relay: Relay) -> None:
    """A PATCH cannot change it, so a new subscription replaces the old one, and the mailbox is resynced."""
    watch = relay.api.watch(relay.mailbox())
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"lifecycleNotificationUrl": None})
    relay.age(watch, looked_up_at=ago(days=1))
    assert relay.reconcile() == {}
    relay.age(watch, expires=ago(hours=-2))
    assert relay.reconcile() == {"replaced": 1}
    (subscription,) = relay.subscriptions(watch["mailbox"])
    assert subscription["lifecycleNotificationUrl"] == f"{relay.api.url}/api/lifecycle"
    assert subscription["id"] != watch["graphSubscriptionId"]
    relay.book(watch["mailbox"])
    relay.in_step(watch["mailbox"])


def test_a_refused_watch_has_a_reason_is_retried_slowly_and_recovers(relay: Relay) -> None:
    """Outside Exchange's scope a lost subscription is refused after hours and then tried rarely; inside it recovers."""
    watch = relay.api.watch(relay.mailbox())
    room = watch["mailbox"]
    relay.lose(watch)
    relay.quiet()  # unfinished work of other tests would be refused, too, and retried for hours
    relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", mailboxes=["other@contoso.com"])
    try:
        assert relay.reconcile() == {"failed": 1}
        assert relay.watches(room)[0]["state"] == "waiting"
        relay.age(watch, failing_since=ago(hours=4), retry_at=ago(minutes=1))
        assert relay.reconcile() == {"failed": 1}
        (refused,) = relay.watches(room)
        assert (refused["state"], "Calendars.Read" in refused["lastError"]) == ("refused", True)
        assert datetime.now(UTC) - datetime.fromisoformat(refused["since"]) < timedelta(minutes=1)
        relay.quiet()
        relay.tenant.control("DELETE", "/calls")
        relay.age(watch)
        assert relay.reconcile() == {}
        assert relay.writes() == {}
        relay.book(room)
    finally:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read")
    relay.age(watch, retry_at=ago(minutes=1))
    assert relay.reconcile() == {"created": 1}
    (now,) = relay.watches(room)
    assert (now["state"], now["lastError"]) == ("live", None)
    relay.in_step(room)


def test_a_setup_call_retries_a_refused_watch_immediately(relay: Relay) -> None:
    """A setup call for a refused watch does not wait for the next retry."""
    watch = relay.api.watch(relay.mailbox())
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    refused = {"state": "refused", "subscription_id": "", "last_error": "Grant Calendars.Read"}
    relay.age(watch, **refused, retry_at=ago(hours=-1))
    assert relay.reconcile() == {}
    again = relay.api.call("POST", "/subscriptions", json={"mailbox": watch["mailbox"]})
    assert (again.status_code, again.json()["state"]) == (200, "live")
    assert len(relay.subscriptions(watch["mailbox"])) == 1


def test_concurrent_runs_leave_a_single_subscription_each(relay: Relay) -> None:
    """Four concurrent runs over eight watches without a subscription create one each."""
    watches = [relay.api.watch(relay.mailbox()) for _ in range(8)]
    relay.lose(*watches)
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
    relay.lose(*watches)
    rate = {"error": {"code": "TooManyRequests", "message": "slow down"}}
    relay.fault(
        "POST /v1.0/subscriptions", status=429, headers={"Retry-After": "1"}, body=rate, times=2
    )  # a step has three attempts
    assert relay.reconcile() == {"created": 4}
    assert all(len(relay.subscriptions(watch["mailbox"])) == 1 for watch in watches)


def test_a_list_that_cannot_be_read_delays_nothing(relay: Relay) -> None:
    """While Graph's list of subscriptions fails, a lost subscription is replaced, and no other is touched."""
    watch = relay.api.watch(relay.mailbox())
    relay.fault("GET /v1.0/subscriptions$", status=503)
    relay.lose(watch)
    relay.tenant.control("DELETE", "/calls")
    assert relay.reconcile() == {"created": 1}
    assert relay.writes() == {"POST /subscriptions": 1}
