"""What no other function takes: 404, 405 with Allow, or 501 for a feature that is off."""

from __future__ import annotations

import asyncio

import azure.functions as func
import pytest

from functions.unknown_paths import zz_unknown
from shared.api.contract import contract
from shared.api.unknown_paths import answer_to
from shared.features import BY_NAME
from tests.unit.functions.conftest import HostWorld, content_of
from tools.openapi.operation import WITH_KEY, Operation
from tools.openapi.routes import operations

ALL = frozenset(BY_NAME)
OTHER = "PUT"  # no route has it
MAILBOX = "room1@contoso.com"


def path_of(route: str) -> str:
    """Return a path of a route."""
    return "/".join(MAILBOX if step.startswith("{") else step for step in route.split("/"))


def unknown(world: HostWorld, path: str, method: str = "GET", features: str = "") -> func.HttpResponse:
    """Return the answer to a request that no other function takes."""
    world.settings = world.settings.model_copy(update={"features": features})
    return sent(path, method)


def sent(path: str, method: str = "GET") -> func.HttpResponse:
    """Call the function as the host does, which leaves out a part of the route that is empty."""
    parts = {"path": path} if path else {}
    request = func.HttpRequest(method, "https://relay.example/api/x", params={}, route_params=parts, body=b"")
    response: func.HttpResponse = asyncio.run(zz_unknown._function.get_user_function()(request))
    return response


@pytest.mark.parametrize("path", ["", "x", "subscription", "entra", "entra/health", "entra/version", "subscriptions//",
                                  "%2e%2e/admin", "bookings/a/b/c/d", "\ud800", "x/" * 4_000])  # fmt: skip
def test_an_unknown_path(world: HostWorld, path: str) -> None:
    """The answer repeats nothing of the path. Routes without a caller exist once, not below entra/."""
    response = unknown(world, path, features="calendars,scheduling,bookings")
    assert (response.status_code, content_of(response)["code"]) == (404, "unknown_path")
    assert response.mimetype == "application/problem+json"
    assert len(response.get_body()) < 400


@pytest.mark.parametrize("operation", [*operations()], ids=lambda operation: operation.function)
def test_another_method_of_each_route(world: HostWorld, operation: Operation) -> None:
    """The answer names the methods that the path has."""
    route, method = operation.route, operation.method.upper()
    response = unknown(world, path_of(route), OTHER, ",".join(BY_NAME))
    assert (response.status_code, content_of(response)["code"]) == (405, "method_not_allowed")
    allowed = response.headers["Allow"].split(", ")
    assert method in allowed
    assert ("HEAD" in allowed) is ("GET" in allowed)


@pytest.mark.parametrize("operation", [each for each in operations() if each.feature != "relay"],
                         ids=lambda operation: operation.function)  # fmt: skip
def test_a_route_of_a_feature_that_is_off(world: HostWorld, operation: Operation) -> None:
    """The answer names the feature, whatever the method; another feature that is on changes nothing."""
    feature, path = operation.feature, path_of(operation.route)
    others = ",".join(name for name in BY_NAME if name != feature)
    for method in (operation.method.upper(), OTHER):
        for features in ("", others):
            response = unknown(world, path, method, features)
            assert (response.status_code, content_of(response)["code"]) == (501, "feature_off")
            assert feature in content_of(response)["detail"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "PROPFIND", "get"])
def test_any_method_gets_an_answer(world: HostWorld, method: str) -> None:
    """HEAD is served where GET is, so it comes here only where GET is not."""
    assert unknown(world, "notifications", method).headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["entra/health", "entra/version", "entra/openapi.json", "entra/problems/stopped"])
@pytest.mark.parametrize("method", ["GET", OTHER])
def test_what_needs_no_key_is_not_below_entra(world: HostWorld, path: str, method: str) -> None:
    """So no method helps."""
    assert content_of(unknown(world, path, method))["code"] == "unknown_path"


def test_a_function_that_is_disabled_is_an_unknown_path() -> None:
    """The document has its route, and the host does not serve it: no other method helps."""
    assert answer_to("GET", "health", contract(), ALL).problem.code == "unknown_path"


def test_a_broken_setting_changes_nothing(world: HostWorld) -> None:
    """A path is unknown whatever else is wrong."""
    world.settings = world.settings.load({"FEATURES": "calendars,nonsense", "TENANT_ID": "x"})
    assert sent("x").status_code == 404
    assert sent("schedules/x/slots").status_code == 501


def test_the_document_names_the_routes_without_a_key() -> None:
    """It is the only source of what is below entra/."""
    for each in operations(entra=False):
        assert contract().operation(each.method.upper(), each.route).has_caller is (each.caller in WITH_KEY), (
            each.function
        )
