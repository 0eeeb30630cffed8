"""The permission scripts on a tenant in memory: their effects are those that they describe.

No PowerShell is needed: tests/support/powershell/interpreter.py runs the part of it that the scripts use.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.powershell.scripts import CALLER, MAILBOXES, SCOPED, dry_run, run
from tests.support.powershell.tenant import API, RELAY, ROOMS, Tenant
from tests.support.powershell.values import Thing, Thrown

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
    """Return a new tenant."""
    return Tenant()


@pytest.mark.parametrize("way", WAYS)
def test_a_dry_run_changes_nothing_and_names_every_change(tenant: Tenant, way: str) -> None:
    """With -WhatIf a grant or its undo changes nothing and names every change."""
    for steps in WAYS[way]:
        for script, arguments in steps:
            tenant.changes.clear()
            before = tenant.kept()
            planned = dry_run(tenant, script, **arguments).what_if
            assert tenant.kept() == before
            assert tenant.changes == []
            run(tenant, script, **arguments)
            assert planned
            assert len(set(planned)) == len(planned) <= len(tenant.changes)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_run_changes_nothing(tenant: Tenant, way: str) -> None:
    """An administrator who is unsure may run a script again."""
    for steps in WAYS[way]:
        for script, arguments in steps:
            run(tenant, script, **arguments)
        tenant.changes.clear()
        for script, arguments in steps:
            assert dry_run(tenant, script, **arguments).what_if == []
            run(tenant, script, **arguments)
        assert tenant.changes == []


@pytest.mark.parametrize("way", WAYS)
def test_the_undo_restores_the_tenant(tenant: Tenant, way: str) -> None:
    """The tenant is the same as before the grant."""
    before = tenant.kept()
    granting, undoing = WAYS[way]
    for script, arguments in granting:
        run(tenant, script, **arguments)
    assert tenant.kept() != before
    for script, arguments in undoing:
        run(tenant, script, **arguments)
    assert tenant.kept() == before


@pytest.mark.parametrize("way", WAYS)
def test_without_a_connection_a_script_names_the_command_to_run(tenant: Tenant, way: str) -> None:
    """It stops before it reads or changes anything."""
    tenant.connected = tenant.signed_in = False
    for script, arguments in (step for steps in WAYS[way] for step in steps):
        with pytest.raises(Thrown, match=r"Connect-(ExchangeOnline|MgGraph)"):
            run(tenant, script, **arguments)


def test_the_relay_can_read_only_the_group(tenant: Tenant) -> None:
    """The granting script proves access to a member and no access to another mailbox."""
    output = run(tenant, "Grant-RelayMailboxAccess", **SCOPED).output
    assert [line for line in output if line.startswith("Proved in Exchange")]
    assert [row["inscope"] for row in tenant.test_serviceprincipalauthorization(RELAY, "ceo@contoso.com")] == [False]


@pytest.mark.parametrize("feature", ["calendars", "scheduling"])
def test_the_permission_of_a_feature_is_granted_only_with_the_feature(tenant: Tenant, feature: str) -> None:
    """It is revoked alone when the feature is switched off; a permission without its feature is reported."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    assert list(tenant.roles) == [f"Relay Calendars.Read {RELAY}"]
    with pytest.raises(Thrown, match=r"not in the scope of Application Calendars\.ReadWrite"):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, Feature=[feature], **MAILBOXES)
    run(tenant, "Grant-RelayMailboxAccess", Feature=[feature], **SCOPED)
    granted = {role["role"]: role["customresourcescope"] for role in tenant.roles.values()}
    assert granted == dict.fromkeys(("Application Calendars.Read", "Application Calendars.ReadWrite"), "Calendar Relay")
    with pytest.raises(Thrown, match=r"holds Application Calendars\.ReadWrite, which it does not need"):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
    run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY, Permission=["Calendars.ReadWrite"])
    assert list(tenant.roles) == [f"Relay Calendars.Read {RELAY}"]
    run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)


def test_a_permission_that_exchange_does_not_grant_is_rejected(tenant: Tenant) -> None:
    """A feature with permissions in Entra ID and an unknown feature are rejected alike."""
    for feature in ("bookings", "everything"):
        with pytest.raises(Thrown, match="needs nothing in Exchange"):
            run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"Feature": [feature]}))
    with pytest.raises(Thrown, match=r"Place\.Read\.All is not granted in Exchange"):
        run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY, Permission=["Place.Read.All"])
    assert tenant.changes == []


@pytest.mark.parametrize(
    ("mailboxes", "error"),
    [
        ({"MailboxInside": "room9@contoso.com"}, "room9@contoso.com is not in the scope"),
        ({"MailboxOutside": "room1@contoso.com"}, "room1@contoso.com is open to the relay"),
    ],
)
def test_a_scope_that_is_too_narrow_or_too_wide_is_an_error(
    tenant: Tenant, mailboxes: dict[str, str], error: str
) -> None:
    """The testing script fails, so that a pipeline stops."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    with pytest.raises(Thrown, match=error):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **(MAILBOXES | mailboxes))


@pytest.mark.parametrize("role", ["Application Mail.Read", "Application Calendars.Read"])
def test_another_role_in_exchange_is_reported_and_kept(tenant: Tenant, role: str) -> None:
    """It may belong to another application, so the undo does not remove it."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    tenant.new_managementroleassignment("by hand", f"object-of-{RELAY}", role)
    with pytest.raises(Thrown, match=role):
        run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
    session = run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY)
    assert role in session.warnings[0]
    assert list(tenant.roles) == ["by hand"]


