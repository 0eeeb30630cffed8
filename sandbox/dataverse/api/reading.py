"""Reads of rows: one by its id, and lists by page.

Dataverse: Retrieve a table row using the Web API; Page results (odata.maxpagesize, @odata.nextLink).
"""

from functools import partial
from typing import Any

from sandbox.dataverse.api import tracking
from sandbox.dataverse.api.call import Answer, Call
from sandbox.dataverse.api.pages import link, truthful
from sandbox.dataverse.api.query import TRACK, Query, page_size, query_of
from sandbox.dataverse.api.representation import context, expanded
from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import ApiError, invalid, no_row
from sandbox.dataverse.privileges import depth_of, reaches, require
from sandbox.dataverse.rows import Row, etag


def get(call: Call, table: Table, row_id: str) -> Answer:
    """Return one row. Raises ApiError: 404 with 0x80040217 for a row that does not exist, 403, 400."""
    organization, query = call.organization, query_of(call, table)
    require(organization, call.user_id, table, "Read")
    if row_id in organization.lies.not_found:
        raise ApiError(404, "", "Not Found")
    row = organization.rows.get(table.name, row_id)
    if row is None:
        raise no_row(table.name, row_id)
    require(organization, call.user_id, table, "Read", row)
    if call.headers.get("If-None-Match") == etag(row):
        return Answer(304)
    part = f"{table.set}/$entity"
    return Answer(200, {**context(organization, part), **expanded(organization, table, row, query)})


def listed(call: Call, table: Table) -> Answer:
    """Return one page of a set's rows that the caller may see."""
    if TRACK in call.preferences or "$deltatoken" in call.query:
        return tracking.walked(call, table)
    organization, query = call.organization, query_of(call, table)
    require(organization, call.user_id, table, "Read")
    rows = [row for row in _visible(call, table) if query.condition is None or query.condition(row)]
    for name, descends in reversed([*query.orderby, (table.key, False)]):
        rows.sort(key=partial(_order, name), reverse=descends)
    return Answer(200, {**context(organization, table.set), **_page(call, table, rows, query)})


def _page(call: Call, table: Table, rows: list[Row], query: Query) -> dict[str, Any]:
    """Return a page: with $top all of its rows, else those from the link's position on."""
    organization = call.organization
    start, size = _position(query), query.top if query.top is not None else page_size(call)
    annotations: dict[str, Any] = {"@odata.count": min(len(rows), 5000)} if query.count else {}
    if query.top is None and start + size < len(rows):
        annotations["@odata.nextLink"] = link(call, table, **{"$skiptoken": str(start + size)})
    shown = rows[start : start + size]
    return {**annotations, "value": [expanded(organization, table, row, query) for row in shown]}


def _order(name: str, row: Row) -> tuple[bool, Any]:
    """Return what orders a row by a column: null first, texts without regard to case."""
    value = row.get(name)
    return value is not None, value.lower() if isinstance(value, str) else value


def _position(query: Query) -> int:
    token = query.given.get("$skiptoken", "0")
    if not token.isdecimal():
        raise invalid("The $skiptoken is malformed.", "0x80060888")
    return int(token)


def _visible(call: Call, table: Table) -> list[Row]:
    """Return the rows that the caller's depth covers, and that no lie leaves out."""
    organization = call.organization
    rows = organization.before_lie if organization.before_lie is not None else organization.rows
    depth = depth_of(organization, call.user_id, table.privilege_for("Read")) or "Basic"
    seen = [row for row in rows.of(table.name).values() if reaches(organization, call.user_id, table, depth, row)]
    return truthful(organization, table, seen)
