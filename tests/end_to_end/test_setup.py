"""Claims about setting up, listing and removing watches, as a partner does it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.end_to_end.world import World


def _refused(answer: requests.Response, status: int) -> dict[str, Any]:
    """Check that an answer is problem details with this status, and return them."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def test_a_setup_call_is_idempotent(world: World) -> None:
    """The first call makes the watch (201), every later one answers the same watch (200), and Graph holds one."""
    address = world.mailbox()
    first = world.relay.call("POST", "/subscriptions", json={"mailbox": address})
    again = world.relay.call("POST", "/subscriptions", json={"mailbox": address.upper(), "delivery": "relay"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"].endswith(f"/api/subscriptions/{first.json()['id']}")
    assert again.json() == first.json()
    (subscription,) = world.subscriptions(address)
    assert subscription["id"] == first.json()["graphSubscriptionId"]
    assert subscription["changeType"] == "created,updated,deleted"
    assert subscription["immutableIds"]
    assert subscription["lifecycleNotificationUrl"] == f"{world.relay.url}/api/lifecycle"
    assert subscription["notificationUrl"] == f"{world.relay.url}/api/notifications"
    assert 0 < len(subscription["clientState"]) <= 128
    assert "clientState" not in first.json()


def test_sixteen_calls_at_once_make_one_watch(world: World) -> None:
    """However many calls come at once, exactly one answers 201, and there is one watch and one subscription."""
    address = world.mailbox()

    def call(_: int) -> requests.Response:
        with requests.Session() as session:  # one each: a session is not made for threads
            session.trust_env = False  # else REQUESTS_CA_BUNDLE of this machine would win over the sandbox's CA
            session.verify = str(world.stack.certificates.ca_pem)
            headers = {"x-functions-key": world.relay.keys["function"]}
            url = f"{world.relay.url}/api/subscriptions"
            return session.post(url, json={"mailbox": address}, headers=headers, timeout=60)

    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(call, range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(world.subscriptions(address)) == len(world.watches(address)) == 1


def test_a_watch_can_be_read_and_removed_twice(world: World) -> None:
    """A removed watch is gone here and at Graph; removing it again, or one that never was, is 204, too."""
    address = world.mailbox()
    watch = world.relay.watch(address)
    assert world.relay.call("GET", f"/subscriptions/{watch['id']}").json() == watch
    assert watch["state"] == "live"
    for _ in range(2):
        assert world.relay.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
        assert world.subscriptions(address) == world.watches(address) == []
    _refused(world.relay.call("GET", f"/subscriptions/{watch['id']}"), 404)
    assert world.relay.call("DELETE", "/subscriptions/no-such-id").status_code == 204


def test_a_watch_whose_subscription_vanished_can_be_removed(world: World) -> None:
    """A 404 of Graph is fine when a watch is removed."""
    address = world.mailbox()
    watch = world.relay.watch(address)
    world.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    assert world.relay.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
    assert world.watches(address) == []


def test_a_removed_mailbox_can_be_watched_anew(world: World) -> None:
    """What the partner was told in a former watch is forgotten with it: the first news after it is "created" again."""
    address = world.mailbox()
    watch = world.relay.watch(address)
    event = world.book(address)["id"]
    world.in_step(address)
    world.relay.call("DELETE", f"/subscriptions/{watch['id']}")
    world.tenant.change(address, event, subject="Nobody is told")
    world.relay.watch(address)
    world.tenant.change(address, event, subject="Everybody is told")
    world.in_step(address)
    assert [one["type"] for one in world.attempts(address)] == ["calendar.event.created"] * 2


def test_the_list_is_paged(world: World) -> None:
    """Following nextLink gives every watch once, and an odd page size is refused."""
    addresses = {world.watched() for _ in range(3)}
    seen, link = [], f"{world.relay.url}/api/subscriptions?pageSize=2"
    while link:
        page = world.relay.call("GET", link.removeprefix(f"{world.relay.url}/api")).json()
        assert len(page["value"]) <= 2
        seen += [watch["mailbox"] for watch in page["value"]]
        link = page["nextLink"]
    assert len(seen) == len(set(seen))
    assert addresses <= set(seen)
    for size in ("0", "1001", "-1", "x", "1.5", "²"):
        _refused(world.relay.call("GET", "/subscriptions", params={"pageSize": size}), 422)


@pytest.mark.parametrize("key", [None, "wrong"])
def test_a_key_is_asked_of_every_call(world: World, key: str | None) -> None:
    """Without the key, or with a wrong one, nothing is done and nothing is told."""
    address = world.mailbox()
    watch = world.relay.watch(world.mailbox())
    headers = {"x-functions-key": key} if key else {}
    one = f"/subscriptions/{watch['id']}"
    calls = {("GET", one), ("DELETE", one), ("GET", "/subscriptions"), ("POST", "/subscriptions")}
    for method, path in calls | {("GET", "/health/checks")}:
        body = {"mailbox": address} if method == "POST" else None
        answer = world.relay.call(method, path, key=None, headers=headers, json=body)
        assert (answer.status_code, answer.content) == (401, b""), (method, path)
    assert world.subscriptions(address) == []
    assert world.subscriptions(watch["mailbox"]) != []


def test_what_graph_refuses_leaves_nothing_behind(world: World) -> None:
    """An unknown mailbox is 422, a missing permission 502 that names it, a throttled Graph 503 with its Retry-After."""
    unknown = "nobody@contoso.com"
    assert "spelling" in _refused(_set_up(world, unknown), 422)["detail"]
    address = world.mailbox()
    world.tenant.grant_in_exchange(world.client_id)
    try:
        assert "Calendars.Read" in _refused(_set_up(world, address), 502)["detail"]
    finally:
        world.tenant.grant_in_exchange(world.client_id, "Calendars.Read", mailboxes=[])
    try:
        assert "scope" in _refused(_set_up(world, address), 502)["detail"]
    finally:
        world.tenant.grant_in_exchange(world.client_id, "Calendars.Read")
    busy = {"error": {"code": "TooManyRequests", "message": "slow down"}}
    world.fault("POST /v1.0/subscriptions", status=429, headers={"Retry-After": "17"}, body=busy, times=1)
    answer = _set_up(world, address)
    _refused(answer, 503)
    assert answer.headers["Retry-After"] == "17"
    for mailbox in (unknown, address):
        assert world.watches(mailbox) == world.subscriptions(mailbox) == []
    assert _set_up(world, address).status_code == 201


@pytest.mark.parametrize("lost", [{"cut": True}, {"status": 500}, {"status": 504}, {"status": 201, "body": "<html>"}])
def test_an_answer_that_is_lost_leaves_nothing_half_made(world: World, lost: dict[str, Any]) -> None:
    """When Graph made the subscription and its answer is lost, it is found and removed: no orphan stays."""
    address = world.mailbox()
    world.fault("POST /v1.0/subscriptions", after=True, times=1, **lost)
    _refused(_set_up(world, address), 503)
    assert world.watches(address) == world.subscriptions(address) == []
    assert _set_up(world, address).status_code == 201


def test_a_handshake_that_fails_is_told(world: World) -> None:
    """When Graph cannot validate our addresses, the partner hears so, and nothing is left behind."""
    address = world.mailbox()
    world.tenant.control("POST", "/settings", {"handshakeSeconds": 0.0001})
    try:
        assert "notification URL" in _refused(_set_up(world, address), 502)["detail"]
    finally:
        world.tenant.control("POST", "/settings", {"handshakeSeconds": 10})
    assert world.watches(address) == world.subscriptions(address) == []


def _set_up(world: World, mailbox: str) -> requests.Response:
    return world.relay.call("POST", "/subscriptions", json={"mailbox": mailbox})
