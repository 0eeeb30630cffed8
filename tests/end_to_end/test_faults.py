"""Claims about failures of Graph, login, Key Vault, storage, the partner and the host."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.intake.case import Case, Target, items
from tests.support.relay import Relay
from tests.support.restartable_relay import restartable_relay
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

SENDER = {"hintSpreadSeconds": 0.3, "batchSeconds": 0.05, "flipSeconds": 0.3, "seed": 3}
_ERROR = {"error": {"code": "generalException", "message": "x"}}

AT_GRAPH: dict[str, dict[str, Any]] = {
    "503, for all attempts of a call": {"status": 503, "body": _ERROR, "times": 3},
    "429 with Retry-After": {"status": 429, "body": _ERROR, "headers": {"Retry-After": "1"}, "times": 3},
    "429 with a fractional Retry-After": {"status": 429, "body": _ERROR, "headers": {"Retry-After": "0.5"}, "times": 3},
    "429 with an odd Retry-After": {"status": 429, "body": _ERROR, "headers": {"Retry-After": "soon"}, "times": 3},
    "500": {"status": 500, "body": _ERROR, "times": 1},
    "403, a permission withdrawn for a moment": {"status": 403, "body": _ERROR, "times": 1},
    "404 of the mailbox": {"status": 404, "body": {"error": {"code": "ErrorInvalidUser", "message": "x"}}, "times": 1},
    "a page of HTML": {"status": 200, "body": "<html>", "headers": {"Content-Type": "text/html"}, "times": 1},
    "an empty 200": {"status": 200, "times": 1},
    "an event without fields": {"status": 200, "body": {}, "times": 1},
    "200 with an error in it": {"status": 200, "body": _ERROR, "times": 1},
    "truncated JSON": {"status": 200, "body": '{"id": "x', "headers": {"Content-Type": "application/json"}, "times": 1},
    "a redirect": {"status": 302, "headers": {"Location": "https://localhost:1/"}, "times": 1},
    "cut connections": {"cut": True, "times": 3},
    "no answer in time": {"delaySeconds": 6, "status": 200, "times": 3},
    "an access token revoked": {"status": 401, "body": _ERROR, "times": 1},
}
AT_PARTNER: dict[str, dict[str, Any]] = {
    "500": {"status": 500, "times": 1},
    "404": {"status": 404, "times": 1},
    "503": {"status": 503, "times": 1},
    "429 with Retry-After": {"status": 429, "headers": {"Retry-After": "7"}, "times": 1},
    "a redirect": {"status": 307, "headers": {"Location": "/graph?followed"}, "times": 1},
    "cut before it was accepted": {"cut": "before", "times": 1},
    "cut after it was accepted": {"cut": "after", "times": 1},
    "no answer in time": {"hang": True, "times": 1},
}


@pytest.fixture(scope="module")
def _faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Relay, TcpProxy]]:
    """Start a stack whose settle time exceeds the spread of a change's hints by more than clocks may differ."""
    settings = {"SETTLE_SECONDS": "3"}
    with restartable_relay(tmp_path_factory.mktemp("faulty"), settings, {"settings": SENDER}) as (relay, proxy):
        yield relay, proxy


@pytest.fixture
def faulty(_faulty: tuple[Relay, TcpProxy]) -> Iterator[Relay]:
    """Return the relay; after the test, faults are removed and the proxy is opened."""
    relay, proxy = _faulty
    yield relay
    proxy.open()
    relay.clear()


@pytest.fixture
def proxy(_faulty: tuple[Relay, TcpProxy]) -> TcpProxy:
    """Return the proxy in front of the queues."""
    return _faulty[1]


def test_a_burst_of_hints_costs_a_single_read_and_delivery(faulty: Relay) -> None:
    """Two to four hints for each change, and more for a room's title, cause one read and one delivery."""
    user, room = faulty.watched(), faulty.watched("room")
    faulty.tenant.control("DELETE", "/calls")
    for days in range(4):
        faulty.book(user, days=days)
        faulty.book(room, days=days)
    faulty.in_step(user, room)
    faulty.quiet()
    assert faulty.tenant.control("GET", "/calls") == {"GET /users/{id}/events/{event}": 8}
    assert (len(faulty.attempts(user)), len(faulty.attempts(room))) == (4, 4)
    assert faulty.tenant.control("GET", "/notifications")["hints"] > 20


