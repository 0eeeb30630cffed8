"""Control of rows: what dispatchers and technicians write on the board, and the rows as they are.

Edits pass through the Web API's own code, as another user, so that they are checked in the same way.
"""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict
from pydantic import Field

from sandbox.dataverse.api.bodies import columns_of
from sandbox.dataverse.api.call import Call, set_of
from sandbox.dataverse.api.representation import row_json
from sandbox.dataverse.api.router import perform
from sandbox.dataverse.columns import Table
from sandbox.dataverse.control.answers import control
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Actor
from sandbox.tenant.control import body_of
from sandbox.tenant.seed import Strict

ROWS, BOOKINGS = "/_control/rows", "bookableresourcebookings"


class Many(Strict):
    """Many bookings of one body; the times of each lie some minutes after those of the one before."""

    count: int = Field(ge=1, le=500_000)
    shift_minutes: int = Field(default=60, ge=0)
    body: dict[str, Any]


class Touch(Strict):
    """Columns that are written to many bookings."""

    body: dict[str, Any]
    ids: list[str] | None = None


def routes(organization: Organization, _environments: Any) -> list[web.RouteDef]:
    """Return the routes."""
    return [
        web.get("/_control", control(organization, listing)),
        web.get(f"{ROWS}/{{set}}", control(organization, every)),
        web.get(f"{ROWS}/{{set}}/{{id}}", control(organization, single)),
        web.post(f"{ROWS}/{{set}}", control(organization, write)),
        web.post(f"{ROWS}/{{set}}/{{id}}/restore", control(organization, restore)),
        web.post("/_control/bookings/many", control(organization, many)),
        web.post("/_control/bookings/touch", control(organization, touch)),
        web.patch(f"{ROWS}/{{set}}/{{id}}", control(organization, write)),
        web.delete(f"{ROWS}/{{set}}/{{id}}", control(organization, write)),
    ]


async def listing(organization: Organization, request: web.Request) -> Any:
    """List the control routes, the environment's ids, and ids of its seeded rows by name."""
    routes = [
        {"route": f"{route.method} {route.resource.canonical}",
         "does": (route.handler.__doc__ or "").strip().partition("\n")[0]}
        for route in request.app.router.routes()
        if route.resource and route.method != "HEAD" and "/_control" in route.resource.canonical
    ]  # fmt: skip
    return {
        "organizationId": organization.organization_id,
        "environmentId": organization.environment_id,
        "ids": organization.ids,
        "routes": routes,
    }


async def every(organization: Organization, request: web.Request) -> Any:
    """Return all rows of a set as they are, whatever lists say."""
    table = set_of(organization, request.match_info["set"])
    rows = organization.rows.of(table.name).values()
    return {"value": [_true(organization, table, row) for row in rows]}


async def single(organization: Organization, request: web.Request) -> Any:
    """Return one row as it is."""
    table = set_of(organization, request.match_info["set"])
    return _true(organization, table, organization.rows.of(table.name)[request.match_info["id"].lower()])


async def write(organization: Organization, request: web.Request) -> Any:
    """Make, change or delete a row as a person: ?as=dispatcher (default), technician, optimizer or fieldservice."""
    content = await request.read()
    path = unquote(request.match_info["set"])
    if "id" in request.match_info:
        path += f"({request.match_info['id']})"
    headers = CIMultiDict({"Prefer": "return=representation"})
    if request.method == "PATCH":
        headers["If-Match"] = "*"
    call = Call(organization, request.method, [path], {}, headers, json.loads(content) if content else None,
                _person(organization, request))  # fmt: skip
    return perform(call).body


async def restore(organization: Organization, request: web.Request) -> Any:
    """Put a row of the recycle bin back, with its id."""
    table = set_of(organization, request.match_info["set"])
    row = organization.writer.restore(table, request.match_info["id"], Actor(_person(organization, request)))
    return _true(organization, table, row)


async def many(organization: Organization, request: web.Request) -> Any:
    """Make many bookings of one body: {"count", "shiftMinutes"?: 60, "body"}; each starts later than the one before."""
    given = await body_of(request, Many)
    headers = CIMultiDict({"Prefer": "return=representation"})
    call = Call(organization, "POST", [BOOKINGS], {}, headers, given.body, _person(organization, request))
    table, first = set_of(organization, BOOKINGS), columns_of(call, set_of(organization, BOOKINGS), creates=True)
    made, imported = [], Actor(call.user_id, depth=2)  # as an import does, for which Field Service writes nothing
    for number in range(given.count):
        step = timedelta(minutes=given.shift_minutes * number)
        times = {name: first[name] + step for name in ("starttime", "endtime")}
        made.append(organization.writer.create(table, {**first, **times}, imported)[table.key])
    return {"ids": made}


async def touch(organization: Organization, request: web.Request) -> Any:
    """Write a body's columns to all bookings, or to those with these ids: {"body", "ids"?}; return their number."""
    given, table = await body_of(request, Touch), set_of(organization, BOOKINGS)
    call = Call(organization, "PATCH", [BOOKINGS], {}, CIMultiDict(), given.body, _person(organization, request))
    columns, rows = columns_of(call, table, creates=False), organization.rows.of(table.name)
    chosen = list(rows.values()) if given.ids is None else [rows[each.lower()] for each in given.ids]
    for row in chosen:
        organization.writer.update(table, row, columns, call.actor)
    return {"written": len(chosen)}


def _person(organization: Organization, request: web.Request) -> str:
    return organization.ids[f"user:{request.query.get('as', 'dispatcher').lower()}"]


def _true(organization: Organization, table: Table, row: Row) -> dict[str, Any]:
    return row_json(organization, table, row, masks=False)
