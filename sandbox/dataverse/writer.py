"""All writes to an environment's rows: stamps, version numbers, webhooks, and what runs on each save.

Dataverse: Event framework; Understand the execution context (Depth counts writes that follow from a write).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import DUPLICATE, ApiError
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row, new_id


@dataclass(frozen=True)
class Actor:
    """Who writes: the user, a tag that the client sent along, and how deep the write is nested."""

    user_id: str
    tag: str | None = None
    depth: int = 1


@dataclass(frozen=True)
class Write:
    """One write that happened. `columns` are those that the request contained; `before` is None at creation."""

    message: str
    table: Table
    row_id: str
    columns: dict[str, Any]
    before: Row | None
    after: Row | None
    actor: Actor


class Writer:
    """Writes rows and announces each write."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self.followers: list[Callable[[Write], None]] = []
        """Called with each write after it happened: webhooks, Field Service, plug-ins."""

    def create(self, table: Table, columns: dict[str, Any], actor: Actor, row_id: str = "") -> Row:
        """Make a row with the columns' defaults, and return it."""
        organization, columns = self._organization, self._before(table, columns, None, actor)
        row_id = (row_id or new_id()).lower()
        defaults = {name: copy.copy(each.default) for name, each in table.columns.items()}
        row: Row = {**defaults, **self._stamps(actor), "createdon": self._now(), "createdby": actor.user_id}
        if table.owned:
            row |= {"ownerid": actor.user_id, "owningbusinessunit": self._unit_of(columns.get("ownerid"), actor)}
        row |= {**columns, table.key: row_id}
        _align_state(row, columns)
        organization.rows.put(table.name, row_id, row)
        self._announce(Write("Create", table, row_id, dict(columns), None, row, actor))
        return row

    def update(self, table: Table, row: Row, columns: dict[str, Any], actor: Actor) -> Row:
        """Change a row; a write without a difference is one, too: it has a new version number."""
        before, columns = dict(row), self._before(table, columns, row, actor)
        row_id = str(row[table.key])
        changed = {**row, **columns, **self._stamps(actor)}
        _align_state(changed, columns)
        self._organization.rows.put(table.name, row_id, changed)
        self._announce(Write("Update", table, row_id, dict(columns), before, changed, actor))
        return changed

    def delete(self, table: Table, row: Row, actor: Actor) -> None:
        """Delete a row; it can be restored."""
        row_id = str(row[table.key])
        self._organization.rows.delete(table.name, row_id)
        self._announce(Write("Delete", table, row_id, {}, dict(row), None, actor))

    def restore(self, table: Table, row_id: str, actor: Actor) -> Row:
        """Put a row of the recycle bin back, with its id: a message of its own, for which no step of Create runs.

        Raises KeyError for a row that is not there, ApiError when a row was made with its id since.
        """
        if self._organization.rows.get(table.name, row_id) is not None:
            raise ApiError(412, DUPLICATE, "A record with matching key values already exists.")
        row = {**self._organization.rows.bin.pop((table.name, row_id.lower())), **self._stamps(actor)}
        self._organization.rows.put(table.name, row_id, row)
        self._announce(Write("Restore", table, row_id.lower(), dict(row), None, row, actor))
        return row

    def _before(self, table: Table, columns: dict[str, Any], row: Row | None, actor: Actor) -> dict[str, Any]:
        """Let what runs within a save change the columns, or refuse."""
        for step in list(self._organization.before_save):
            columns = step(table, columns, row, actor)
        return columns

    def _announce(self, write: Write) -> None:
        for follower in self.followers:
            follower(write)

    def _stamps(self, actor: Actor) -> dict[str, Any]:
        return {"modifiedon": self._now(), "modifiedby": actor.user_id}

    def _now(self) -> Any:
        return self._organization.clock.now().replace(microsecond=0)

    def _unit_of(self, owner: str | None, actor: Actor) -> str:
        owner_row = self._organization.rows.get("systemuser", owner or actor.user_id) or {}
        return str(owner_row.get("businessunitid") or self._organization.ids["unit:root"])


def _align_state(row: Row, columns: dict[str, Any]) -> None:
    """Give a status reason that fits the state, when only one of both was written."""
    if "statecode" in columns and "statuscode" not in columns and isinstance(row.get("statuscode"), int):
        row["statuscode"] = int(row["statecode"]) + 1
    elif "statuscode" in columns and "statecode" not in columns and row.get("statecode") in (0, 1):
        row["statecode"] = int(row["statuscode"]) - 1
