"""Claims about the permission scripts, run over a tenant in memory: what they say they do is what they do.

No PowerShell is needed: tests/support/powershell/interpreter.py runs what of it they use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.powershell.interpreter import Session
from tests.support.powershell.tenant import API, PARTNER, RELAY, ROOMS, Tenant
from tests.support.powershell.values import Thing, Thrown

SCRIPTS = Path(__file__).parents[3] / "infra" / "permissions"
MAILBOXES = {"MailboxInside": "room1@contoso.com", "MailboxOutside": "ceo@contoso.com"}
SCOPED = {"AppId": RELAY, "ObjectId": f"object-of-{RELAY}", "Group": ROOMS, **MAILBOXES}
CALLER = {"AppId": API, "CallerAppId": PARTNER}
WAYS: dict[str, tuple[list[tuple[str, dict[str, Any]]], list[tuple[str, dict[str, Any]]]]] = {
    "mailboxes": (
        [("Grant-RelayMailboxAccess", SCOPED)],
        [("Revoke-RelayMailboxAccess", {"AppId": RELAY})],
    ),
    "mailboxes that are written": (
        [("Grant-RelayMailboxAccess", SCOPED | {"Feature": ["calendars", "scheduling"]})],
        [("Revoke-RelayMailboxAccess", {"AppId": RELAY})],
    ),
    "room lists": (
        [("Grant-RelayPermission", {"AppId": RELAY, "Feature": "room-lists"})],
        [("Revoke-RelayPermission", {"AppId": RELAY})],
    ),
    "bookings": (
        [("Grant-RelayPermission", {"AppId": RELAY, "Feature": name}) for name in ("bookings", "bookings-cancel")],
        [("Revoke-RelayPermission", {"AppId": RELAY})],
    ),
    "callers": (
        [("Add-RelayAppRole", {"AppId": API}), ("Grant-RelayCaller", {**CALLER, "Role": "Relay.Setup"})],
        [("Revoke-RelayCaller", {**CALLER, "RemoveServicePrincipal": True}),
         ("Remove-RelayAppRole", {"AppId": API, "RemoveServicePrincipal": True})],
    ),
}  # fmt: skip


@pytest.fixture
def tenant() -> Tenant:
    """A new one for each claim."""
    return Tenant()


def run(tenant: Tenant, script: str, *, dry: bool = False, **arguments: Any) -> Session:
    """Run a script in a new window."""
    session = Session(tenant.cmdlets(), dry=dry)
    session.run(SCRIPTS / f"{script}.ps1", **arguments)
    return session


@pytest.mark.parametrize("way", WAYS)
def test_a_dry_run_changes_nothing_and_names_every_change(tenant: Tenant, way: str) -> None:
    """Forth and back: with -WhatIf nothing is touched, and each thing that would be is told."""
    for steps in WAYS[way]:
        for script, arguments in steps:
            tenant.changes.clear()
            before = tenant.kept()
            told = run(tenant, script, dry=True, **arguments).what_if
            assert tenant.kept() == before
            assert tenant.changes == []
            run(tenant, script, **arguments)
            assert told
            assert len(set(told)) == len(told) <= len(tenant.changes)


@pytest.mark.parametrize("way", WAYS)
def test_twice_is_as_good_as_once(tenant: Tenant, way: str) -> None:
    """Who is not sure whether it ran runs it again."""
    for steps in WAYS[way]:
        for script, arguments in steps:
            run(tenant, script, **arguments)
        tenant.changes.clear()
        for script, arguments in steps:
            assert run(tenant, script, dry=True, **arguments).what_if == []
            run(tenant, script, **arguments)
        assert tenant.changes == []


@pytest.mark.parametrize("way", WAYS)
def test_the_undo_leaves_nothing_behind(tenant: Tenant, way: str) -> None:
    """The tenant is what it was before."""
    before = tenant.kept()
    granting, undoing = WAYS[way]
    for script, arguments in granting:
        run(tenant, script, **arguments)
    assert tenant.kept() != before
    for script, arguments in undoing:
        run(tenant, script, **arguments)
    assert tenant.kept() == before


@pytest.mark.parametrize("way", WAYS)
def test_who_is_not_connected_is_told_what_to_run(tenant: Tenant, way: str) -> None:
    """Before anything is asked or changed."""
    tenant.connected = tenant.signed_in = False
    for script, arguments in (step for steps in WAYS[way] for step in steps):
        with pytest.raises(Thrown, match=r"Connect-(ExchangeOnline|MgGraph)"):
            run(tenant, script, **arguments)


def test_the_relay_reads_the_group_and_nobody_else(tenant: Tenant) -> None:
    """And the script that grants it proves both."""
    told = run(tenant, "Grant-RelayMailboxAccess", **SCOPED).output
    assert [line for line in told if line.startswith("Proved in Exchange")]
    assert [row["inscope"] for row in tenant.test_serviceprincipalauthorization(RELAY, "ceo@contoso.com")] == [False]


@pytest.mark.parametrize("feature", ["calendars", "scheduling"])
def test_what_a_feature_needs_is_granted_only_where_it_is_named(tenant: Tenant, feature: str) -> None:
    """And taken away alone when it is switched off; what is granted and not needed is told."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    assert list(tenant.roles) == [f"Relay Calendars.Read {RELAY}"]
    with pytest.raises(Thrown, match=r"not in the scope of Application Calendars\.ReadWrite"):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, Feature=[feature], **MAILBOXES)
    run(tenant, "Grant-RelayMailboxAccess", Feature=[feature], **SCOPED)
    granted = {one["role"]: one["customresourcescope"] for one in tenant.roles.values()}
    assert granted == dict.fromkeys(("Application Calendars.Read", "Application Calendars.ReadWrite"), "Calendar Relay")
    with pytest.raises(Thrown, match=r"holds Application Calendars\.ReadWrite, which it does not need"):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
    run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY, Permission=["Calendars.ReadWrite"])
    assert list(tenant.roles) == [f"Relay Calendars.Read {RELAY}"]
    run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)


