"""The matrix of access on the running stack: every registered route, by every credential, in every state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from shared.auth.caller import ADMIN, READ, SETUP
from tests.end_to_end.conftest import FEATURES
from tests.support.access_matrix import (
    ANONYMOUS,
    CATCH_ALL,
    CREDENTIALS,
    OPTIONAL,
    ROLES,
    STATES,
    WITH_SECRET,
    Answer,
    Cell,
    Route,
    State,
    expected,
)
from tests.support.relay import FEATURE_ROLES, Relay
from tools.openapi.routes import operations

pytestmark = pytest.mark.long  # it starts a stack of its own: a stop would disturb other tests

OTHER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
VALUES = {"mailbox": "room1@contoso.com", "business": "shop@contoso.com"}  # of a path; an id is that of nothing
NO_ID = "0" * 32
START, END = "2026-12-01T08:00:00Z", "2026-12-01T18:00:00Z"
QUERY = {"from": START, "to": END, "duration": "30", "name": "shop"}  # of all routes
TAKEN = {(one.method.upper(), one.route): {query.name for query in one.query} for one in operations()}
UNREADABLE = b"{"  # whoever is let in gets 400 and changes nothing
REFUSALS: dict[tuple[int, str], Answer] = {
    (401, "unauthenticated"): "401", (403, "role_missing"): "403", (503, "stopped"): "503",
}  # fmt: skip
UNDO = {"paused": "resume", "stopped": "start"}


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack with all features that lets a caller make all calls of the matrix within a minute."""
    settings = FEATURES | {"CALLS_PER_MINUTE": "1000000"}
    with Relay.running(tmp_path_factory.mktemp("access_matrix"), settings) as relay:
        relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": FEATURE_ROLES})
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
        yield relay


@pytest.fixture(scope="module")
def routes(relay: Relay) -> list[Route]:
    """Return the routes that the host has registered, as it lists them."""
    headers = {"x-functions-key": relay.api.keys["master"]}
    listed = relay.api._session.get(f"{relay.api.url}/admin/functions", headers=headers, timeout=180).json()
    triggers = [(each["name"], binding) for each in listed for binding in each["config"]["bindings"]]
    return [
        Route(name.removesuffix("_entra"), method, binding["route"], binding.get("authLevel") or "FUNCTION")
        for name, binding in triggers
        if binding["type"] == "httpTrigger"
        for method in binding.get("methods") or ["GET"]  # none listed: all
    ]


@pytest.fixture(scope="module")
def headers(relay: Relay) -> dict[str, dict[str, str]]:
    """Return the headers of each credential. The tokens that are refused would have every role."""
    issuer = f"https://sts.windows.net/{OTHER_TENANT}/"
    tokens = {
        "token without a role": relay.token(),
        "token for another API": relay.token("Relay.Admin", scope="https://graph.microsoft.com", roles=[ADMIN]),
        "token of another tenant": relay.token(ADMIN, tid=OTHER_TENANT, iss=issuer),
        "a person's token": relay.token(ADMIN, scp="user_impersonation", idtyp="user", upn="ann@contoso.com"),
        **{role: relay.token(role) for role in (READ, SETUP, ADMIN)},
    }
    keys = {"wrong key": "x" * 32, "function key": relay.api.keys["function"], "master key": relay.api.keys["master"]}
    return {
        "no credential": {},
        **{name: {"x-functions-key": key} for name, key in keys.items()},
        **{name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()},
    }


@pytest.fixture(scope="module", params=STATES)
def state(relay: Relay, request: pytest.FixtureRequest) -> Iterator[State]:
    """Bring the relay into a state; afterwards, back from it."""
    name: State = request.param
    if name != "flowing":
        _operate(relay, "pause" if name == "paused" else "stop")
    yield name
    if name != "flowing":
        _operate(relay, UNDO[name])


def _operate(relay: Relay, operation: str) -> None:
    answer = relay.api.call("POST", f"/relay/{operation}", key="master", json={"reason": "The matrix"})
    assert answer.status_code == 200, answer.text


def _call(relay: Relay, route: Route, credential: dict[str, str]) -> requests.Response:
    path = re.sub(r"\{\*?(\w+)\}", lambda name: VALUES.get(name[1], NO_ID), route.path)
    reads = route.method == "GET"
    taken = TAKEN.get((route.method, route.path), set())
    query = {name: text for name, text in QUERY.items() if name in taken}
    arguments: dict[str, Any] = {"params": query} if reads else {"data": UNREADABLE}
    headers = {"Content-Type": "application/json", **credential}
    return relay.api.call(route.method, f"/{path}", key=None, headers=headers, **arguments)


def _cell(route: Route, answer: requests.Response) -> Cell | str:
    """Return what a response says, or the response's text if it says none of what the matrix knows."""
    status = answer.status_code
    if not answer.content and status == 401:
        return Cell("401", by_host=True)
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    if refused := REFUSALS.get((status, answer.json()["code"] if is_problem else "")):
        return Cell(refused)
    has_failed_check = status == 503 and route.function in ("health", "health_checks") and not is_problem
    if has_failed_check or (status < 500 and status not in (401, 403, 429)):
        return Cell("let in")
    return f"{status} {answer.text[:200]}"


def test_each_registered_route_has_a_row(routes: list[Route]) -> None:
    """A function with a key has two routes, for keys and for tokens, at the level that its row demands."""
    registered = sorted((route.function, route.by_token, route.level) for route in routes)
    rows = [(name, False, "ANONYMOUS") for name in (*ANONYMOUS, *WITH_SECRET, OPTIONAL, CATCH_ALL)]
    for role, functions in ROLES.items():
        level = "ADMIN" if role == ADMIN else "FUNCTION"
        rows += [(name, *kind) for name in functions for kind in ((False, level), (True, "ANONYMOUS"))]
    assert registered == sorted(rows)


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_each_route_answers_as_the_matrix_says(
    relay: Relay, routes: list[Route], headers: dict[str, dict[str, str]], state: State, credential: str
) -> None:
    """Let in, 401, 403 or 503, by the host or by the app."""
    wrong = {}
    for route in routes:
        actual, cell = _cell(route, _call(relay, route, headers[credential])), expected(route, credential, state)
        if actual != cell:
            wrong[f"{route.method} /api/{route.path}"] = (actual, cell)
    assert wrong == {}
