"""The registration of the relay's API: what is added and removed, and that everything else stays."""

from __future__ import annotations

from typing import Any

import pytest

from relay_admin.entra import api
from relay_admin.entra.required import app_roles
from relay_admin.errors import FAILED, OK, USAGE
from tests.support.directory_double import DirectoryDouble
from tests.support.entra_runs import API, OUR_ROLES, PARTNER, Console, principal_of

GRANT = ("grant", "api", "--api-app-id", API, "--yes")
REVOKE = ("revoke", "api", "--api-app-id", API, "--yes")
OWN = DirectoryDouble.role("Own", "cccccccc-0000-4000-8000-000000000000", allowedMemberTypes=["User"])


def registration(directory: DirectoryDouble) -> dict[str, Any]:
    """Return the registration."""
    (app,) = directory.state.applications.values()
    return app


def values(directory: DirectoryDouble) -> list[str]:
    """Return the names of its roles."""
    return [role["value"] for role in registration(directory)["appRoles"] or ()]


def test_a_grant_adds_roles_uri_and_enterprise_application(it: Console) -> None:
    """Exactly those of app-roles.json; the enterprise application offers them."""
    run = it.run(*GRANT)
    app = registration(it.directory)
    assert (run.code, app["identifierUris"], app["notes"]) == (OK, [f"api://{API}"], "kept")
    assert [{k: v for k, v in role.items() if k != "origin"} for role in app["appRoles"]] == list(app_roles())
    assert "Next: entra grant caller" in run.out
    shown = it.directory.state.principals[principal_of(it.directory, API)]["appRoles"]
    assert {role["value"] for role in shown} == set(OUR_ROLES)


def test_a_second_grant_makes_no_change(it: Console) -> None:
    """Nor does a second undo."""
    for arguments in (GRANT, (*REVOKE, "--remove-enterprise-app")):
        it.run(*arguments)
        it.directory.calls.clear()
        assert (it.run(*arguments).code, it.directory.writes) == (OK, [])


@pytest.mark.parametrize("empty", [None, "missing", []])
def test_lists_may_be_null_or_missing(directory: DirectoryDouble, it: Console, empty: Any) -> None:
    """A new registration has neither roles nor URIs."""
    app = registration(directory)
    for name in ("appRoles", "identifierUris"):
        app.pop(name) if empty == "missing" else app.update({name: empty})
    app.setdefault("appRoles", [])
    assert it.run(*GRANT).code == OK
    assert values(directory) == list(OUR_ROLES)


def test_everything_else_stays(directory: DirectoryDouble, it: Console) -> None:
    """A PATCH replaces a list: other roles, with every field, and other URIs are sent along."""
    app = registration(directory)
    app |= {"appRoles": [dict(OWN)], "identifierUris": ["https://contoso.com/own"]}
    it.run(*GRANT)
    assert values(directory) == ["Own", *OUR_ROLES]
    assert app["identifierUris"] == ["https://contoso.com/own", f"api://{API}"]
    it.run(*REVOKE)
    assert (app["appRoles"], app["identifierUris"]) == ([OWN], ["https://contoso.com/own"])


def test_another_role_that_is_disabled_stays_disabled(directory: DirectoryDouble, it: Console) -> None:
    """It is no business of the relay."""
    own = OWN | {"isEnabled": False}
    registration(directory)["appRoles"] = [own]
    it.run(*GRANT)
    assert registration(directory)["appRoles"][0] == own
    it.run(*REVOKE)
    assert registration(directory)["appRoles"] == [own]


def test_a_disabled_role_of_the_relay_is_enabled(directory: DirectoryDouble, it: Console) -> None:
    """An undo that was killed between its two requests leaves them disabled."""
    it.run(*GRANT)
    for role in registration(directory)["appRoles"]:
        role["isEnabled"] = role["value"] == "Relay.Read"
    run = it.run(*GRANT)
    assert all(role["isEnabled"] for role in registration(directory)["appRoles"])
    assert "Enable the app roles Relay.Setup, Relay.Admin." in run.out


def test_a_killed_undo_is_finished(directory: DirectoryDouble, it: Console) -> None:
    """The roles are disabled already, so one request removes them."""
    it.run(*GRANT)
    for role in registration(directory)["appRoles"]:
        role["isEnabled"] = False
    directory.calls.clear()
    it.run(*REVOKE)
    assert (values(directory), len(directory.writes)) == ([], 3)


def test_roles_are_disabled_before_they_are_removed(it: Console) -> None:
    """Graph refuses the removal of an enabled role."""
    it.run(*GRANT)
    run = it.run(*REVOKE, "--json")
    whys = [change["why"] for change in run.document["changes"]]
    assert "Disable the app roles" in whys[0]
    assert "Remove the app roles" in whys[1]


def test_a_removal_waits_until_graph_knows_that_a_role_is_disabled(directory: DirectoryDouble, it: Console) -> None:
    """The two requests may reach different servers."""
    it.run(*GRANT)
    busy = {"error": {"code": "CannotDeleteOrUpdateEnabledEntitlement", "message": "disabled first"}}
    directory.refuse("PATCH", "/applications/", (0, None, {}), (400, busy, {}), (400, busy, {}))
    it.time.slept.clear()
    assert it.run(*REVOKE).code == OK
    assert (values(directory), len(it.time.slept)) == ([], 3)


