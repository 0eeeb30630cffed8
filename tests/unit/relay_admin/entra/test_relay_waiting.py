"""Grants and removals where Graph pages, lags, repeats itself or refuses."""

from __future__ import annotations

import json

import pytest

from relay_admin.entra.required import graph_app_id, permissions
from relay_admin.errors import FAILED, OK
from tests.support.directory_double import DirectoryDouble, Refusal
from tests.support.entra_runs import (
    CALENDARS_READ,
    PLACE_READ,
    RELAY,
    USER_READ,
    Console,
    principal_of,
)  # fmt: skip

IDS = {permission.name: permission.role_id for permission in permissions()}


@pytest.mark.parametrize("page_size", [1, 2, 3])
def test_every_page_is_read(directory: DirectoryDouble, it: Console, page_size: int) -> None:
    """A role on the last page is seen."""
    directory.page_size = page_size
    relay, graph = (principal_of(directory, app_id) for app_id in (RELAY, graph_app_id()))
    for role_id in (USER_READ, CALENDARS_READ, *IDS.values()):
        directory.assign(relay, graph, role_id)
    run = it.run("grant", "relay", "--app-id", RELAY, "--feature", "bookings,bookings-cancel,room-lists")
    assert (run.code, directory.writes) == (OK, [])


@pytest.mark.parametrize("lag", [1, 3, 9])
def test_the_result_is_awaited(directory: DirectoryDouble, it: Console, lag: int) -> None:
    """Reads lag writes; nothing is said from the first reading."""
    directory.lag = lag
    run = it.run("grant", "relay", "--app-id", RELAY, "--feature", "bookings", "--yes")
    assert (run.code, "Graph shows the result." in run.out) == (OK, True)
    assert len(it.time.slept) >= 1 + lag // 3


@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_a_result_that_never_shows_stays_unknown(directory: DirectoryDouble, it: Console, verb: str) -> None:
    """Exit code 3, after some minutes, with what is not shown."""
    if verb == "revoke":
        it.run("grant", "relay", "--app-id", RELAY, "--feature", "room-lists", "--yes")
    directory.lag = 10**5
    feature = () if verb == "revoke" else ("--feature", "room-lists")
    run = it.run(verb, "relay", "--app-id", RELAY, *feature, "--yes")
    assert run.error is not None
    assert (run.code, "not known" in run.error.title, "Place.Read.All" in run.error.what_to_do) == (3, True, True)
    assert 60 < sum(it.time.slept) <= 300


def test_a_duplicate_is_done(directory: DirectoryDouble, it: Console) -> None:
    """A reading that lags hides what is there: Graph refuses the second assignment."""
    relay, graph = (principal_of(directory, app_id) for app_id in (RELAY, graph_app_id()))
    directory.refuse("GET", f"/servicePrincipals/{relay}/appRoleAssignments", (200, {"value": []}, {}))
    directory.assign(relay, graph, PLACE_READ)
    assert it.run("grant", "relay", "--app-id", RELAY, "--feature", "room-lists", "--yes").code == OK
    assert len(directory.writes) == 1


@pytest.mark.parametrize(
    "answer",
    [(404, {"error": {"code": "Request_ResourceNotFound", "message": "Resource does not exist."}}, {}),
     (400, {"error": {"code": "Request_BadRequest",
                      "message": "EntitlementGrant being updated or deleted is not found."}}, {})],
)  # fmt: skip
def test_a_removal_of_what_is_gone_is_done(directory: DirectoryDouble, it: Console, answer: Refusal) -> None:
    """Somebody was quicker, or the reading lags."""
    relay, graph = (principal_of(directory, app_id) for app_id in (RELAY, graph_app_id()))
    key = directory.assign(relay, graph, PLACE_READ)
    directory.refuse("DELETE", "/servicePrincipals/", answer)
    directory.lag = 0
    stale = {"value": [dict(directory.state.assignments.pop(key))]}
    directory.refuse("GET", f"/servicePrincipals/{relay}/appRoleAssignments", (200, stale, {}))
    assert it.run("revoke", "relay", "--app-id", RELAY, "--yes").code == OK


def test_another_refusal_is_an_error(directory: DirectoryDouble, it: Console) -> None:
    """Not repeated, and without guessing."""
    refusal = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}
    directory.refuse("POST", "/servicePrincipals/", (403, refusal, {}))
    run = it.run("grant", "relay", "--app-id", RELAY, "--feature", "bookings", "--yes")
    assert run.error is not None
    assert (run.code, run.error.status, len(directory.writes)) == (FAILED, 403, 1)
    assert "docs/entra.md" in run.error.what_to_do


def test_no_output_holds_the_token(it: Console) -> None:
    """In no form of a command."""
    for arguments in (("plan", "relay", "--feature", "bookings"), ("plan", "relay", "--feature", "bookings", "--json"),
                      ("plan", "relay", "--feature", "bookings", "--commands", "az"), ("check",)):  # fmt: skip
        run = it.run(*arguments, "--app-id", RELAY)
        assert "eyJ" not in run.out
        json.dumps(run.document)
