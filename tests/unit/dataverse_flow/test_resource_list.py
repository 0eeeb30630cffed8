"""What cannot be read takes no resource from those that are followed, and adds none."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.dataverse.flow.resource_list import ResourceList
from shared.dataverse.look import ResourceState
from shared.errors import GraphUnavailable
from shared.policy.allow_list import Decision
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.watches import Watch, watch_id_of
from tests.support.table import FakeTable

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
ID, OLA, OTHER = "11111111-0000-4000-8000-000000000001", "ola@contoso.com", "new@contoso.com"
FOLLOWED = StoredResource(uuid.UUID(ID).hex, OLA, watch_id_of(OLA), "entra-ola", "followed", read_at=NOW)


def row_of(address: str = OLA, user_id: str = "entra-ola") -> dict[str, Any]:
    """Return a marked resource of a user as Dataverse returns it."""
    user = {"internalemailaddress": address, "azureactivedirectoryobjectid": user_id, "isdisabled": False}
    return {"bookableresourceid": ID, "resourcetype": 3, "statecode": 0, "UserId": user, "new_mark": True}


@dataclass
class Tenant:
    """Dataverse with one resource, the allow-list, the owners and the watches of the feature."""

    row: dict[str, Any] = field(default_factory=row_of)
    allowed: dict[str, bool | None] = field(default_factory=lambda: {OLA: True, OTHER: True})
    owner_error: GraphUnavailable | None = None
    now: datetime = NOW + timedelta(days=2)  # the owner is asked again
    released: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def resources(self, column: str) -> list[dict[str, Any]]:
        """Return the marked ones."""
        return [self.row] if self.row[column] else []

    def resource(self, resource_id: str, column: str = "") -> dict[str, Any]:
        """Return the one."""
        del resource_id, column
        return self.row

    def may(self, watch: object, mailbox: str, *_: str) -> Decision:
        """Answer as the allow-list does."""
        del watch
        return Decision(allowed=self.allowed[mailbox])

    def owner(self, user: str) -> str:
        """Return the owner of a calendar."""
        if self.owner_error is not None:
            raise self.owner_error
        return {"entra-ola": OLA, "entra-new": OTHER}[user]

    def hold(self, mailbox: str) -> Watch:
        """Hold a watch."""
        self.held.append(mailbox)
        return Watch(watch_id_of(mailbox), mailbox, "relay", self.now)

    def release(self, mailbox: str) -> None:
        """Release a watch."""
        self.released.append(mailbox)


@dataclass
class Listed:
    """The list over a tenant, with its rows."""

    tenant: Tenant
    rows: Resources

    def refresh(self) -> StoredResource:
        """Refresh the list and return the resource's row."""
        tenant: Any = self.tenant
        ResourceList(
            environment=tenant, resources=self.rows, watching=tenant, permission=tenant, owner=tenant.owner,
            marked=lambda: "column:new_mark", now=lambda: tenant.now,
        ).refresh()  # fmt: skip
        (row,) = self.rows.all()
        return row


def listed(*stored: StoredResource, **tenant: Any) -> Listed:
    """Return a list that knows resources."""
    table: Any = FakeTable()
    rows = Resources(lambda: table)
    for each in stored:
        rows.insert(each)
    return Listed(Tenant(**tenant), rows)


UNKNOWN: dict[str, dict[str, Any]] = {
    "allow-list": {"allowed": {OLA: None, OTHER: None}},
    "owner": {"owner_error": GraphUnavailable(503, "ServiceUnavailable")},
}


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_followed_resource_stays_followed(unknown: str) -> None:
    """While a room list of ALLOWED_MAILBOXES, or the owner, cannot be read."""
    state = listed(FOLLOWED, **UNKNOWN[unknown])
    row = state.refresh()
    assert (row.state, row.mailbox, state.tenant.released) == ("followed", OLA, [])


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_new_resource_is_not_followed_yet(unknown: str) -> None:
    """It is once the answer is there."""
    state = listed(**UNKNOWN[unknown])
    assert state.refresh().state != ResourceState.FOLLOWED
    assert state.tenant.held == []
    state.tenant = Tenant()
    assert (state.refresh().state, state.tenant.held) == ("followed", [OLA])


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_another_user_is_stored_with_her_mailbox_only(unknown: str) -> None:
    """A user without her mailbox would make the next run believe that the former mailbox is hers."""
    recent = replace(FOLLOWED, read_at=NOW + timedelta(days=2))
    state = listed(recent, row=row_of(OTHER, "entra-new"), **UNKNOWN[unknown])
    row = state.refresh()
    assert (row.user_id, row.mailbox) == ("entra-ola", OLA)
    state.tenant = Tenant(row=row_of(OTHER, "entra-new"))
    row = state.refresh()
    assert (row.user_id, row.mailbox, state.tenant.released) == ("entra-new", OTHER, [OLA])


@pytest.mark.parametrize("state", ["offList", "refused"])
def test_a_resource_that_is_left_releases_its_watch_whatever_its_state(state: str) -> None:
    """Else its mailbox would be watched for ever; once released, it is not released again."""
    left = listed(replace(FOLLOWED, state=state), row=row_of() | {"new_mark": False})
    assert (left.refresh().state, left.tenant.released) == ("unmarked", [OLA])
    left.refresh()
    assert left.tenant.released == [OLA]
