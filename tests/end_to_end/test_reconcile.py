"""Claims about the reconciler on the running stack: every difference goes, nothing that is not ours is touched."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.end_to_end.expected import at
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World, ago


def _subscribed(world: World, address: str, changes: str, url: str, lifecycle: str | None = None) -> str:
    """Make a subscription with the relay's own app registration, behind its back, and return its id."""
    body: dict[str, Any] = {
        "changeType": changes, "resource": f"users/{address}/events", "notificationUrl": url, "clientState": "x",
        "expirationDateTime": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    more = {"lifecycleNotificationUrl": lifecycle} if lifecycle else {}
    answer = world.graph("POST", "/subscriptions", body | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_what_changed_in_a_gap_arrives(world: World) -> None:
    """A subscription vanishes in silence; meetings are made, moved, cancelled and deleted; the reconciler heals it."""
    watch = world.relay.watch(world.mailbox())
    room = watch["mailbox"]
    kept, moved, gone = (world.book(room, days=day) for day in range(3))
    series = world.book(room, days=3, rrule="FREQ=WEEKLY;COUNT=3")
    world.in_step(room)
    world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    world.age(watch, renewed=ago(days=1))
    world.book(room, "New", days=4)
    world.tenant.change(room, moved["id"], start=at(1, 15) + "Z")
    world.tenant.remove(room, gone["id"])
    world.tenant.cancel(room, kept["id"])
    world.tenant.change(room, series["id"], subject="Series with another title")
    assert world.picture(room) != world.truth(room)
    assert world.reconcile()["created"] == 1
    world.in_step(room)
    assert [one["id"] for one in world.watches(room)] == [watch["id"]]


def test_duplicates_and_orphans_of_ours_go_and_others_stay(world: World) -> None:
    """By their URLs: ours are deleted, those of another deployment of the same app registration are not."""
    watch = world.relay.watch(world.mailbox())
    nobody = world.mailbox()
    ours, lifecycle = (f"{world.relay.url}/api/{path}" for path in ("notifications", "lifecycle"))
    surplus = _subscribed(world, watch["mailbox"], "created", ours, lifecycle)
    orphan = _subscribed(world, nobody, "created", ours)
    foreign = _subscribed(world, watch["mailbox"], "deleted", f"{ours}?code=another-deployment")
    try:
        assert world.reconcile() == {"deleted": 2}
        left = {one["id"] for one in (*world.subscriptions(watch["mailbox"]), *world.subscriptions(nobody))}
        assert left == {watch["graphSubscriptionId"], foreign}
        assert {surplus, orphan}.isdisjoint(left)
    finally:
        world.tenant.control("DELETE", f"/subscriptions/{foreign}")


def test_what_cannot_do_its_work_is_replaced_and_resynced(world: World) -> None:
    """A stale notificationUrl, and a subscription without a lifecycleNotificationUrl."""
    stale, mute = (world.relay.watch(world.mailbox()) for _ in range(2))
    elsewhere = f"{world.stack.partner.url}".replace("http://", "https://")
    world.tenant.control("PATCH", f"/subscriptions/{stale['graphSubscriptionId']}", {"notificationUrl": elsewhere})
    world.tenant.control("PATCH", f"/subscriptions/{mute['graphSubscriptionId']}", {"lifecycleNotificationUrl": None})
    missed = world.book(mute["mailbox"])["immutableId"]
    assert world.reconcile() == {"replaced": 2}
    for watch in (stale, mute):
        (subscription,) = world.subscriptions(watch["mailbox"])
        assert subscription["notificationUrl"] == f"{world.relay.url}/api/notifications"
        assert subscription["lifecycleNotificationUrl"] == f"{world.relay.url}/api/lifecycle"
        assert subscription["id"] != watch["graphSubscriptionId"]
    world.in_step(mute["mailbox"])
    assert missed in world.picture(mute["mailbox"])
    assert world.reconcile() == {}


def test_a_refused_watch_says_why_is_not_hammered_and_recovers(world: World) -> None:
    """The scope is narrowed in Exchange, then widened again; meanwhile nobody calls Graph every half an hour."""
    watch = world.relay.watch(world.mailbox())
    room = watch["mailbox"]
    world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    world.age(watch, renewed=ago(days=1))
    world.quiet()  # what others began would be refused, too, and come again for hours
    world.tenant.grant_in_exchange(world.client_id, "Calendars.Read", mailboxes=["other@contoso.com"])
    try:
        assert world.reconcile() == {"failed": 1}
        (told,) = world.watches(room)
        assert (told["state"], "Calendars.Read" in told["lastError"]) == ("refused", True)
        assert datetime.now(UTC) - datetime.fromisoformat(told["since"]) < timedelta(minutes=1)
        world.quiet()
        world.tenant.control("DELETE", "/calls")
        assert world.reconcile() == {}
        assert world.tenant.control("GET", "/calls") == {"GET /subscriptions": 1}
        world.book(room)
    finally:
        world.tenant.grant_in_exchange(world.client_id, "Calendars.Read")
    world.age(watch, tried=ago(hours=2))
    assert world.reconcile() == {"created": 1}
    (now,) = world.watches(room)
    assert (now["state"], now["lastError"]) == ("live", None)
    world.in_step(room)


def test_the_partner_can_try_a_refused_watch_at_once(world: World) -> None:
    """A setup call for it does not wait for the slow retry."""
    watch = world.relay.watch(world.mailbox())
    world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    world.age(watch, state="refused", subscription_id="", tried=ago(minutes=1), last_error="Grant Calendars.Read")
    assert world.reconcile() == {}
    again = world.relay.call("POST", "/subscriptions", json={"mailbox": watch["mailbox"]})
    assert (again.status_code, again.json()["state"]) == (200, "live")
    assert len(world.subscriptions(watch["mailbox"])) == 1


def test_runs_at_once_leave_one_subscription_each(world: World) -> None:
    """Four runs meet over eight watches that have lost theirs."""
    watches = [world.relay.watch(world.mailbox()) for _ in range(8)]
    for watch in watches:
        world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
        world.age(watch, renewed=ago(days=1))
    ended = world.reconciled()
    with ThreadPoolExecutor(4) as runs:
        list(runs.map(lambda _: world.relay.run("renew_subscriptions"), range(4)))
    eventually(lambda: world.reconciled() == ended + 4)
    world.quiet()
    world.reconcile()
    for watch in watches:
        (subscription,) = world.subscriptions(watch["mailbox"])
        assert world.watches(watch["mailbox"])[0]["graphSubscriptionId"] == subscription["id"]


def test_throttled_writes_are_made_in_the_same_run(world: World) -> None:
    """429 with Retry-After holds everybody back for so long."""
    watches = [world.relay.watch(world.mailbox()) for _ in range(4)]
    for watch in watches:
        world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
        world.age(watch, renewed=ago(days=1))
    world.fault("POST /v1.0/subscriptions", status=429, headers={"Retry-After": "1"}, times=3)
    assert world.reconcile() == {"created": 4}
    assert all(len(world.subscriptions(watch["mailbox"])) == 1 for watch in watches)


def test_a_list_that_cannot_be_read_changes_nothing(world: World) -> None:
    """Graph is down: the run ends, and the next one heals."""
    watch = world.relay.watch(world.mailbox())
    world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    world.age(watch, renewed=ago(days=1))
    world.quiet()
    fault = world.fault("GET /v1.0/subscriptions.*", status=503)
    world.tenant.control("DELETE", "/calls")
    began = len(world.stack.host.log.read_text())
    world.relay.run("renew_subscriptions")
    eventually(lambda: "Graph answered 503" in world.stack.host.log.read_text()[began:])
    assert {name.partition(" ")[0] for name in world.tenant.control("GET", "/calls")} <= {"GET"}
    world.tenant.control("DELETE", f"/faults/{fault}")
    assert world.reconcile() == {"created": 1}
