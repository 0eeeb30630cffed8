"""Claims about subscriptions that are kept alive: by the timer's function, and by Graph's lifecycle events."""

import re
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from tests.support.relay import Relay, ago
from tests.support.waiting import eventually


def _expiring(relay: Relay, hours: float = 24) -> dict[str, Any]:
    """Watch a mailbox whose subscription ends in so many hours, and which was renewed long ago; return the watch."""
    watch = relay.api.watch(relay.mailbox())
    end = f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"expirationDateTime": end})
    relay.age(watch, renewed=ago(days=6), expires=end)
    return watch


def _calls(relay: Relay, operation: str) -> int:
    return int(relay.tenant.control("GET", "/calls").get(operation, 0))


def test_what_expires_soon_is_renewed_by_one_patch_and_the_rest_left_alone(relay: Relay) -> None:
    """The timer moves the end of what expires soon by one PATCH, and touches nothing else."""
    soon, later = _expiring(relay), relay.api.watch(relay.mailbox())
    before = {item["id"]: item["expirationDateTime"] for item in relay.subscriptions(later["mailbox"])}
    relay.quiet()
    relay.tenant.control("DELETE", "/calls")
    assert relay.reconcile() == {"renewed": 1}
    assert relay.tenant.control("GET", "/calls") == {"GET /subscriptions": 1, "PATCH /subscriptions/{id}": 1}
    (watch,) = relay.watches(soon["mailbox"])
    assert watch["graphSubscriptionId"] == soon["graphSubscriptionId"]
    end = datetime.fromisoformat(watch["expirationDateTime"])
    assert end > datetime.now(UTC) + timedelta(days=6)
    (subscription,) = relay.subscriptions(soon["mailbox"])
    assert abs((datetime.fromisoformat(subscription["expirationDateTime"]) - end).total_seconds()) < 1
    assert {item["id"]: item["expirationDateTime"] for item in relay.subscriptions(later["mailbox"])} == before


def test_a_vanished_subscription_is_made_anew_and_its_changes_arrive(relay: Relay) -> None:
    """When Graph answers 404 to the PATCH, a new subscription is made under the same watch, and it works."""
    watch = _expiring(relay)
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    relay.reconcile()
    (now,) = relay.watches(watch["mailbox"])
    (subscription,) = relay.subscriptions(watch["mailbox"])
    assert now["id"] == watch["id"]
    assert now["graphSubscriptionId"] == subscription["id"] != watch["graphSubscriptionId"]
    relay.book(watch["mailbox"])
    relay.in_step(watch["mailbox"])
    assert relay.posts(watch["mailbox"])[0]["body"]["data"]["subscriptionId"] == watch["id"]


def test_one_that_cannot_be_renewed_does_not_stop_the_others(relay: Relay) -> None:
    """A mailbox that is gone fails by itself and says so; the others are renewed in the same run."""
    gone, *others = (_expiring(relay) for _ in range(3))
    relay.tenant.control("DELETE", f"/subscriptions/{gone['graphSubscriptionId']}")
    relay.tenant.control("DELETE", f"/mailboxes/{gone['mailbox']}")
    ends = relay.reconcile()
    (failed,) = relay.watches(gone["mailbox"])
    assert (failed["state"], "no mailbox" in failed["lastError"]) == ("gone", True)
    assert ends["failed"] == 1
    assert ends["renewed"] == len(others)
    relay.api.call("DELETE", f"/subscriptions/{gone['id']}")


def test_reauthorization_is_one_patch_and_never_reauthorize(relay: Relay) -> None:
    """A reauthorizationRequired is answered by one PATCH; said again at once, it is left alone."""
    relay.quiet()
    watch = _expiring(relay)
    relay.tenant.control("DELETE", "/calls")
    event = {"subscriptionId": watch["graphSubscriptionId"], "lifecycleEvent": "reauthorizationRequired"}
    relay.tenant.control("POST", "/lifecycle", event)
    eventually(lambda: _calls(relay, "PATCH /subscriptions/{id}"))
    relay.tenant.control("POST", "/lifecycle", event)
    _post_lifecycle(relay, watch, "/notifications")
    relay.quiet()
    assert relay.tenant.control("GET", "/calls") == {"PATCH /subscriptions/{id}": 1}
    assert [item["id"] for item in relay.subscriptions(watch["mailbox"])] == [watch["graphSubscriptionId"]]


def test_a_misrouted_lifecycle_event_is_acted_on(relay: Relay) -> None:
    """A reauthorizationRequired that comes to the address of change notifications renews all the same."""
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


def test_a_removed_subscription_is_made_anew(relay: Relay) -> None:
    """After subscriptionRemoved there is one live subscription again, under the same watch."""
    watch = relay.api.watch(relay.mailbox())
    event = {"subscriptionId": watch["graphSubscriptionId"], "lifecycleEvent": "subscriptionRemoved"}
    relay.tenant.control("POST", "/lifecycle", event)
    eventually(lambda: len(relay.subscriptions(watch["mailbox"])) == 1)
    eventually(lambda: relay.watches(watch["mailbox"])[0]["graphSubscriptionId"] != watch["graphSubscriptionId"])
    assert relay.watches(watch["mailbox"])[0]["graphSubscriptionId"] == relay.subscriptions(watch["mailbox"])[0]["id"]


def test_a_watch_deleted_while_its_renewal_is_under_way_leaves_no_orphan(relay: Relay) -> None:
    """The renewal's PATCH comes late and finds the subscription deleted: what it makes anew is taken away again."""
    watch = _expiring(relay)
    relay.fault(f"PATCH /v1.0/subscriptions/{watch['graphSubscriptionId']}", delaySeconds=1.0, times=1)
    runner = Thread(target=relay.reconcile)
    runner.start()
    eventually(lambda: relay.tenant.control("GET", "/faults")["faults"][0]["met"])
    assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
    runner.join()
    assert relay.watches(watch["mailbox"]) == relay.subscriptions(watch["mailbox"]) == []


def test_a_watch_renewed_while_its_deletion_is_under_way_leaves_no_orphan(relay: Relay) -> None:
    """Graph has deleted the subscription, the row still stands, and the timer makes a new one: that one goes, too."""
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


def test_a_run_tells_how_all_stands(relay: Relay) -> None:
    """In lines that alerts read in the host's log, queues and tables being the real ones."""
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
    assert "Figures are missing" not in log_tail()