def test_what_exchange_does_not_grant_is_refused_there(tenant: Tenant) -> None:
    """A feature of Entra's, or one that nobody knows."""
    for feature in ("bookings", "everything"):
        with pytest.raises(Thrown, match="needs nothing in Exchange"):
            run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"Feature": [feature]}))
    with pytest.raises(Thrown, match=r"Place\.Read\.All is not granted in Exchange"):
        run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY, Permission=["Place.Read.All"])
    assert tenant.changes == []


@pytest.mark.parametrize(
    ("mailboxes", "said"),
    [
        ({"MailboxInside": "room9@contoso.com"}, "room9@contoso.com is not in the scope"),
        ({"MailboxOutside": "room1@contoso.com"}, "room1@contoso.com is open to the relay"),
    ],
)
def test_a_scope_that_is_too_narrow_or_too_wide_is_told(tenant: Tenant, mailboxes: dict[str, str], said: str) -> None:
    """The test fails, so that a pipeline stops there."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    with pytest.raises(Thrown, match=said):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **(MAILBOXES | mailboxes))


@pytest.mark.parametrize("role", ["Application Mail.Read", "Application Calendars.Read"])
def test_another_role_in_exchange_is_told_and_outlives_the_undo(tenant: Tenant, role: str) -> None:
    """One without a scope, or one that nobody needs: somebody else's, so it is not removed in passing."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    tenant.new_managementroleassignment("by hand", f"object-of-{RELAY}", role)
    with pytest.raises(Thrown, match=role):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
    session = run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY)
    assert role in session.warnings[0]
    assert list(tenant.roles) == ["by hand"]


def test_the_wrong_object_id_is_found_out(tenant: Tenant) -> None:
    """The registration's instead of the enterprise application's: the mistake that everybody makes once."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    with pytest.raises(Thrown, match="another object id"):
        run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"ObjectId": "app-object"}))


def test_a_scope_or_a_role_of_that_name_for_something_else_is_left_alone(tenant: Tenant) -> None:
    """It would grant something else than what was asked for."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    tenant.roles[f"Relay Calendars.Read {RELAY}"]["customresourcescope"] = ""
    with pytest.raises(Thrown, match="says something else"):
        run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    tenant.scopes["Calendar Relay"]["recipientfilter"] = "Title -like 'VP*'"
    with pytest.raises(Thrown, match="stands for something else"):
        run(tenant, "Grant-RelayMailboxAccess", **SCOPED)


