"""Claims about the permission scripts where a tenant has several relays."""

from __future__ import annotations

import pytest

from tests.support.powershell.tenant import RELAY, Tenant
from tests.support.powershell.values import Thing, Thrown
from tests.unit.infra.test_permission_scripts import MAILBOXES, SCOPED, run

OTHER = "40000000-0000-4000-8000-000000000000"


def test_two_relays_of_one_group_do_not_touch_each_other() -> None:
    """A second environment, or the new identity after a removal: it gets what is its own, and takes back no more."""
    tenant = Tenant()
    before = tenant.kept()
    run(tenant, "Grant-RelayMailboxAccess", **SCOPED)
    first = tenant.kept()
    run(tenant, "Revoke-RelayMailboxAccess", AppId=OTHER)
    assert tenant.kept() == first
    run(tenant, "Grant-RelayMailboxAccess", **(SCOPED | {"AppId": OTHER, "ObjectId": f"object-of-{OTHER}"}))
    assert sorted(one["app"] for one in tenant.roles.values()) == [f"object-of-{RELAY}", f"object-of-{OTHER}"]
    told = run(tenant, "Revoke-RelayMailboxAccess", dry=True, AppId=OTHER)
    assert [line for line in told.what_if if "scope" in line] == []
    assert f"Relay Calendars.Read {RELAY}" in run(tenant, "Revoke-RelayMailboxAccess", AppId=OTHER).warnings[0]
    assert tenant.kept() == first
    run(tenant, "Test-RelayMailboxAccess", AppId=RELAY, **MAILBOXES)
    run(tenant, "Revoke-RelayMailboxAccess", AppId=RELAY)
    assert tenant.kept() == before


def test_a_relay_of_another_group_has_another_scope() -> None:
    """With a name of its own, which is asked for."""
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
