"""Query parameters that a route does not have: ignored and named, or refused on routes that were added later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import azure.functions as func
import pytest

from functions.answer_headers import with_headers
from functions.dead_letters import delete_dead_letters
from functions.health import health
from functions.many_subscriptions import query_subscriptions
from functions.openapi import openapi
from functions.parameters import LENIENT, REFUSES_BY_ITSELF, check_parameters
from functions.subscriptions import list_subscriptions
from functions.version import version
from shared.api.deprecation import DEPRECATION_HEADERS
from shared.errors import RequestRejected
from tests.unit.functions.conftest import HostWorld, call, content_of
from tools.openapi.operation import Operation
from tools.openapi.routes import operations

ROOT = Path(__file__).parents[3]
OF_GRAPH = {"receive_notifications", "receive_lifecycle_events"}
CHECKED = [each for each in operations(entra=False) if each.function not in OF_GRAPH]
STRICT = [each for each in CHECKED if each.function not in {*LENIENT, REFUSES_BY_ITSELF}]
OLD = [each for each in CHECKED if each.function in LENIENT]


def headers_of(operation: Operation, params: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers that a request with these parameters adds to its answer. Raises RequestRejected."""
    request = func.HttpRequest("GET", "https://relay.example/api/x", params=params, body=b"")
    check_parameters(request, operation.function, operation.method, operation.route)
    return dict(with_headers(request, func.HttpResponse()).headers.items())


def test_the_lenient_routes_are_those_of_version_1() -> None:
    """The list never grows: a route that is added refuses what it does not know."""
    first = json.loads((ROOT / "shared" / "openapi-1.json").read_text())
    ids = {one["operationId"] for methods in first["paths"].values() for one in methods.values()}
    assert {*LENIENT, REFUSES_BY_ITSELF} == {each for each in ids if not each.endswith("_entra")} - OF_GRAPH
    assert {"get_problem", "query_subscriptions"} <= {each.function for each in STRICT}


@pytest.mark.parametrize("operation", OLD, ids=lambda operation: operation.function)
def test_a_route_of_version_1_names_what_it_ignores(operation: Operation) -> None:
    """In a header, without the values; what it has itself is not named."""
    own = {query.name: "x" for query in operation.query}
    ignored = headers_of(operation, own | {"pagesize": "canary", "$top": "canary"})["Ignored-Parameters"]
    assert ignored == "%24top, pagesize"
    assert "Ignored-Parameters" not in headers_of(operation, own)


@pytest.mark.parametrize("operation", STRICT, ids=lambda operation: operation.function)
def test_a_route_that_was_added_refuses_what_it_does_not_know(operation: Operation) -> None:
    """The detail names it, without its value."""
    own = {query.name: "x" for query in operation.query}
    with pytest.raises(RequestRejected, match="no parameter %24top, pagesize") as caught:
        headers_of(operation, own | {"pagesize": "canary", "$top": "canary"})
    assert caught.value.problem.code == "unknown_parameter"
    assert "canary" not in str(caught.value)
    assert "Ignored-Parameters" not in headers_of(operation, own)


@pytest.mark.parametrize("name", ["code", "clientId", "subscription-key", "Code", "CLIENTID", "Subscription-Key"])
def test_what_the_host_and_gateways_use_is_accepted_everywhere(name: str) -> None:
    """The host and API Management compare these names without regard to case."""
    for operation in CHECKED:
        assert "Ignored-Parameters" not in headers_of(operation, {name: "canary"}), operation.function


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\r\nSet-Cookie: x", "a%0D%0ASet-Cookie%3A%20x"), ("a, b", "a%2C%20b"), ("é", "%C3%A9"), ("\ud800", "%3F"),
     ("x" * 9_000, "x" * 40), ("<script>", "%3Cscript%3E"), ('"', "%22"), ("", '""')],
    ids=["lines", "comma", "letter", "surrogate", "long", "tag", "quote", "empty"],
)  # fmt: skip
def test_a_name_is_safe_in_a_header(name: str, shown: str) -> None:
    """It is shortened, and in printable ASCII."""
    assert headers_of(OLD[0], {name: "x"})["Ignored-Parameters"] == shown


def test_ten_names_are_shown() -> None:
    """A header has its bounds."""
    headers = headers_of(OLD[0], {f"n{number}": "x" for number in range(3_000)})
    assert len(headers["Ignored-Parameters"].split(", ")) == 10


@pytest.mark.parametrize("operation", CHECKED, ids=lambda operation: operation.function)
def test_a_parameter_that_is_deprecated_is_said(operation: Operation) -> None:
    """By the document's own mark, and each alone; the other parameters say nothing."""
    for query in operation.query:
        headers = headers_of(operation, {query.name: "x"})
        assert (DEPRECATION_HEADERS.items() <= headers.items()) is bool(query.deprecated), query.name


def test_the_headers_of_an_old_spelling() -> None:
    """In the forms of RFC 9745 and RFC 8594: from 2026-11-30, for a year."""
    assert DEPRECATION_HEADERS == {"Deprecation": "@1795996800", "Sunset": "Tue, 30 Nov 2027 00:00:00 GMT"}


def test_each_answer_of_a_function_names_what_it_ignores(world: HostWorld) -> None:
    """A success, an error, and that of an anonymous function."""
    for params, status in (({"x": "1"}, 200), ({"x": "1", "pageSize": "0"}, 422)):
        answer = call(list_subscriptions, "GET", "subscriptions", params=params)
        assert (answer.status_code, answer.headers["Ignored-Parameters"]) == (status, "x")
    for function in (health, openapi, version):
        assert call(function, "GET", params={"x": "1"}).headers["Ignored-Parameters"] == "x"


def test_a_function_that_was_added_does_nothing_then(world: HostWorld) -> None:
    """422 comes before the body is read."""
    answer = call(query_subscriptions, "POST", "subscriptions/query", body=b"no JSON", params={"mailbox": "x"})
    assert (answer.status_code, content_of(answer)["code"]) == (422, "unknown_parameter")


@pytest.mark.parametrize("name", ["reasn", "From", "x"])
def test_half_a_selection_deletes_nothing(world: HostWorld, name: str) -> None:
    """A parameter that is ignored would delete more than was meant. Those of gateways select nothing."""
    selection = {"from": "2026-11-20T00:00:00 01:00", "clientId": "default", "subscription-key": "k", "code": "k"}
    refused = call(delete_dead_letters, "DELETE", "dead-letters", params=selection | {name: "x"})
    assert (refused.status_code, content_of(refused)["code"]) == (422, "dead_letter_selection_invalid")
    assert "Ignored-Parameters" not in refused.headers
    assert call(delete_dead_letters, "DELETE", "dead-letters", params=selection).status_code == 200
