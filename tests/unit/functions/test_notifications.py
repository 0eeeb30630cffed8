"""The receiver of notifications: handshake, content type, size, keys and queues."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import parse_qsl

import azure.functions as func
import pytest

from functions.notifications import receive
from shared.bodies import MOST_ITEMS
from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph.client_state import new_nonce, sign
from shared.graph.notification import LARGEST_BODY
from shared.messages import read_changes
from tests.support.world import OLD, WATCH_ID
from tests.unit.functions.conftest import HostWorld, Out, content_of

JSON = {"content-type": "application/json; charset=utf-8"}


def item(**changes: Any) -> dict[str, Any]:
    """Return a valid notification."""
    return {"changeType": "updated", "clientState": sign(WATCH_ID, OLD, "relay", new_nonce()), "tenantId": "tenant",
            "resource": "Users/u/Events/E", "resourceData": {"id": "E"}, **changes}  # fmt: skip


def post(body: object, query: str = "", headers: dict[str, str] | None = None) -> tuple[func.HttpResponse, Out, Out]:
    """Post to the function, and return its response and the outputs for changes and jobs."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = "https://relay.example/api/notifications" + query
    sent = JSON if headers is None else headers
    request = func.HttpRequest("POST", url, headers=sent, params=dict(parse_qsl(query[1:])), body=content)
    changes, jobs = Out(), Out()
    answer = asyncio.run(receive(request, changes, jobs))
    return answer, changes, jobs


def test_a_valid_notification_is_queued_and_answered_202(world: HostWorld) -> None:
    """The response is empty and reveals nothing."""
    answer, changes, jobs = post({"value": [item()]})
    assert (answer.status_code, answer.get_body()) == (202, b"")
    assert [change.event_id for change in read_changes(changes.messages[0]).changes] == ["E"]
    assert jobs.messages == []


@pytest.mark.parametrize(("query", "status"), [("?x=canary", 202), ("?validationToken=abc&x=canary", 200)])
def test_an_unknown_parameter_is_named(world: HostWorld, query: str, status: int) -> None:
    """As on every route of version 1, without its value; what Graph sends is not."""
    answer, _, _ = post({"value": [item()]}, query)
    assert (answer.status_code, answer.headers["Ignored-Parameters"]) == (status, "x")
    assert "Ignored-Parameters" not in post({"value": []}, query.partition("x=")[0])[0].headers


def test_a_lifecycle_notification_becomes_a_job(world: HostWorld) -> None:
    """It is accepted on either URL."""
    _, changes, jobs = post({"value": [item(lifecycleEvent="missed", subscriptionId="s")]})
    assert (changes.messages, len(jobs.messages)) == ([], 1)


def test_a_forged_notification_is_answered_like_a_valid_notification(world: HostWorld) -> None:
    """A forger learns nothing from the response."""
    valid, _, _ = post({"value": [item()]})
    forged, changes, _ = post({"value": [item(clientState="x")]})
    assert (forged.status_code, forged.get_body()) == (valid.status_code, valid.get_body())
    assert dict(forged.headers) == dict(valid.headers)
    assert changes.messages == []


