"""The control routes."""

from typing import Any

import pytest
import requests

from sandbox.tenant.tokens import GRAPH
from tests.support.running_tenant import CLIENT_ID, SECRET, USER_ASSIGNED, Running

pytestmark = pytest.mark.server


def test_it_lists_its_routes(running: Running) -> None:
    """GET /_control names each route and what it does."""
    routes = {one["route"]: one["does"] for one in running.control("GET", "").json()["routes"]}
    assert routes["POST /_control/clock"] == 'Move the clock forward: {"advanceSeconds": n}.'
    for route in (
        "GET /_control/clock",
        "POST /_control/faults",
        "DELETE /_control/faults",
        "DELETE /_control/faults/{id}",
        "POST /_control/secrets",
        "POST /_control/clients/{id}",
        "POST /_control/managed-identities/{id}",
    ):
        assert routes[route]


def test_the_clock_is_shown_and_moved(running: Running) -> None:
    """Several moves are added."""
    assert running.control("GET", "/clock").json()["offsetSeconds"] == 0
    running.control("POST", "/clock", {"advanceSeconds": 3600})
    moved = running.control("POST", "/clock", {"advanceSeconds": 0.5}).json()
    assert moved["offsetSeconds"] == 3600.5
    assert moved["now"].endswith("+00:00")


def test_faults_are_planted_listed_and_cleared(running: Running) -> None:
    """A planted fault affects requests to every part, until it is cleared."""
    planted = running.control("POST", "/faults", {"match": "openid-configuration", "status": 503})
    assert planted.status_code == 201
    path = "/common/v2.0/.well-known/openid-configuration"
    assert running.call("GET", path).status_code == 503
    listed = running.control("GET", "/faults").json()["faults"]
    assert [(one["id"], one["met"], one["status"]) for one in listed] == [(planted.json()["id"], 1, 503)]
    assert running.control("DELETE", f"/faults/{planted.json()['id']}").status_code == 204
    assert running.control("DELETE", f"/faults/{planted.json()['id']}").status_code == 404
    assert running.call("GET", path).status_code == 200


def test_all_faults_are_cleared_at_once(running: Running) -> None:
    """DELETE without an id clears all, also when there are none."""
    for _ in range(2):
        running.control("POST", "/faults", {"match": ".", "status": 503})
    assert [running.control("DELETE", "/faults").status_code for _ in range(2)] == [204, 204]
    assert running.control("GET", "/faults").json() == {"faults": []}


def test_a_clients_roles_are_replaced(running: Running) -> None:
    """A withdrawn role is also missing from tokens issued before."""
    header = f"Bearer {running.token(GRAPH)}"
    roles = {"roles": [], "exchangeRoles": {"Application Calendars.Read": ["Room1@contoso.com"]}}
    shown = running.control("POST", f"/clients/{CLIENT_ID.upper()}", roles).json()
    assert shown == {
        "clientId": CLIENT_ID,
        "roles": [],
        "vault": True,
        "vaultOfficer": False,
        "secrets": 1,
        "managedIdentity": None,
        "exchangeRoles": {"Application Calendars.Read": ["room1@contoso.com"]},
    }
    assert running.tenant.tokens.check(header, GRAPH).roles == frozenset()


@pytest.mark.parametrize(("name", "kind"), [("system", "system"), (USER_ASSIGNED, "user")])
def test_a_managed_identity_is_changed(running: Running, name: str, kind: str) -> None:
    """The path names it by "system" or by client id; properties missing in the body stay."""
    shown = running.control("POST", f"/managed-identities/{name}", {"roles": ["Bookings.Read.All"]}).json()
    assert (shown["managedIdentity"], shown["roles"], shown["vault"]) == (kind, ["Bookings.Read.All"], kind == "system")


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/clock", {}, "advanceSeconds"),
        ("/clock", {"advanceSeconds": -1}, "advanceSeconds"),
        ("/clock", {"advanceSeconds": "soon"}, "advanceSeconds"),
        ("/clock", {"advanceSeconds": 1e12}, "advanceSeconds"),
        ("/clock", [], "body"),
        ("/faults", {"match": "(", "status": 500}, "match"),
        ("/faults", {"match": "x", "colour": 1}, "colour"),
        ("/secrets", {"name": "under_score", "value": "x"}, "name"),
        ("/secrets", {"name": "x"}, "value"),
        ("/secrets", {"name": "x", "value": "y", "created": "2026-01-01"}, "created"),
        (f"/clients/{CLIENT_ID}", {"role": []}, "role"),
        (f"/clients/{CLIENT_ID}", {"removeSecret": "no"}, "removeSecret"),
        (f"/clients/{CLIENT_ID}", {"addSecret": ""}, "addSecret"),
        ("/managed-identities/system", {"addSecret": "x"}, "addSecret"),
    ],
)
def test_the_error_for_a_bad_body_names_the_field(running: Running, path: str, body: Any, named: str) -> None:
    """A 400 names the wrong field, and nothing changes."""
    answer = running.control("POST", path, body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert running.control("GET", "/clock").json()["offsetSeconds"] == 0
    assert running.tenant.clients[CLIENT_ID].secrets == [SECRET]


def test_a_body_that_is_not_json_is_refused(running: Running) -> None:
    """Text and an empty body get 400."""
    for data in (b"not json", b""):
        answer = running.call("POST", "/_control/clock", data=data)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json; charset=utf-8")
        assert "body" in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/clients/nobody", f"/clients/{USER_ASSIGNED}", "/managed-identities/nobody", f"/managed-identities/{CLIENT_ID}"],
)
def test_an_unknown_client_or_identity_is_not_found(running: Running, path: str) -> None:
    """Clients and managed identities are looked up separately."""
    assert running.control("POST", path, {"roles": []}).status_code == 404


def test_waiting_for_a_fault_ends_when_it_meets_a_request(running: Running) -> None:
    """Before the fault's own delay is over: the request is still in progress."""
    fault = running.control("POST", "/faults", {"match": "openid-configuration", "delaySeconds": 30}).json()["id"]
    assert running.control("GET", f"/faults/{fault}?seconds=0").json() == {"id": fault, "met": 0}
    with pytest.raises(requests.ReadTimeout):
        running.session.get(f"{running.url}/common/v2.0/.well-known/openid-configuration", timeout=(5, 0.2))
    assert running.control("GET", f"/faults/{fault}?seconds=60").json() == {"id": fault, "met": 1}


@pytest.mark.parametrize(
    ("path", "status"),
    [("none", 404), ("1?seconds=soon", 400), ("1?seconds=-1", 400), ("1?seconds=61", 400), ("1?seconds=nan", 400)],
)
def test_an_invalid_wait_for_a_fault_is_refused(running: Running, path: str, status: int) -> None:
    """An unknown fault or an unlimited wait is an error."""
    running.control("POST", "/faults", {"match": "x"})
    answer = running.control("GET", f"/faults/{path}")
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
