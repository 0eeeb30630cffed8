"""Claims about the contract: the running relay answers what docs/openapi.json says, and serves that document."""

import re

import pytest
import requests

from sandbox.process import ROOT
from shared.features import BY_NAME
from tests.support.openapi import DOCUMENT, body_error, check_response, operation, schema_error
from tests.support.relay import Relay
from tools.openapi.routes import operations


def test_the_document_is_served_to_anybody_and_can_be_kept(relay: Relay) -> None:
    """The file of this repository, with an ETag; who has it gets 304 and no body."""
    answer = relay.api.call("GET", "/openapi.json", key=None)
    assert answer.content == (ROOT / "docs" / "openapi.json").read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    again = relay.api.call("GET", "/openapi.json", key=None, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])


def test_every_answer_of_this_stack_is_judged(relay: Relay) -> None:
    """A field more, a field less, an unknown status or another media type is noticed."""
    answer = relay.api.call("GET", f"/subscriptions/{relay.api.watch(relay.mailbox())['id']}")
    described = operation("GET", "/api/subscriptions/x")
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
    """Created, updated and deleted, by the schema of that name."""
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


def test_an_answer_of_nobodys_route_is_the_hosts(relay: Relay) -> None:
    """What no function serves is 404."""
    answer: requests.Response = relay.api.call("GET", "/no-such-thing")
    assert answer.status_code == 404


@pytest.mark.parametrize("feature", sorted(BY_NAME))
def test_what_is_off_has_no_address(relay: Relay, feature: str) -> None:
    """By default every feature is off: each of its addresses is the host's 404, with the best of keys."""
    disabled = [route for route in operations() if route.feature == feature]
    assert disabled
    for route in disabled:
        path = "/" + re.sub(r"\{\w+\}", "room1@contoso.com", route.route)
        unjudged = {"response": [lambda answer, **_: answer]}
        answer = relay.api.call(route.method.upper(), path, key="master", hooks=unjudged)
        assert (answer.status_code, answer.content) == (404, b""), route.function
