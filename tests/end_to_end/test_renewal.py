"""Claims about subscriptions that are kept alive: by the timer's function, and by Graph's lifecycle events."""

import re
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World, ago


def _expiring(world: World, hours: float = 24) -> dict[str, Any]:
    """Watch a mailbox whose subscription ends in so many hours, and which was renewed long ago; return the watch."""
    watch = world.relay.watch(world.mailbox())
    end = f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    world.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"expirationDateTime": end})
    world.age(watch, renewed=ago(days=6), expires=end)
    return watch


def _calls(world: World, operation: str) -> int:
    return int(world.tenant.control("GET", "/calls").get(operation, 0))


def test_what_expires_soon_is_renewed_by_one_patch_and_the_rest_left_alone(world: World) -> None:
    """The timer moves the end of what expires soon by one PATCH, and touches nothing else."""
    soon, later = _expiring(world), world.relay.watch(world.mailbox())
    before = {one["id"]: one["expirationDateTime"] for one in world.subscriptions(later["mailbox"])}
    world.quiet()
    world.tenant.control("DELETE", "/calls")
    assert world.reconcile() == {"renewed": 1}
    assert world.tenant.control("GET", "/calls") == {"GET /subscriptions": 1, "PATCH /subscriptions/{id}": 1}
    (watch,) = world.watches(soon["mailbox"])
    assert watch["graphSubscriptionId"] == soon["graphSubscriptionId"]
    end = datetime.fromisoformat(watch["expirationDateTime"])
    assert end > datetime.now(UTC) + timedelta(days=6)
    (subscription,) = world.subscriptions(soon["mailbox"])
    assert abs((datetime.fromisoformat(subscription["expirationDateTime"]) - end).total_seconds()) < 1
    assert {one["id"]: one["expirationDateTime"] for one in world.subscriptions(later["mailbox"])} == before


def test_a_vanished_subscription_is_made_anew_and_its_changes_arrive(world: World) -> None:
    """When Graph answers 404 to the PATCH, a new subscription is made under the same watch, and it works."""
    watch = _expiring(world)
    world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    world.reconcile()
    (now,) = world.watches(watch["mailbox"])
    (subscription,) = world.subscriptions(watch["mailbox"])
    assert now["id"] == watch["id"]
    assert now["graphSubscriptionId"] == subscription["id"] != watch["graphSubscriptionId"]
    world.book(watch["mailbox"])
    world.in_step(watch["mailbox"])
    assert world.posts(watch["mailbox"])[0]["body"]["data"]["subscriptionId"] == watch["id"]


def test_one_that_cannot_be_renewed_does_not_stop_the_others(world: World) -> None:
    """A mailbox that is gone fails by itself and says so; the others are renewed in the same run."""
    gone, *others = (_expiring(world) for _ in range(3))
    world.tenant.control("DELETE", f"/subscriptions/{gone['graphSubscriptionId']}")
    world.tenant.control("DELETE", f"/mailboxes/{gone['mailbox']}")
    ends = world.reconcile()
    (told,) = world.watches(gone["mailbox"])
    assert (told["state"], "no mailbox" in told["lastError"]) == ("gone", True)
    assert ends["failed"] == 1
    assert ends["renewed"] == len(others)
    world.relay.call("DELETE", f"/subscriptions/{gone['id']}")


def test_reauthorization_is_one_patch_and_never_reauthorize(world: World) -> None:
    """A reauthorizationRequired is answered by one PATCH; said again at once, it is left alone."""
    world.quiet()
    watch = _expiring(world)
    world.tenant.control("DELETE", "/calls")
    event = {"subscriptionId": watch["graphSubscriptionId"], "lifecycleEvent": "reauthorizationRequired"}
    world.tenant.control("POST", "/lifecycle", event)
    eventually(lambda: _calls(world, "PATCH /subscriptions/{id}"))
    world.tenant.control("POST", "/lifecycle", event)
    _post_lifecycle(world, watch, "/notifications")
    world.quiet()
    assert world.tenant.control("GET", "/calls") == {"PATCH /subscriptions/{id}": 1}
    assert [one["id"] for one in world.subscriptions(watch["mailbox"])] == [watch["graphSubscriptionId"]]