def test_a_change_with_a_direct_client_state_is_answered_like_a_valid_change(
    world: HostWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """The partner, which knows that clientState, learns nothing; the log counts it with its own reason."""
    caplog.set_level(logging.INFO)
    state = sign(WATCH_ID, OLD, "direct", new_nonce())
    answer, changes, jobs = post({"value": [item(clientState=state)]})
    assert (answer.status_code, answer.get_body(), changes.messages, jobs.messages) == (202, b"", [], [])
    assert "notifications_dropped=1 reason=direct-watch" in caplog.text
    assert state not in caplog.text


def test_a_handshake_is_answered_and_queues_nothing(world: HostWorld) -> None:
    """The response is plain text that no browser renders; no key is read, and a body is ignored."""
    world.keys_cached = False
    answer, changes, _ = post({"value": [item()]}, "?validationToken=a%20b%2Bc", {"content-type": "text/plain"})
    assert (answer.status_code, answer.get_body(), answer.mimetype) == (200, b"a b+c", "text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert changes.messages == []


@pytest.mark.parametrize(
    "query", ["?validationToken=", "?validationToken=%3Cscript%3E", "?validationToken=a&validationToken=b"]
)
def test_an_invalid_validation_token_is_400(world: HostWorld, query: str) -> None:
    """The response does not repeat it."""
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
def test_only_uncompressed_json_is_accepted(world: HostWorld, headers: dict[str, str], status: int) -> None:
    """Without a content type the body is taken for JSON."""
    assert post({"value": [item()]}, headers=headers)[0].status_code == status


def test_too_large_a_body_is_413(world: HostWorld) -> None:
    """The size is checked before the body is parsed."""
    assert post(b" " * (4 * 1024 * 1024 + 1))[0].status_code == 413


@pytest.mark.parametrize("item", [b"1", b"{}", b'""', b"[]", b'{"clientState":"x"}'])
def test_too_many_items_are_413_without_work(world: HostWorld, item: bytes) -> None:
    """They are counted before the body is parsed: the refusal is the same when it is no JSON."""
    body = b'{"value":[' + (item + b",") * MOST_ITEMS
    for end in (item + b"]}", b"x"):
        answer, changes, jobs = post(body + end)
        assert (answer.status_code, content_of(answer)["code"]) == (413, "too_many_items")
        assert (changes.messages, jobs.messages) == ([], [])
    assert post(body[:-1] + b"]}")[0].status_code == 202


def test_a_post_is_checked_in_order(world: HostWorld) -> None:
    """The content type, the bytes, the items, the text: the cheapest refusal comes first."""
    many = b'{"value":[' + b"1," * MOST_ITEMS
    large = many + b" " * LARGEST_BODY
    assert post(large, headers={"content-type": "text/plain"})[0].status_code == 415
    codes = [content_of(post(body)[0])["code"] for body in (large, many, many[:100])]
    assert codes == ["request_too_large", "too_many_items", "notifications_invalid"]


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b'{"value":1}', b"\xff", b"[" * 100_000])
def test_a_malformed_body_is_400(world: HostWorld, body: bytes) -> None:
    """The response is a short problem without a traceback."""
    answer, changes, _ = post(body)
    assert (answer.status_code, answer.mimetype, changes.messages) == (400, "application/problem+json", [])
    assert len(answer.get_body()) < 300
    assert content_of(answer)["status"] == 400


def test_uncached_keys_are_read_first(world: HostWorld) -> None:
    """They are read off the event loop, so that a handshake is not blocked."""
    world.keys_cached = False
    assert post({"value": [item()]})[0].status_code == 202


@pytest.mark.parametrize(
    "error", [ServiceUnavailable("Key Vault"), ConfigurationError("client-state-key", "create it")]
)
def test_unreadable_keys_are_503_with_retry_after(world: HostWorld, error: Exception) -> None:
    """Graph sends the notification again, and nothing is queued. Anybody may ask, and learns no name."""
    world.keys_cached, world.unreadable = False, error
    answer, changes, _ = post({"value": [item()]})
    assert (answer.status_code, changes.messages) == (503, [])
    assert int(answer.headers["Retry-After"]) > 0
    assert content_of(answer)["detail"].count(".") == 1
    assert b"client-state-key" not in answer.get_body()


def test_a_missing_tenant_id_is_503(world: HostWorld) -> None:
    """The response has one sentence without the setting's name, because anybody can send the request."""
    world.settings = world.settings.__class__.load({})
    answer, _, _ = post({"value": [item()]})
    assert (answer.status_code, content_of(answer)["code"]) == (503, "relay_misconfigured")
    assert content_of(answer)["detail"] == "The customer's IT must correct the relay's configuration."


def test_an_error_is_logged_once_a_minute_however_many_requests_meet_it(
    world: HostWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Strangers could otherwise fill the log while the vault does not answer. Each request is counted."""
    world.keys_cached, world.unreadable = False, ServiceUnavailable("Key Vault, in this test")
    caplog.set_level(logging.INFO)
    assert [post(b"{}")[0].status_code for _ in range(50)] == [503] * 50
    world.pass_by(60)
    post(b"{}")
    lines = [line for line in caplog.messages if "could not be served" in line]
    assert len(lines) == 1
    counted = [int(line.partition("=")[2].split()[0]) for line in caplog.messages if "kind=error" in line]
    assert sum(counted) == 51