def test_failures_of_graph_and_the_partner_delay_changes_and_lose_none(faulty: Relay) -> None:
    """Under all failures at the same time, each change arrives, and its attempts have the same webhook-id."""
    at_graph = {name: faulty.watched() for name in AT_GRAPH}
    at_partner = {name: faulty.watched() for name in AT_PARTNER}
    for name, fault in AT_GRAPH.items():
        faulty.fault(f"GET /v1.0/users/{at_graph[name]}/events/", **fault)
    for name, behaviour in AT_PARTNER.items():
        faulty.fail(at_partner[name], **behaviour)
    for address in (*at_graph.values(), *at_partner.values()):
        faulty.book(address)
    start = time.monotonic()
    faulty.in_step(*at_graph.values(), *at_partner.values())
    assert time.monotonic() - start > 5, "the retry delays are real"
    for name, address in at_graph.items():
        assert [attempt["status"] for attempt in faulty.attempts(address)] == [204], name
    for name, address in at_partner.items():
        attempts = faulty.attempts(address)
        assert (len(attempts), attempts[-1]["status"]) == (2, 204), name
        assert len({attempt["webhookId"] for attempt in attempts}) == 1, name
    met = {fault["match"]: fault["met"] for fault in faulty.tenant.control("GET", "/faults")["faults"]}
    expected = {f"GET /v1.0/users/{at_graph[name]}/events/": fault["times"] for name, fault in AT_GRAPH.items()}
    assert met == expected
    assert faulty.partner.deliveries()["violations"] == []
    assert {raw["path"] for raw in faulty.partner.control("GET", "/raw")} == {"/webhook"}, "a redirect is not followed"


def test_a_rotated_secret_and_an_outage_of_login_and_vault_need_no_restart(faulty: Relay) -> None:
    """A secret that login rejects is read again; changes wait while login and vault are down, then arrive."""
    address, client = faulty.watched(), f"/clients/{faulty.client_id}"
    old = faulty.stack.seed["clients"][0]["secrets"][0]
    faulty.tenant.control("POST", "/secrets", {"name": "graph-client-secret", "value": "a brand-new one"})
    faulty.tenant.control("POST", client, {"addSecret": "a brand-new one", "removeSecret": old})
    faulty.fault(f"GET /v1.0/users/{address}/events/", status=401, body=_ERROR, times=1)
    faulty.book(address)
    faulty.in_step(address)
    faulty.fault("POST /.*/oauth2/v2.0/token", status=503)
    faulty.fault("GET /secrets/", status=503)
    faulty.fault(f"GET /v1.0/users/{address}/events/", status=401, body=_ERROR, times=1)
    start = len(faulty.stack.host.log.read_text())
    faulty.book(address, days=1)
    eventually(lambda: "login answered 503" in faulty.stack.host.log.read_text()[start:])
    faulty.tenant.control("DELETE", "/faults")
    faulty.in_step(address)
    assert len(faulty.received(address)) == 2


def test_without_the_queue_graph_gets_5xx_and_retries(faulty: Relay, proxy: TcpProxy) -> None:
    """Without the queue there is no 202; Graph keeps the notifications and sends them when the queue is back."""
    address = faulty.watched()
    (subscription,) = faulty.subscriptions(address)
    target = Target("u", subscription["id"], subscription["clientState"], faulty.stack.seed["tenantId"], "", "x", "")
    before = faulty.tenant.control("GET", "/notifications")
    proxy.shut()
    faulty.book(address)
    body = Case(items()).content(target)
    answer = faulty.api.call(
        "POST", "/notifications", key=None, data=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (500, 503)
    eventually(lambda: faulty.tenant.control("GET", "/notifications")["attempts"] > before["attempts"])
    assert faulty.tenant.control("GET", "/notifications")["sent"] == before["sent"]
    proxy.open()
    faulty.tenant.control("POST", "/notifications/flush", {})
    faulty.in_step(address)
    assert faulty.attempts(address)


def test_a_killed_host_loses_nothing(faulty: Relay) -> None:
    """After a kill with changes on the queue and others still at Graph, and a restart, all changes arrive."""
    address = faulty.watched()
    sent = faulty.tenant.control("GET", "/notifications")["hintsSent"]
    for days in range(5):
        faulty.book(address, days=days)
    eventually(lambda: faulty.tenant.control("GET", "/notifications")["hintsSent"] > sent)
    for days in range(5, 10):
        faulty.book(address, days=days)
    faulty.stack.host.kill()
    faulty.book(address, days=10)
    faulty.stack.host.start()
    faulty.tenant.control("POST", "/notifications/flush", {})
    faulty.in_step(address)
    assert len(faulty.received(address)) == 11


def test_what_graph_discarded_arrives_after_missed(faulty: Relay) -> None:
    """After Graph dropped notifications for a slow endpoint, its `missed` causes a resync."""
    room = faulty.watched()
    url = f"{faulty.api.url}/api/notifications"
    faulty.tenant.control("POST", "/endpoints", {"url": url, "state": "drop"})
    lost = faulty.book(room)["immutableId"]
    faulty.tenant.control("POST", "/notifications/flush", {})
    faulty.quiet()
    assert lost not in faulty.received(room)
    faulty.tenant.control("POST", "/clock", {"advanceSeconds": 601})
    eventually(lambda: lost in faulty.received(room))
    faulty.in_step(room)
