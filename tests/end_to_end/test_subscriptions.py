"""Claims about creating, listing and deleting watches through the API."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.relay import Relay


def _refused(answer: requests.Response, status: int) -> dict[str, Any]:
    """Check that a response is problem details with this status, and return them."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def test_a_setup_call_is_idempotent(relay: Relay) -> None:
    """The first call creates the watch (201), later calls return it (200), and there is one subscription."""
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


def test_sixteen_concurrent_calls_create_a_single_watch(relay: Relay) -> None:
    """Exactly one call gets 201, and there is one watch and one subscription."""
    address = relay.mailbox()

    def call(_: int) -> requests.Response:
        with requests.Session() as session:  # one per thread: a session is not thread-safe
            session.trust_env = False  # REQUESTS_CA_BUNDLE would take precedence over the sandbox's CA
            session.verify = str(relay.stack.certificates.ca_pem)
            headers = {"x-functions-key": relay.api.keys["function"]}
            url = f"{relay.api.url}/api/subscriptions"
            return session.post(url, json={"mailbox": address}, headers=headers, timeout=180)

    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(call, range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(relay.subscriptions(address)) == len(relay.watches(address)) == 1


def test_a_watch_can_be_read_and_removed_twice(relay: Relay) -> None:
    """Deleting a watch deletes its subscription; deleting it again, or an unknown watch, also gets 204."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    assert relay.api.call("GET", f"/subscriptions/{watch['id']}").json() == watch
    assert watch["state"] == "live"
    for _ in range(2):
        assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
        assert relay.subscriptions(address) == relay.watches(address) == []
    _refused(relay.api.call("GET", f"/subscriptions/{watch['id']}"), 404)
    assert relay.api.call("DELETE", "/subscriptions/no-such-id").status_code == 204


def test_a_watch_whose_subscription_was_lost_can_be_removed(relay: Relay) -> None:
    """Graph's 404 for the subscription does not prevent the deletion of the watch."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    relay.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
    assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 204
    assert relay.watches(address) == []


def test_a_removed_mailbox_can_be_watched_again(relay: Relay) -> None:
    """The ledger is deleted with the watch, so that the first delivery of a new watch is "created" again."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    event = relay.book(address)["id"]
    relay.in_step(address)
    relay.api.call("DELETE", f"/subscriptions/{watch['id']}")
    relay.tenant.change(address, event, subject="Not delivered")
    relay.api.watch(address)
    relay.tenant.change(address, event, subject="Delivered")
    relay.in_step(address)
    assert [attempt["type"] for attempt in relay.attempts(address)] == ["calendar.event.created"] * 2


def test_the_list_is_paged(relay: Relay) -> None:
    """Following nextLink returns every watch once, and an invalid page size is refused."""
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
def test_every_call_needs_a_key(relay: Relay, key: str | None) -> None:
    """Without a key or with a wrong key, a call gets an empty 401 and has no effect."""
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
    """An unknown mailbox gets 422, a missing permission 502 with its name, Graph's 429 a 503 with its Retry-After."""
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
def test_a_lost_response_leaves_no_orphan(relay: Relay, lost: dict[str, Any]) -> None:
    """If Graph's response is lost, its new subscription is deleted again."""
    address = relay.mailbox()
    relay.fault("POST /v1.0/subscriptions", after=True, times=1, **lost)
    _refused(_set_up(relay, address), 503)
    assert relay.watches(address) == relay.subscriptions(address) == []
    assert _set_up(relay, address).status_code == 201


def test_a_failed_handshake_is_reported(relay: Relay) -> None:
    """If Graph cannot validate the notification URL, the call gets 502, and no watch or subscription is left."""
    address = relay.mailbox()
    relay.tenant.control("POST", "/settings", {"handshakeSeconds": 0.0001})
    try:
        assert "notification URL" in _refused(_set_up(relay, address), 502)["detail"]
    finally:
        relay.tenant.control("POST", "/settings", {"handshakeSeconds": 10})
    assert relay.watches(address) == relay.subscriptions(address) == []


def _set_up(relay: Relay, mailbox: str) -> requests.Response:
    return relay.api.call("POST", "/subscriptions", json={"mailbox": mailbox})
