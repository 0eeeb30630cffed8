"""The host tries routes in the order of the functions' names: no route is hidden by another.

("HttpTrigger's Route precedence is different from ASP.NET Core behavior", azure-functions-host issue 9876)
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.host.plan import FunctionPlan
from sandbox.host.routes import RouteTable
from shared.features import BY_NAME
from tests.architecture.test_import import ROOT, bindings_of, probed
from tools.openapi.routes import operations

LAST = "zz_unknown"
PARTS = ("x", "room1@contoso.com", "query", "batch", "replay", "entra")  # for a part of a route that may be anything
Triggers = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def triggers() -> Triggers:
    """Return the triggers of all functions with a route, with every feature on."""
    return bindings_of(probed(ROOT, FEATURES=",".join(BY_NAME)), "httpTrigger")


def host_order(names: list[str]) -> list[str]:
    """Return names as the host sorts them: as .NET's OrdinalIgnoreCase, where an underscore comes after all letters."""
    return sorted(names, key=str.upper)


def table(triggers: Triggers) -> RouteTable:
    """Return the host's table of routes."""
    return RouteTable([plan(name, triggers[name]) for name in host_order([*triggers])], "api")


def plan(name: str, trigger: dict[str, Any]) -> FunctionPlan:
    """Return the plan of a function with a route."""
    return FunctionPlan(name, lambda: None, False, trigger, (trigger,), (), (), None, True, False)  # noqa: FBT003


def path_of(route: str, part: str) -> str:
    """Return a path of a route."""
    return "/api/" + "/".join(part if step.startswith("{") else step for step in route.split("/"))


def behind(triggers: Triggers) -> set[str]:
    """Return the functions that a request for their own route does not reach."""
    routes, hidden = table(triggers), set()
    for name, trigger in triggers.items():
        for method in trigger.get("methods") or ("GET", "POST", "BREW"):
            reached, _, _ = routes.find(method, path_of(trigger["route"].replace("{*path}", "x/y"), "x"))
            if reached is None or reached.name != name:
                hidden.add(name)
    return hidden


def test_the_catch_all_is_the_last(triggers: Triggers) -> None:
    """In the order of the host, also if it compared in another way; it takes every method."""
    assert host_order([*triggers])[-1] == sorted(triggers)[-1] == sorted(triggers, key=str.lower)[-1] == LAST
    assert triggers[LAST]["route"] == "{*path}"
    assert not triggers[LAST].get("methods")
    assert [name for name, found in triggers.items() if "*" in found["route"]] == [LAST]


def test_no_route_is_hidden(triggers: Triggers) -> None:
    """Each function gets the requests for its route."""
    assert len(triggers) > 80
    assert behind(triggers) == set()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_looks_like_another_route_hides_none(triggers: Triggers, part: str) -> None:
    """Every operation of the document is reached; with a part that is another route's word, that one may be."""
    routes = table(triggers)
    for operation in operations():
        found, _, _ = routes.find(operation.method.upper(), path_of(operation.route, part))
        assert found is not None
        assert found.name != LAST


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/"), ("GET", "/api/x"), ("PUT", "/api/subscriptions"), ("HEAD", "/api/notifications"),
     ("OPTIONS", "/api/health"), ("GET", "/api/entra"), ("GET", "/api/entra/health"), ("GET", "/API/X/Y/Z")],
)  # fmt: skip
def test_what_no_other_function_takes(triggers: Triggers, method: str, path: str) -> None:
    """It comes to the catch-all."""
    found, parts, _ = table(triggers).find(method, path)
    assert found is not None
    assert (found.name, parts.get("path", "")) == (LAST, path.lower().removeprefix("/api/").replace("x/y/z", "X/Y/Z"))


def test_a_catch_all_with_another_name_would_hide_routes(triggers: Triggers) -> None:
    """So its name is not a matter of taste."""
    others = {name: found for name, found in triggers.items() if name != LAST}
    hidden = behind({**others, "not_found": triggers[LAST]})
    assert {"openapi", "version", "receive_notifications"} <= hidden
