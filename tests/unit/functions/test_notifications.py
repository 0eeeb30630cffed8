"""Claims about the receiver of notifications: the handshake first, then type, size, keys, and the queues."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest

from functions.notifications import receive
from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph.client_state import sign
from shared.messages import read_changes
from tests.support.world import OLD, WATCH_ID
from tests.unit.functions.conftest import HostWorld, Out, content_of

JSON = {"content-type": "application/json; charset=utf-8"}


def item(**changes: Any) -> dict[str, Any]:
    """Return a good notification."""
    return {"changeType": "updated", "clientState": sign(WATCH_ID, OLD), "tenantId": "tenant",
            "resource": "Users/u/Events/E", "resourceData": {"id": "E"}, **changes}  # fmt: skip


def post(body: object, query: str = "", headers: dict[str, str] | None = None) -> tuple[func.HttpResponse, Out, Out]:
    """Post to the function; return its answer and the two queues."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = "https://relay.example/api/notifications" + query
    request = func.HttpRequest("POST", url, headers=JSON if headers is None else headers, body=content)
    changes, repairs = Out(), Out()
    answer = asyncio.run(receive(request, changes, repairs))  # type: ignore[arg-type]  # fakes
    return answer, changes, repairs


def test_a_good_notification_is_queued_and_answered_202(world: HostWorld) -> None:
    """An empty answer: nobody learns anything."""
    answer, changes, repairs = post({"value": [item()]})
    assert (answer.status_code, answer.get_body()) == (202, b"")
    assert [change.event_id for change in read_changes(changes.messages[0]).changes] == ["E"]
    assert repairs.messages == []


def test_a_lifecycle_item_goes_to_the_repairs(world: HostWorld) -> None:
    """On either URL."""
    _, changes, repairs = post({"value": [item(lifecycleEvent="missed", subscriptionId="s")]})
    assert (changes.messages, len(repairs.messages)) == ([], 1)


def test_a_forged_one_is_answered_like_a_good_one(world: HostWorld) -> None:
    """Who forges learns nothing."""
    good, _, _ = post({"value": [item()]})
    forged, changes, _ = post({"value": [item(clientState="x")]})
    assert (forged.status_code, forged.get_body()) == (good.status_code, good.get_body())
    assert dict(forged.headers) == dict(good.headers)
    assert changes.messages == []


def test_a_handshake_is_answered_and_nothing_else_happens(world: HostWorld) -> None:
    """Plain text that no browser takes for a page, although a good body came with it; no key is needed."""
    world.known = False
    answer, changes, _ = post({"value": [item()]}, "?validationToken=a%20b%2Bc", {"content-type": "text/plain"})
    assert (answer.status_code, answer.get_body(), answer.mimetype) == (200, b"a b+c", "text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert changes.messages == []


@pytest.mark.parametrize(
    "query", ["?validationToken=", "?validationToken=%3Cscript%3E", "?validationToken=a&validationToken=b"]
)
def test_a_bad_token_is_400(world: HostWorld, query: str) -> None:
    """And not repeated."""
    answer, changes, _ = post({"value": [item()]}, query)
    assert (answer.status_code, changes.messages) == (400, [])
    assert b"script" not in answer.get_body()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 202), ({"content-type": "Application/JSON"}, 202), ({"content-type": "text/plain"}, 415),
     ({"content-type": "application/x-www-form-urlencoded"}, 415), ({"content-type": "application/json-patch+json"},
     415),
     (JSON | {"content-encoding": "gzip"}, 415), (JSON | {"content-encoding": "identity"}, 202),
     ({"content-type": ""}, 415)],
)  # fmt: skip
def test_only_plain_json_is_taken(world: HostWorld, headers: dict[str, str], status: int) -> None:
    """Nothing is inflated, nothing is guessed; a type that is not given is JSON."""
    assert post({"value": [item()]}, headers=headers)[0].status_code == status


def test_too_large_a_body_is_413(world: HostWorld) -> None:
    """Before anything in it is looked at."""
    assert post(b" " * (4 * 1024 * 1024 + 1))[0].status_code == 413


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b'{"value":1}', b"\xff", b"[" * 100_000])
def test_a_bad_body_is_400(world: HostWorld, body: bytes) -> None:
    """Problem details, short, without a trace."""
    answer, changes, _ = post(body)
    assert (answer.status_code, answer.mimetype, changes.messages) == (400, "application/problem+json", [])
    assert len(answer.get_body()) < 300
    assert content_of(answer)["status"] == 400


def test_before_the_first_reading_the_keys_are_waited_for(world: HostWorld) -> None:
    """Not on the event loop: a handshake must get through meanwhile."""
    world.known = False
    assert post({"value": [item()]})[0].status_code == 202


@pytest.mark.parametrize(
    "error", [ServiceUnavailable("Key Vault"), ConfigurationError("client-state-key", "create it")]
)
def test_without_keys_graph_is_asked_to_come_again(world: HostWorld, error: Exception) -> None:
    """503, and nothing is taken for good."""
    world.known, world.unreadable = False, error
    answer, changes, _ = post({"value": [item()]})
    assert (answer.status_code, changes.messages) == (503, [])
    assert int(answer.headers["Retry-After"]) > 0


def test_a_missing_tenant_id_is_503(world: HostWorld) -> None:
    """It names itself in the answer."""
    world.settings = world.settings.__class__.load({})
    answer, _, _ = post({"value": [item()]})
    assert answer.status_code == 503
    assert b"TENANT_ID" in answer.get_body()