def test_a_wrong_object_id_is_detected(tenant: Tenant) -> None:
    """A common mistake is to use the object id of the registration, not of the enterprise application."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    with pytest.raises(Thrown, match="another object id"):
        run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"ObjectId": "app-object"}))


def test_an_existing_scope_or_role_with_other_values_is_an_error(tenant: Tenant) -> None:
    """Using it would grant something else than requested."""
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    tenant.roles[f"Relay Calendars.Read {RELAY}"]["customresourcescope"] = ""
    with pytest.raises(Thrown, match="exists with other values"):
        run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    tenant.scopes["Calendar Relay"]["recipientfilter"] = "Title -like 'VP*'"
    with pytest.raises(Thrown, match="exists with another filter"):
        run(tenant, "Grant-RelayMailboxAccess", **SCOPED)


def test_an_unsuitable_group_is_rejected_and_a_nested_group_is_a_warning(tenant: Tenant) -> None:
    """Only direct members of a group are in the scope."""
    with pytest.raises(Thrown, match="no mail-enabled security group"):
        run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"Group": "nobody@contoso.com"}))
    nested = Thing(PrimarySmtpAddress="floor1@contoso.com", RecipientType="MailUniversalSecurityGroup")
    tenant.members[ROOMS].append(nested)
    assert "other groups" in run(tenant, "Grant-RelayMailboxAccess", **SCOPED).warnings[0]


def test_a_grant_in_entra_that_defeats_the_scope_is_reported_and_can_be_revoked(tenant: Tenant) -> None:
    """Grants add up, so with a grant for every calendar the scope in Exchange restricts nothing."""
    tenant.grant("Calendars.Read")
    with pytest.raises(Thrown, match=r"defeated by Calendars\.Read"):
        run(tenant, "Test-RelayPermission", AppId=RELAY)
    run(tenant, "Revoke-RelayPermission", AppId=RELAY, Permission=["Calendars.Read"])
    assert not tenant.grants
    assert "Nothing in Entra defeats" in run(tenant, "Test-RelayPermission", AppId=RELAY).output[-1]


def test_an_unneeded_permission_is_a_warning_and_is_kept(tenant: Tenant) -> None:
    """It may belong to another application; it is revoked only if it is named."""
    tenant.grant("User.Read.All")
    assert "does not need it" in run(tenant, "Test-RelayPermission", AppId=RELAY).warnings[0]
    run(tenant, "Revoke-RelayPermission", AppId=RELAY)
    assert len(tenant.grants) == 1
    run(tenant, "Revoke-RelayPermission", AppId=RELAY, Permission=["User.Read.All"])
    assert not tenant.grants


@pytest.mark.parametrize("feature", ["relay", "calendars", "everything"])
def test_features_without_permissions_in_entra_are_rejected(tenant: Tenant, feature: str) -> None:
    """Calendars are granted in Exchange, and an unknown feature has no permission."""
    with pytest.raises(Thrown, match="needs nothing in Entra"):
        run(tenant, "Grant-RelayPermission", AppId=RELAY, Feature=feature)
    assert tenant.changes == []


def test_other_roles_of_the_registration_are_kept(tenant: Tenant) -> None:
    """The registration may serve another API, too."""
    own = Thing(Id="own", Value="Own", DisplayName="Own", Description="", AllowedMemberTypes=["User"], IsEnabled=True)
    tenant.apps[API]["approles"], tenant.apps[API]["identifieruris"] = [own], ["https://contoso.com/own"]
    run(tenant, "Add-RelayAppRole", AppId=API)
    values = [role["value"] for role in tenant.apps[API]["approles"]]
    assert values == ["Own", "Relay.Read", "Relay.Setup", "Relay.Admin"]
    assert tenant.apps[API]["identifieruris"] == ["https://contoso.com/own", f"api://{API}"]
    run(tenant, "Remove-RelayAppRole", AppId=API)
    assert [role["value"] for role in tenant.apps[API]["approles"] if role["isenabled"]] == ["Own"]
    assert tenant.apps[API]["identifieruris"] == ["https://contoso.com/own"]


def test_a_role_that_is_assigned_is_not_removed(tenant: Tenant) -> None:
    """The error names the caller."""
    for script, arguments in WAYS["callers"][0]:
        run(tenant, script, **arguments)
    with pytest.raises(Thrown, match="still have a role of the relay: The app"):
        run(tenant, "Remove-RelayAppRole", AppId=API)


def test_a_missing_role_is_an_error(tenant: Tenant) -> None:
    """The error names the script that creates it."""
    with pytest.raises(Thrown, match=r"Run Add-RelayAppRole\.ps1 first"):
        run(tenant, "Grant-RelayCaller", **CALLER)
