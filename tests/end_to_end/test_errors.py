"""Errors on the running host: each is a problem detail that explains itself, also where no function has the route."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
import requests

from shared.api.deprecation import DEPRECATION_HEADERS
from tests.support.expected import at
from tests.support.relay import Relay

EVENTS = "/calendars/{}/events"


def problem(relay: Relay, answer: requests.Response, status: int, code: str) -> requests.Response:
    """Check that an answer is a problem detail whose type resolves without a key; return it."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    content = answer.json()
    assert (content["status"], content["code"]) == (status, code)
    assert content["detail"]
    page = urljoin(answer.url, content["type"]).removeprefix(f"{relay.api.url}/api")
    explained = relay.api.call("GET", page, key=None)
    assert explained.status_code == 200
    assert explained.text.startswith(f"{code} ({status}): {content['title']}")
    return answer


@pytest.mark.parametrize("key", ["function", None])
@pytest.mark.parametrize(
    "path", ["/no-such-thing", "/entra/no-such-thing", "/", "/entra/health", "/health/x/y", "/%2e"]
)
def test_an_unknown_path(relay: Relay, path: str, key: str | None) -> None:
    """With and without a key: the answer says nothing that the public document does not."""
    problem(relay, relay.api.call("GET", path, key=key), 404, "unknown_path")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/subscriptions", "GET, HEAD, POST"), ("POST", "/health", "GET, HEAD"),
     ("DELETE", "/entra/subscriptions", "GET, HEAD, POST"), ("GET", "/notifications", "POST"),
     ("OPTIONS", "/relay/pause", "POST"), ("PATCH", "/calendars/x/events", "GET, HEAD, POST")],
)  # fmt: skip
def test_another_method(relay: Relay, method: str, path: str, allowed: str) -> None:
    """The answer names those that the path has."""
    answer = problem(relay, relay.api.call(method, path, key=None), 405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


def test_head_is_answered_without_a_body(relay: Relay) -> None:
    """Where GET is, and else as any other method."""
    assert relay.api.call("HEAD", "/version", key=None).status_code == 200
    refused = relay.api.call("HEAD", "/lifecycle", key=None)
    assert (refused.status_code, refused.headers["Allow"], refused.content) == (405, "POST", b"")


def test_a_wrong_key_is_refused_by_the_host(relay: Relay) -> None:
    """Without a body. A token route says what is missing, and how to send it."""
    refused = relay.api.call("GET", "/subscriptions", key=None, headers={"x-functions-key": "wrong"})
    assert (refused.status_code, refused.content) == (401, b"")
    by_token = problem(relay, relay.api.call("GET", "/entra/subscriptions", key=None), 401, "unauthenticated")
    assert by_token.headers["WWW-Authenticate"] == 'Bearer realm="calendar-relay"'


def test_errors_of_a_caller(relay: Relay) -> None:
    """Of several statuses, by key; each says what is left of the rate limit."""
    call = relay.api.call
    for answer, status, code in (
        (call("GET", "/subscriptions/0"), 404, "subscription_not_found"),
        (call("POST", "/subscriptions", data=b"{"), 400, "not_a_json_object"),
        (call("POST", "/subscriptions", json={}), 422, "invalid_request"),
        (call("POST", "/subscriptions", data=b" " * 70_000), 413, "request_too_large"),
        (call("POST", "/subscriptions", json={"mailbox": "ceo@other.example"}), 403, "mailbox_not_allowed"),
        (call("GET", "/subscriptions", params={"pageSize": "0"}), 422, "invalid_parameter"),
        (call("POST", "/subscriptions/query", params={"mailbox": "x"}), 422, "unknown_parameter"),
        (call("GET", "/problems/no_such_code"), 404, "problem_unknown"),
    ):
        problem(relay, answer, status, code)
        assert ("RateLimit" in answer.headers) is (code != "problem_unknown")


def test_a_window_has_two_spellings(relay: Relay) -> None:
    """The old one gets the same events, with headers that say until when; both at once are refused."""
    mailbox = relay.mailbox()
    relay.book(mailbox)
    old, new = {"start": at(0) + "Z", "end": at(2) + "Z"}, {"from": at(0) + "Z", "to": at(2) + "Z"}
    path = EVENTS.format(mailbox)
    answers = [relay.api.call("GET", path, params=params) for params in (new, old)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert len(answers[0].json()["value"]) == 1
    said = [{name: answer.headers.get(name) for name in DEPRECATION_HEADERS} for answer in answers]
    assert said == [dict.fromkeys(DEPRECATION_HEADERS), dict(DEPRECATION_HEADERS)]
    both = problem(relay, relay.api.call("GET", path, params=old | new), 422, "invalid_parameter")
    assert both.headers.items() >= DEPRECATION_HEADERS.items()


def test_an_unknown_parameter_is_named(relay: Relay) -> None:
    """On a route of the first version; the key in `code` is nothing unknown."""
    answer = relay.api.call("GET", "/subscriptions", key=None, params={"code": relay.api.keys["function"], "page": "2"})
    assert (answer.status_code, answer.headers["Ignored-Parameters"]) == (200, "page")
    assert relay.api.keys["function"] not in answer.text
