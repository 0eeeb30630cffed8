"""Claims about the renewal of subscriptions by the timer and by Graph's lifecycle events."""

import re
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from tests.support.relay import REPAIRS, Relay, ago
from tests.support.waiting import eventually


def _expiring(relay: Relay, hours: float = 24) -> dict[str, Any]:
    """Return a watch whose subscription was renewed six days ago and expires in `hours`."""
    watch = relay.api.watch(relay.mailbox())
    expires = f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"expirationDateTime": expires})
    relay.age(watch, renewed=ago(days=6), expires=expires)
    return watch


def _calls(relay: Relay, operation: str) -> int:
    return int(relay.tenant.control("GET", "/calls").get(operation, 0))


def test_only_what_expires_soon_is_renewed_by_a_single_patch(relay: Relay) -> None:
    """The timer extends a subscription that expires soon by one PATCH, and changes no other."""
    soon, later = _expiring(relay), relay.api.watch(relay.mailbox())
    before = {item["id"]: item["expirationDateTime"] for item in relay.subscriptions(later["mailbox"])}
    relay.quiet()
    relay.tenant.control("DELETE", "/calls")
    assert relay.reconcile() == {"renewed": 1}
    assert relay.writes() == {"PATCH /subscriptions/{id}": 1}
    (watch,) = relay.watches(soon["mailbox"])
    assert watch["graphSubscriptionId"] == soon["graphSubscriptionId"]
    expires = datetime.fromisoformat(watch["expirationDateTime"])
    assert expires > datetime.now(UTC) + timedelta(days=6)
    (subscription,) = relay.subscriptions(soon["mailbox"])
    assert abs((datetime.fromisoformat(subscription["expirationDateTime"]) - expires).total_seconds()) < 1
    assert {item["id"]: item["expirationDateTime"] for item in relay.subscriptions(later["mailbox"])} == before


def test_a_lost_subscription_is_recreated_and_its_changes_arrive(relay: Relay) -> None:
    """After a 404 to the PATCH and another a minute later, the watch gets a new subscription; its changes arrive."""
    watch = _expiring(relay)
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    assert relay.reconcile() == {"missing": 1}
    relay.await_doubtful(watch)
    assert relay.reconcile() == {"created": 1}
    (current,) = relay.watches(watch["mailbox"])
    (subscription,) = relay.subscriptions(watch["mailbox"])
    assert current["id"] == watch["id"]
    assert current["graphSubscriptionId"] == subscription["id"] != watch["graphSubscriptionId"]
    relay.book(watch["mailbox"])
    relay.in_step(watch["mailbox"])
    assert relay.posts(watch["mailbox"])[0]["body"]["data"]["subscriptionId"] == watch["id"]


def test_a_failed_renewal_does_not_stop_the_others(relay: Relay) -> None:
    """A watch of a deleted mailbox fails with its reason; the others are renewed in the same run."""
    failing = relay.api.watch(relay.mailbox())
    relay.lose(failing)
    others = [_expiring(relay) for _ in range(2)]
    relay.tenant.control("DELETE", f"/mailboxes/{failing['mailbox']}")
    outcomes = relay.reconcile()
    (failed,) = relay.watches(failing["mailbox"])
    assert (failed["state"], "no mailbox" in failed["lastError"]) == ("gone", True)
    assert outcomes["failed"] == 1
    assert outcomes["renewed"] == len(others)
    relay.api.call("DELETE", f"/subscriptions/{failing['id']}")


def test_reauthorization_is_a_single_patch_and_never_reauthorize(relay: Relay) -> None:
    """A reauthorizationRequired causes one PATCH; immediate repetitions wait for ten minutes, and cause no call now."""
    relay.quiet()
    watch = _expiring(relay)
    relay.tenant.control("DELETE", "/calls")
    event = {"subscriptionId": watch["graphSubscriptionId"], "lifecycleEvent": "reauthorizationRequired"}
    relay.tenant.control("POST", "/lifecycle", event)
    eventually(lambda: _calls(relay, "PATCH /subscriptions/{id}"))
    eventually(lambda: relay.depth(REPAIRS) == 0)
    relay.tenant.control("POST", "/lifecycle", event)
    _post_lifecycle(relay, watch, "/notifications")
    eventually(lambda: relay.stack.host.log.read_text().count("kind=reauthorizationRequired end=later") == 2)
    assert (relay.has_due(REPAIRS), relay.depth(REPAIRS)) == (False, 2)
    relay.queue(REPAIRS).clear_messages()  # nobody waits for ten minutes
    assert relay.writes() == {"PATCH /subscriptions/{id}": 1}
    assert [item["id"] for item in relay.subscriptions(watch["mailbox"])] == [watch["graphSubscriptionId"]]