def test_roles_that_are_assigned_are_not_removed(directory: DirectoryDouble, it: Console) -> None:
    """The error names the apps, of every page; nothing is changed."""
    directory.page_size = 1
    it.run(*GRANT)
    key = principal_of(directory, API)
    for number, role in enumerate(OUR_ROLES.values()):
        app = directory.principal(f"{number}1000000-0000-4000-8000-000000000000", f"App {number}")
        directory.assign(app, key, role)
    directory.calls.clear()
    run = it.run(*REVOKE)
    assert run.error is not None
    assert run.error.title == "Apps still have a role of the relay: App 0, App 1, App 2"
    assert (run.code, directory.writes, "entra revoke caller" in run.error.what_to_do) == (FAILED, [], True)


def test_default_access_is_no_role_of_the_relay(directory: DirectoryDouble, it: Console) -> None:
    """It gives no right at the relay."""
    it.run(*GRANT)
    app = directory.principal(PARTNER, "Partner")
    directory.assign(app, principal_of(directory, API), "00000000-0000-0000-0000-000000000000")
    assert it.run(*REVOKE).code == OK


def test_the_enterprise_application_is_removed_only_on_request(it: Console) -> None:
    """It may serve another API."""
    it.run(*GRANT)
    run = it.run(*REVOKE)
    assert principal_of(it.directory, API)
    assert "--remove-enterprise-app removes it" in run.out
    it.run(*REVOKE, "--remove-enterprise-app")
    assert API not in {each["appId"] for each in it.directory.state.principals.values()}


def test_the_case_of_an_identifier_uri_does_not_matter(directory: DirectoryDouble, it: Console) -> None:
    """Graph refuses a second one that differs in case only."""
    registration(directory)["identifierUris"] = [f"API://{API.upper()}"]
    it.run(*GRANT)
    assert registration(directory)["identifierUris"] == [f"API://{API.upper()}"]
    it.run(*REVOKE)
    assert registration(directory)["identifierUris"] == []


def test_a_role_of_the_same_name_with_another_id_is_used(directory: DirectoryDouble, it: Console) -> None:
    """Tokens carry names: a registration that was prepared by hand works."""
    by_hand = DirectoryDouble.role("Relay.Setup", "dddddddd-0000-4000-8000-000000000000")
    registration(directory)["appRoles"] = [by_hand]
    assert it.run(*GRANT).code == OK
    assert values(directory) == ["Relay.Setup", "Relay.Read", "Relay.Admin"]


@pytest.mark.parametrize(
    ("role", "text"),
    [(DirectoryDouble.role("Other", OUR_ROLES["Relay.Setup"]), "has the id of a role of the relay"),
     (DirectoryDouble.role("Relay.Setup", OUR_ROLES["Relay.Setup"], allowedMemberTypes=["User"]), "apps cannot have")],
)  # fmt: skip
def test_a_role_in_the_way_is_named(directory: DirectoryDouble, it: Console, role: dict[str, Any], text: str) -> None:
    """Before the first change."""
    registration(directory)["appRoles"] = [role]
    run = it.run(*GRANT)
    assert run.error is not None
    assert (run.code, text in run.error.title, directory.writes) == (FAILED, True, [])


def test_without_a_registration_a_grant_is_an_error_and_an_undo_has_nothing_to_do(it: Console) -> None:
    """A managed identity has none."""
    grant = it.run("grant", "api", "--api-app-id", PARTNER, "--yes")
    assert grant.error is not None
    assert "A managed identity has none" in grant.error.what_to_do
    assert it.run("revoke", "api", "--api-app-id", PARTNER, "--yes").code == OK
    assert it.directory.writes == []


@pytest.mark.parametrize("what", ["api", "caller"])
def test_the_client_id_of_the_api_is_required(it: Console, what: str) -> None:
    """--app-id is the relay's identity, which is another app."""
    run = it.run("grant", what, "--app-id", API, "--yes")
    assert run.error is not None
    assert (run.code, run.error.title, it.directory.calls) == (USAGE, "--api-app-id is missing", [])


def test_a_grant_waits_until_the_enterprise_application_offers_the_roles(
    directory: DirectoryDouble, it: Console
) -> None:
    """Else the next command, which assigns one, fails."""
    directory.registered.add(API)
    key = directory.principal(API, "Calendar Relay API")
    empty = {"id": key, "appId": API, "displayName": "Calendar Relay API", "appRoles": None}
    path = f"/servicePrincipals(appId='{API}')"
    directory.refuse("GET", path, *[(200, empty, {})] * 4)
    assert it.run(*GRANT).code == OK
    assert directory.refusals["GET", path] == []


def test_a_registration_that_changes_says_nothing_of_other_properties(it: Console) -> None:
    """Each PATCH names one."""
    it.run(*GRANT)
    bodies = [change["body"].keys() for change in it.run("plan", "api", "--api-app-id", API, "--revoke", "--json")
              .document["changes"] if change["method"] == "PATCH"]  # fmt: skip
    assert bodies == [{"appRoles"}, {"appRoles"}, {"identifierUris"}, {"optionalClaims"}]


def test_the_roles_are_those_of_the_file() -> None:
    """In its order."""
    assert set(OUR_ROLES) == api.OURS == {"Relay.Read", "Relay.Setup", "Relay.Admin"}
