"""The permission scripts in a tenant with several relays."""

from __future__ import annotations

import pytest

from tests.support.powershell.scripts import MAILBOXES, SCOPED, dry_run, run
from tests.support.powershell.tenant import RELAY, Tenant
from tests.support.powershell.values import Thing, Thrown

OTHER = "40000000-0000-4000-8000-000000000000"


def test_two_relays_with_the_same_group_are_independent() -> None:
    """Granting and revoking the permissions of a second relay does not affect the first."""
    tenant = Tenant()
    before = tenant.kept()
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    first = tenant.kept()
    run(tenant, "Revoke-RelayMailboxAccess", AppId=OTHER)
    assert tenant.kept() == first
    run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"AppId": OTHER, "ObjectId": f"object-of-{OTHER}"}))
    assert sorted(role["app"] for role in tenant.roles.values()) == [f"object-of-{RELAY}", f"object-of-{OTHER}"]
    dry = dry_run(tenant, "Revoke-RelayMailboxAccess", AppId=OTHER)
    assert [line for line in dry.what_if if "scope" in line] == []
    assert f"Relay Calendars.Read {RELAY}" in run(tenant, "Revoke-RelayMailboxAccess", AppId=OTHER).warnings[0]
    assert tenant.kept() == first
    run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
    run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY)
    assert tenant.kept() == before


def test_a_relay_of_another_group_has_another_scope() -> None:
    """The second scope needs another name, which the script demands."""
    tenant = Tenant()
    tenant.members["floor2@contoso.com"] = [Thing(PrimarySmtpAddress="room2@contoso.com", RecipientType="UserMailbox")]
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    second = SCOPED | {"AppId": OTHER, "ObjectId": f"object-of-{OTHER}", "Group": "floor2@contoso.com",
                       "MailboxInside": "room2@contoso.com", "MailboxOutside": "room1@contoso.com"}  # fmt: skip
    with pytest.raises(Thrown, match="Choose another -Name"):
        run(tenant, "Grant-RelayMailboxAccess", **second)
    run(tenant, "Grant-RelayMailboxAccess", Name="Second floor", **second)
    assert tenant.scopes.keys() == {"Calendar Relay", "Second floor"}
    run(tenant, "Revoke-RelayMailboxAccess", AppId=OTHER, Name="Second floor")
    assert tenant.scopes.keys() == {"Calendar Relay"}
    run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
