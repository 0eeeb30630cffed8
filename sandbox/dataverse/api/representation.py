"""Rows as the Web API shows them: times in UTC with Z, lookups as _name_value, and an etag.

Dataverse: Retrieve a table row using the Web API; Behavior and format of the date and time column.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.dataverse.api.query import Query
from sandbox.dataverse.columns import Table
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row, etag


def row_json(
    organization: Organization, table: Table, row: Row, select: Sequence[str] | None = None, *, masks: bool = True
) -> dict[str, Any]:
    """Return a row with the selected properties, its key and its etag; what an app may not see is null."""
    masked = organization.lies.masked.get(str(row[table.key]), frozenset()) if masks else frozenset()
    columns = [each for each in table.columns.values() if each.readable]
    shown = {
        each.property: None if each.name in masked or each.property in masked else value_json(row.get(each.name))
        for each in columns
        if select is None or each.property in select or each.name == table.key
    }
    return {"@odata.etag": etag(row), **shown}


def expanded(organization: Organization, table: Table, row: Row, query: Query) -> dict[str, Any]:
    """Return a row by the options of a read, with the rows to which expanded lookups lead."""
    item = row_json(organization, table, row, query.select)
    for column, select in query.expand:
        target = organization.tables[column.targets[0]]
        found = organization.rows.get(target.name, str(row.get(column.name) or ""))
        item[column.navigation] = None if found is None else row_json(organization, target, found, select)
    return item


def value_json(value: Any) -> Any:
    """Return a value as the Web API writes it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value


def context(organization: Organization, part: str) -> dict[str, str]:
    """Return the context annotation of a response."""
    return {"@odata.context": f"{organization.base}/$metadata#{part}"}
