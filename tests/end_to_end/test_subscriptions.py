"""Claims about setting up, listing and removing watches, as a partner does it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.relay import Relay


def _refused(answer: requests.Response, status: int) -> dict[str, Any]:
    """Check that an answer is problem details with this status, and return them."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def test_a_setup_call_is_idempotent(relay: Relay) -> None:
    """The first call makes the watch (201), every later one answers the same watch (200), and Graph holds one."""
    address = relay.mailbox()
    first = relay.api.call("POST", "/subscriptions", json={"mailbox": address})
    again = relay.api.call("POST", "/subscriptions", json={"mailbox": address.upper(), "delivery": "relay"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"].endswith(f"/api/subscriptions/{first.json()['id']}")
    assert again.json() == first.json()
    (subscription,) = relay.subscriptions(address)
    assert subscription["id"] == first.json()["graphSubscriptionId"]
    assert subscription["changeType"] == "created,updated,deleted"
    assert subscription["immutableIds"]
    assert subscription["lifecycleNotificationUrl"] == f"{relay.api.url}/api/lifecycle"
    assert subscription["notificationUrl"] == f"{relay.api.url}/api/notifications"
    assert 0 < len(subscription["clientState"]) <= 128
    assert "clientState" not in first.json()


def test_sixteen_calls_at_once_make_one_watch(relay: Relay) -> None:
    """However many calls come at once, exactly one answers 201, and there is one watch and one subscription."""
    address = relay.mailbox()

    def call(_: int) -> requests.Response:
        with requests.Session() as session:  # one each: a session is not made for threads
            session.trust_env = False  # else REQUESTS_CA_BUNDLE of this machine would win over the sandbox's CA
            session.verify = str(relay.stack.certificates.ca_pem)
            headers = {"x-functions-key": relay.api.keys["function"]}
            url = f"{relay.api.url}/api/subscriptions"
            return session.post(url, json={"mailbox": address}, headers=headers, timeout=60)

    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(call, range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(relay.subscriptions(address)) == len(relay.watches(address)) == 1


def test_a_watch_can_be_read_and_removed_twice(relay: Relay) -> None:
    """A removed watch is gone here and at Graph; removing it again, or one that never was, is 204, too."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    assert relay.api.call("GET", f"/subscriptions/{watch['id']}").json() == watch
    assert watch["state"] == "live"
    for _ in range(2):
        assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
        assert relay.subscriptions(address) == relay.watches(address) == []
    _refused(relay.api.call("GET", f"/subscriptions/{watch['id']}"), 404)
    assert relay.api.call("DELETE", "/subscriptions/no-such-id").status_code == 204


def test_a_watch_whose_subscription_vanished_can_be_removed(relay: Relay) -> None:
    """A 404 of Graph is fine when a watch is removed."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
    assert relay.watches(address) == []


def test_a_removed_mailbox_can_be_watched_anew(relay: Relay) -> None:
    """What the partner was told in a former watch is forgotten with it: the first news after it is "created" again."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    event = relay.book(address)["id"]
    relay.in_step(address)
    relay.api.call("DELETE", f"/subscriptions/{watch['id']}")
    relay.tenant.change(address, event, subject="Nobody is told")
    relay.api.watch(address)
    relay.tenant.change(address, event, subject="Everybody is told")
    relay.in_step(address)
    assert [attempt["type"] for attempt in relay.attempts(address)] == ["calendar.event.created"] * 2


def test_the_list_is_paged(relay: Relay) -> None:
    """Following nextLink gives every watch once, and an odd page size is refused."""
    addresses = {relay.watched() for _ in range(3)}
    seen, link = [], f"{relay.api.url}/api/subscriptions?pageSize=2"
    while link:
        page = relay.api.call("GET", link.removeprefix(f"{relay.api.url}/api")).json()
        assert len(page["value"]) <= 2
        seen += [watch["mailbox"] for watch in page["value"]]
        link = page["nextLink"]
    assert len(seen) == len(set(seen))
    assert addresses <= set(seen)
    for size in ("0", "1001", "-1", "x", "1.5", "²"):
        _refused(relay.api.call("GET", "/subscriptions", params={"pageSize": size}), 422)


@pytest.mark.parametrize("key", [None, "wrong"])
def test_a_key_is_asked_of_every_call(relay: Relay, key: str | None) -> None:
    """Without the key, or with a wrong one, nothing is done and nothing is told."""
    address = relay.mailbox()
    watch = relay.api.watch(relay.mailbox())
    headers = {"x-functions-key": key} if key else {}
    path = f"/subscriptions/{watch['id']}"
    calls = {("GET", path), ("DELETE", path), ("GET", "/subscriptions"), ("POST", "/subscriptions")}
    for method, path in calls | {("GET", "/health/checks")}:
        body = {"mailbox": address} if method == "POST" else None
        answer = relay.api.call(method, path, key=None, headers=headers, json=body)
        assert (answer.status_code, answer.content) == (401, b""), (method, path)
    assert relay.subscriptions(address) == []
    assert relay.subscriptions(watch["mailbox"]) != []


def test_what_graph_refuses_leaves_nothing_behind(relay: Relay) -> None:
    """An unknown mailbox is 422, a missing permission 502 that names it, a throttled Graph 503 with its Retry-After."""
    unknown = "nobody@contoso.com"
    assert "spelling" in _refused(_set_up(relay, unknown), 422)["detail"]
    address = relay.mailbox()
    relay.tenant.grant_in_exchange(relay.client_id)
    try:
        assert "Calendars.Read" in _refused(_set_up(relay, address), 502)["detail"]
    finally:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", mailboxes=[])
    try:
        assert "scope" in _refused(_set_up(relay, address), 502)["detail"]
    finally:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read")
    busy = {"error": {"code": "TooManyRequests", "message": "slow down"}}
    relay.fault("POST /v1.0/subscriptions", status=429, headers={"Retry-After": "17"}, body=busy, times=1)
    answer = _set_up(relay, address)
    _refused(answer, 503)
    assert answer.headers["Retry-After"] == "17"
    for mailbox in (unknown, address):
        assert relay.watches(mailbox) == relay.subscriptions(mailbox) == []
    assert _set_up(relay, address).status_code == 201


@pytest.mark.parametrize("lost", [{"cut": True}, {"status": 500}, {"status": 504}, {"status": 201, "body": "<html>"}])
def test_an_answer_that_is_lost_leaves_nothing_half_made(relay: Relay, lost: dict[str, Any]) -> None:
    """When Graph made the subscription and its answer is lost, it is found and removed: no orphan stays."""
    address = relay.mailbox()
    relay.fault("POST /v1.0/subscriptions", after=True, times=1, **lost)
    _refused(_set_up(relay, address), 503)
    assert relay.watches(address) == relay.subscriptions(address) == []
    assert _set_up(relay, address).status_code == 201


def test_a_handshake_that_fails_is_told(relay: Relay) -> None:
    """When Graph cannot validate our addresses, the partner hears so, and nothing is left behind."""
    address = relay.mailbox()
    relay.tenant.control("POST", "/settings", {"handshakeSeconds": 0.0001})
    try:
        assert "notification URL" in _refused(_set_up(relay, address), 502)["detail"]
    finally:
        relay.tenant.control("POST", "/settings", {"handshakeSeconds": 10})
    assert relay.watches(address) == relay.subscriptions(address) == []


def _set_up(relay: Relay, mailbox: str) -> requests.Response:
    return relay.api.call("POST", "/subscriptions", json={"mailbox": mailbox})