def test_a_misrouted_lifecycle_event_is_acted_on(world: World) -> None:
    """A reauthorizationRequired that comes to the address of change notifications renews all the same."""
    watch = _expiring(world)
    world.tenant.control("DELETE", "/calls")
    _post_lifecycle(world, watch, "/notifications")
    eventually(lambda: _calls(world, "PATCH /subscriptions/{id}") == 1)


def _post_lifecycle(world: World, watch: dict[str, Any], path: str) -> None:
    (subscription,) = world.subscriptions(watch["mailbox"])
    item = {
        "subscriptionId": subscription["id"], "clientState": subscription["clientState"],
        "lifecycleEvent": "reauthorizationRequired", "organizationId": world.stack.seed["tenantId"],
        "resource": subscription["resource"], "subscriptionExpirationDateTime": subscription["expirationDateTime"],
    }  # fmt: skip
    assert world.relay.call("POST", path, key=None, json={"value": [item]}).status_code == 202


def test_a_removed_subscription_is_made_anew(world: World) -> None:
    """After subscriptionRemoved there is one live subscription again, under the same watch."""
    watch = world.relay.watch(world.mailbox())
    event = {"subscriptionId": watch["graphSubscriptionId"], "lifecycleEvent": "subscriptionRemoved"}
    world.tenant.control("POST", "/lifecycle", event)
    eventually(lambda: len(world.subscriptions(watch["mailbox"])) == 1)
    eventually(lambda: world.watches(watch["mailbox"])[0]["graphSubscriptionId"] != watch["graphSubscriptionId"])
    assert world.watches(watch["mailbox"])[0]["graphSubscriptionId"] == world.subscriptions(watch["mailbox"])[0]["id"]


def test_a_watch_deleted_while_its_renewal_is_under_way_leaves_no_orphan(world: World) -> None:
    """The renewal's PATCH comes late and finds the subscription deleted: what it makes anew is taken away again."""
    watch = _expiring(world)
    world.fault(f"PATCH /v1.0/subscriptions/{watch['graphSubscriptionId']}", delaySeconds=1.0, times=1)
    runner = Thread(target=world.reconcile)
    runner.start()
    eventually(lambda: world.tenant.control("GET", "/faults")["faults"][0]["met"])
    assert world.relay.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
    runner.join()
    assert world.watches(watch["mailbox"]) == world.subscriptions(watch["mailbox"]) == []


def test_a_watch_renewed_while_its_deletion_is_under_way_leaves_no_orphan(world: World) -> None:
    """Graph has deleted the subscription, the row still stands, and the timer makes a new one: that one goes, too."""
    watch = _expiring(world)
    subscription = watch["graphSubscriptionId"]
    world.fault(f"DELETE /v1.0/subscriptions/{subscription}", after=True, status=204, delaySeconds=1.5, times=1)
    answers: list[int] = []

    def delete() -> None:
        answers.append(world.relay.call("DELETE", f"/subscriptions/{watch['id']}").status_code)

    remover = Thread(target=delete)
    remover.start()
    eventually(lambda: world.subscriptions(watch["mailbox"]) == [] or None)
    world.reconcile()
    remover.join()
    assert answers == [204]
    assert world.watches(watch["mailbox"]) == world.subscriptions(watch["mailbox"]) == []


def test_a_run_tells_how_all_stands(world: World) -> None:
    """In lines that alerts read in the host's log, queues and tables being the real ones."""
    log = world.stack.host.log
    watch = _expiring(world, hours=100)
    before = log.stat().st_size

    def told() -> str:
        return log.read_bytes()[before:].decode()

    world.reconcile()
    eventually(lambda: "dead_letters_kept=" in told())
    [minutes] = re.findall(r"next_expiry_minutes=(\d+)", told())
    assert 0 < int(minutes) <= 100 * 60, watch
    assert re.search(r"watches=[1-9]\d* state=live", told())
    for name in ("oldest_change_seconds=0", "queue_depth=", "deliveries_held=0 state=flowing", "changes_parked="):
        assert name in told()
    assert "Figures are missing" not in told()
