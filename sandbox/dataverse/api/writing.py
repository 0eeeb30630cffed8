"""Writes of rows: POST, PATCH and DELETE, with their conditions.

Dataverse: Create, Update and delete table rows using the Web API; Perform conditional operations (a PATCH to an id that
does not exist creates the row unless If-Match prevents it); Optimistic concurrency.
"""

from collections.abc import Iterable

from sandbox.dataverse.api.bodies import columns_of
from sandbox.dataverse.api.call import Answer, Call
from sandbox.dataverse.api.query import query_of
from sandbox.dataverse.api.representation import context, row_json
from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import DUPLICATE, MISMATCH, NO_CONCURRENCY, ApiError, invalid, no_row
from sandbox.dataverse.privileges import require
from sandbox.dataverse.rows import Row, etag

EXISTS = "A record with matching key values already exists."


def post(call: Call, table: Table) -> Answer:
    """Make a row, with the id in its body if there is one."""
    columns = columns_of(call, table, creates=True)
    row_id = str(columns.pop(table.key, ""))
    if row_id and call.organization.rows.get(table.name, row_id) is not None:
        raise ApiError(412, DUPLICATE, EXISTS)
    return _created(call, table, row_id, columns)


def patch(call: Call, table: Table, row_id: str) -> Answer:
    """Change a row, or make it; If-Match and If-None-Match say which."""
    row = call.organization.rows.get(table.name, row_id)
    _check_conditions(call, table, row_id, row)
    if row is None:
        columns = columns_of(call, table, creates=True)
        if columns.pop(table.key, row_id) != row_id:
            raise invalid("The key in the body differs from the one in the address.")
        return _created(call, table, row_id, columns)
    require(call.organization, call.user_id, table, "Write", row)
    columns = columns_of(call, table, creates=False)
    _require_lookups(call, table, columns, row)
    changed = call.organization.writer.update(table, row, columns, call.actor)
    return _written(call, table, changed, 200)


def delete(call: Call, table: Table, row_id: str) -> Answer:
    """Delete a row."""
    row = call.organization.rows.get(table.name, row_id)
    _check_conditions(call, table, row_id, row)
    if row is None:
        raise no_row(table.name, row_id)
    require(call.organization, call.user_id, table, "Delete", row)
    _check_deletable(call, table, row_id)
    call.organization.writer.delete(table, row, call.actor)
    return Answer(204)


def _created(call: Call, table: Table, row_id: str, columns: dict[str, object]) -> Answer:
    require(call.organization, call.user_id, table, "Create")
    _require_lookups(call, table, columns, None)
    row = call.organization.writer.create(table, columns, call.actor, row_id)
    return _written(call, table, row, 201)


def _check_conditions(call: Call, table: Table, row_id: str, row: Row | None) -> None:
    """Raise ApiError: 404 or 412 when the row is not as the headers demand, 400 where etags are not supported."""
    match, none_match = call.headers.get("If-Match"), call.headers.get("If-None-Match")
    if match is not None and none_match is not None:
        raise invalid("If-Match and If-None-Match cannot be combined.")
    if match not in (None, "*") and not table.concurrency:
        raise invalid(f"Optimistic concurrency is not enabled for entity type {table.name}.", NO_CONCURRENCY)
    if match is not None and row is None:
        raise no_row(table.name, row_id)
    if match not in (None, "*") and row is not None and match != etag(row):
        raise ApiError(
            412, MISMATCH, "The version of the existing record doesn't match the RowVersion property provided."
        )
    if none_match is not None and row is not None and none_match in ("*", etag(row)):
        raise ApiError(412, DUPLICATE, EXISTS)


def _require_lookups(call: Call, table: Table, columns: dict[str, object], row: Row | None) -> None:
    """Raise ApiError (403) unless the caller may append each row to those that its lookups name, and assign it."""
    organization = call.organization
    for name in _lookups(table, columns):
        target = next(each for each in table.columns[name].targets)
        if name == "ownerid":
            if columns[name] != (row or {}).get("ownerid", call.user_id):
                require(organization, call.user_id, table, "Assign", row)
            continue
        require(organization, call.user_id, table, "Append", row)
        other = organization.rows.get(target, str(columns[name]))
        require(organization, call.user_id, organization.tables[target], "AppendTo", other)


def _lookups(table: Table, columns: dict[str, object]) -> Iterable[str]:
    return [name for name, value in columns.items() if value is not None and table.columns[name].kind == "lookup"]


def _check_deletable(call: Call, table: Table, row_id: str) -> None:
    """Raise ApiError (400) for a row that others need: a resource with bookings, a user who owns rows."""
    names = {"bookableresource": "resource", "systemuser": "ownerid", "serviceendpoint": "eventhandler"}
    column = names.get(table.name)
    if column is None:
        return
    for other in call.organization.tables.values():
        holds = column in other.columns and table.name in other.columns[column].targets
        if holds and any(row.get(column) == row_id for row in call.organization.rows.of(other.name).values()):
            text = f"The {table.name} cannot be deleted because it is referenced by {other.name}."
            raise ApiError(400, "0x8004f01f", text)


def _written(call: Call, table: Table, row: Row, status: int) -> Answer:
    """Return 204 with the row's address, or the row if the caller prefers that."""
    address = f"{call.organization.base}/{table.set}({row[table.key]})"
    headers = {"OData-EntityId": address, "Location": address}
    if call.preferences.get("return") != "representation":
        return Answer(204, None, headers)
    query = query_of(call, table)
    body = {**context(call.organization, f"{table.set}/$entity"),
            **row_json(call.organization, table, row, query.select)}  # fmt: skip
    return Answer(status, body, {**headers, "Preference-Applied": "return=representation"})