def test_a_misrouted_lifecycle_event_is_acted_on(relay: Relay) -> None:
    """A reauthorizationRequired that is sent to /notifications also renews."""
    watch = _expiring(relay)
    relay.tenant.control("DELETE", "/calls")
    _post_lifecycle(relay, watch, "/notifications")
    eventually(lambda: _calls(relay, "PATCH /subscriptions/{id}") == 1)


def _post_lifecycle(relay: Relay, watch: dict[str, Any], path: str) -> None:
    (subscription,) = relay.subscriptions(watch["mailbox"])
    item = {
        "subscriptionId": subscription["id"], "clientState": subscription["clientState"],
        "lifecycleEvent": "reauthorizationRequired", "organizationId": relay.stack.seed["tenantId"],
        "resource": subscription["resource"], "subscriptionExpirationDateTime": subscription["expirationDateTime"],
    }  # fmt: skip
    assert relay.api.call("POST", path, key=None, json={"value": [item]}).status_code == 202


def test_a_removed_subscription_is_recreated(relay: Relay) -> None:
    """After subscriptionRemoved the same watch has one new live subscription."""
    watch = relay.api.watch(relay.mailbox())
    event = {"subscriptionId": watch["graphSubscriptionId"], "lifecycleEvent": "subscriptionRemoved"}
    relay.tenant.control("POST", "/lifecycle", event)
    relay.await_doubtful(watch)
    assert relay.reconcile() == {"created": 1}
    eventually(lambda: relay.watches(watch["mailbox"])[0]["graphSubscriptionId"] != watch["graphSubscriptionId"])
    assert relay.watches(watch["mailbox"])[0]["graphSubscriptionId"] == relay.subscriptions(watch["mailbox"])[0]["id"]


def test_a_watch_deleted_during_its_renewal_leaves_no_orphan(relay: Relay) -> None:
    """The late PATCH of the renewal gets 404, and no new subscription follows."""
    watch = _expiring(relay)
    relay.fault(f"PATCH /v1.0/subscriptions/{watch['graphSubscriptionId']}", delaySeconds=1.0, times=1)
    runner = Thread(target=relay.reconcile)
    runner.start()
    eventually(lambda: relay.tenant.control("GET", "/faults")["faults"][0]["met"])
    assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
    runner.join()
    assert relay.watches(watch["mailbox"]) == relay.subscriptions(watch["mailbox"]) == []


def test_a_watch_renewed_during_its_deletion_leaves_no_orphan(relay: Relay) -> None:
    """A subscription that the timer creates between the deletions at Graph and of the row is deleted, too."""
    watch = _expiring(relay)
    subscription = watch["graphSubscriptionId"]
    relay.fault(f"DELETE /v1.0/subscriptions/{subscription}", after=True, status=204, delaySeconds=1.5, times=1)
    answers: list[int] = []

    def delete() -> None:
        answers.append(relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code)

    remover = Thread(target=delete)
    remover.start()
    eventually(lambda: relay.subscriptions(watch["mailbox"]) == [] or None)
    relay.reconcile()
    remover.join()
    assert answers == [204]
    assert relay.watches(watch["mailbox"]) == relay.subscriptions(watch["mailbox"]) == []


def test_a_run_logs_the_gauges(relay: Relay) -> None:
    """The host's log has the lines that alerts read."""
    log = relay.stack.host.log
    watch = _expiring(relay, hours=100)
    before = log.stat().st_size

    def log_tail() -> str:
        return log.read_bytes()[before:].decode()

    relay.reconcile()
    eventually(lambda: "dead_letters_kept=" in log_tail())
    [minutes] = re.findall(r"next_expiry_minutes=(\d+)", log_tail())
    assert 0 < int(minutes) <= 100 * 60, watch
    assert re.search(r"watches=[1-9]\d* state=live", log_tail())
    for name in ("oldest_change_seconds=0", "queue_depth=", "deliveries_held=0 state=flowing", "changes_parked="):
        assert name in log_tail()
    assert "A gauge could not be reported" not in log_tail()