def test_a_group_that_cannot_be_a_scope_is_refused_and_a_nested_one_is_warned_of(tenant: Tenant) -> None:
    """Only direct members count."""
    with pytest.raises(Thrown, match="no mail-enabled security group"):
        run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"Group": "nobody@contoso.com"}))
    nested = Thing(PrimarySmtpAddress="floor1@contoso.com", RecipientType="MailUniversalSecurityGroup")
    tenant.members[ROOMS].append(nested)
    assert "other groups" in run(tenant, "Grant-RelayMailboxAccess", **SCOPED).warnings[0]


def test_a_grant_in_entra_that_defeats_the_scope_is_told_and_can_be_taken_away(tenant: Tenant) -> None:
    """Grants add up: the scope in Exchange holds nobody back who may read everything."""
    tenant.grant("Calendars.Read")
    with pytest.raises(Thrown, match=r"defeated by Calendars\.Read"):
        run(tenant, "Test-RelayPermission", AppId=RELAY)
    run(tenant, "Revoke-RelayPermission", AppId=RELAY, Permission=["Calendars.Read"])
    assert not tenant.grants
    assert "Nothing in Entra defeats" in run(tenant, "Test-RelayPermission", AppId=RELAY).output[-1]


def test_a_permission_that_nobody_needs_is_warned_of_and_left(tenant: Tenant) -> None:
    """It may be somebody else's; it is taken away when it is named."""
    tenant.grant("User.Read.All")
    assert "does not need it" in run(tenant, "Test-RelayPermission", AppId=RELAY).warnings[0]
    run(tenant, "Revoke-RelayPermission", AppId=RELAY)
    assert len(tenant.grants) == 1
    run(tenant, "Revoke-RelayPermission", AppId=RELAY, Permission=["User.Read.All"])
    assert not tenant.grants


@pytest.mark.parametrize("feature", ["relay", "calendars", "everything"])
def test_only_room_lists_are_granted_in_entra(tenant: Tenant, feature: str) -> None:
    """Calendars are granted in Exchange; what the product cannot do yet is granted nowhere."""
    with pytest.raises(Thrown, match="needs nothing in Entra"):
        run(tenant, "Grant-RelayPermission", AppId=RELAY, Feature=feature)
    assert tenant.changes == []


def test_roles_of_others_on_the_registration_stay(tenant: Tenant) -> None:
    """It may serve another API, too."""
    own = Thing(Id="own", Value="Own", DisplayName="Own", Description="", AllowedMemberTypes=["User"], IsEnabled=True)
    tenant.apps[API]["approles"], tenant.apps[API]["identifieruris"] = [own], ["https://contoso.com/own"]
    run(tenant, "Add-RelayAppRole", AppId=API)
    values = [role["value"] for role in tenant.apps[API]["approles"]]
    assert values == ["Own", "Relay.Read", "Relay.Setup", "Relay.Admin"]
    assert tenant.apps[API]["identifieruris"] == ["https://contoso.com/own", f"api://{API}"]
    run(tenant, "Remove-RelayAppRole", AppId=API)
    assert [role["value"] for role in tenant.apps[API]["approles"] if role["isenabled"]] == ["Own"]
    assert tenant.apps[API]["identifieruris"] == ["https://contoso.com/own"]


def test_a_role_that_somebody_has_is_not_removed(tenant: Tenant) -> None:
    """The caller is named."""
    for script, arguments in WAYS["callers"][0]:
        run(tenant, script, **arguments)
    with pytest.raises(Thrown, match="still have a role of the relay: The app"):
        run(tenant, "Remove-RelayAppRole", AppId=API)


def test_a_role_that_is_not_there_yet_is_told(tenant: Tenant) -> None:
    """And which script makes it."""
    with pytest.raises(Thrown, match=r"Run Add-RelayAppRole\.ps1 first"):
        run(tenant, "Grant-RelayCaller", **CALLER)
