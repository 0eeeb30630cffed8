"""Claims about the contract: responses match docs/openapi.json, and the relay serves that document."""

import json

import pytest
import requests

from sandbox.process import ROOT
from tests.support.openapi import DOCUMENT, body_error, check_response, operation, schema_error
from tests.support.relay import Relay


def test_the_document_is_public_and_cacheable(relay: Relay) -> None:
    """It is the file of the repository, compressed, with an ETag; a request with that ETag gets 304."""
    answer = relay.api.call("GET", "/openapi.json", key=None)
    assert answer.json() == json.loads((ROOT / "docs" / "openapi.json").read_bytes())
    assert (answer.headers["Content-Encoding"], answer.headers["Cache-Control"]) == ("gzip", "public, max-age=86400")
    again = relay.api.call("GET", "/openapi.json", key=None, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])


def test_a_response_that_differs_from_the_document_is_detected(relay: Relay) -> None:
    """The check of responses rejects another field, an invalid value, an unknown status and another media type."""
    answer = relay.api.call("GET", f"/subscriptions/{relay.api.watch(relay.mailbox())['id']}")
    described = operation("GET", "/subscriptions/x")
    assert described is not None
    response = described["responses"]["200"]
    assert body_error(response, "application/json", answer.content) is None
    watch = answer.json()
    assert schema_error({"$ref": "#/components/schemas/Subscription"}, watch | {"title": "A meeting"})
    assert schema_error({"$ref": "#/components/schemas/Subscription"}, {**watch, "since": "yesterday"})
    assert body_error(response, "text/html", answer.content)
    assert body_error(described["responses"]["401"], "application/json", answer.content)
    answer.status_code = 418
    with pytest.raises(AssertionError, match="not described"):
        check_response(answer)


def test_every_delivery_is_what_the_document_says(relay: Relay) -> None:
    """Created, updated and deleted deliveries match their schemas."""
    address = relay.watched()
    event = relay.book(address)["id"]
    relay.in_step(address)
    relay.tenant.change(address, event, subject="Another")
    relay.in_step(address)
    relay.tenant.remove(address, event)
    relay.in_step(address)
    posts = relay.posts(address)
    assert [post["body"]["type"].rpartition(".")[2] for post in posts] == ["created", "updated", "deleted"]
    for post in posts:
        described = DOCUMENT["webhooks"][post["body"]["type"]]["post"]
        assert schema_error(described["requestBody"]["content"]["application/json"]["schema"], post["body"]) is None
        assert {parameter["name"] for parameter in described["parameters"]} <= post["headers"].keys()


def test_an_unknown_route_is_404(relay: Relay) -> None:
    """A route without a function gets the catch-all's 404."""
    answer: requests.Response = relay.api.call("GET", "/no-such-thing")
    assert answer.status_code == 404
