"""Claims about the contract: the running relay answers what docs/openapi.json says, and serves that document."""

import re

import pytest
import requests

from sandbox.process import ROOT
from shared.features import BY_NAME
from tests.end_to_end.contract import DOCUMENT, fault, judge, operation, schema_fault
from tests.end_to_end.world import World
from tools.openapi.routes import operations


def test_the_document_is_served_to_anybody_and_can_be_kept(world: World) -> None:
    """The file of this repository, with an ETag; who has it gets 304 and no body."""
    answer = world.relay.call("GET", "/openapi.json", key=None)
    assert answer.content == (ROOT / "docs" / "openapi.json").read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    again = world.relay.call("GET", "/openapi.json", key=None, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])


def test_every_answer_of_this_stack_is_judged(world: World) -> None:
    """A field more, a field less, an unknown status or another media type is noticed."""
    answer = world.relay.call("GET", f"/subscriptions/{world.relay.watch(world.mailbox())['id']}")
    told = operation("GET", "/api/subscriptions/x")
    assert told is not None
    response = told["responses"]["200"]
    assert fault(response, "application/json", answer.content) is None
    watch = answer.json()
    assert schema_fault({"$ref": "#/components/schemas/Subscription"}, watch | {"title": "A meeting"})
    assert schema_fault({"$ref": "#/components/schemas/Subscription"}, {**watch, "since": "yesterday"})
    assert fault(response, "text/html", answer.content)
    assert fault(told["responses"]["401"], "application/json", answer.content)
    answer.status_code = 418
    with pytest.raises(AssertionError, match="not told of"):
        judge(answer)


def test_every_delivery_is_what_the_document_says(world: World) -> None:
    """Created, updated and deleted, by the schema of that name."""
    address = world.watched()
    event = world.book(address)["id"]
    world.in_step(address)
    world.tenant.change(address, event, subject="Another")
    world.in_step(address)
    world.tenant.remove(address, event)
    world.in_step(address)
    posts = world.posts(address)
    assert [post["body"]["type"].rpartition(".")[2] for post in posts] == ["created", "updated", "deleted"]
    for post in posts:
        told = DOCUMENT["webhooks"][post["body"]["type"]]["post"]
        assert schema_fault(told["requestBody"]["content"]["application/json"]["schema"], post["body"]) is None
        assert {one["name"] for one in told["parameters"]} <= post["headers"].keys()


def test_an_answer_of_nobodys_route_is_the_hosts(world: World) -> None:
    """What no function serves is 404."""
    answer: requests.Response = world.relay.call("GET", "/no-such-thing")
    assert answer.status_code == 404


@pytest.mark.parametrize("feature", sorted(BY_NAME))
def test_what_is_off_has_no_address(world: World, feature: str) -> None:
    """By default every feature is off: each of its addresses is the host's 404, with the best of keys."""
    told = [one for one in operations() if one.feature == feature]
    assert told
    for one in told:
        path = "/" + re.sub(r"\{\w+\}", "room1@contoso.com", one.route)
        unjudged = {"response": [lambda answer, **_: answer]}
        answer = world.relay.call(one.method.upper(), path, key="master", hooks=unjudged)
        assert (answer.status_code, answer.content) == (404, b""), one.function
