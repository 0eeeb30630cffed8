"""The feature rooms: lists rooms, and says when mailboxes are busy. Registered if FEATURES names rooms."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import azure.functions as func

from functions.auth import READ, address, charge, route
from functions.responses import json_object, json_response, page_size
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.busy_times.spans import Span

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROOMS = "rooms"


@route(blueprint, ROOMS, methods=["GET"], role=READ)
def list_rooms(req: func.HttpRequest) -> func.HttpResponse:
    """List the rooms of the allow-list, a page at a time: what Graph last said of them, and when."""
    size, after = page_size(req), _after(req)
    listed = relay().room_directory.rooms()
    first = bisect_right(listed.rooms, after, key=lambda room: room["id"])
    page, rest = listed.rooms[first : first + size], listed.rooms[first + size :]
    more = None
    if rest:
        query = {"pageSize": str(size), "after": page[-1]["id"]}
        more = f"{address(req, ROOMS)}?{urlencode(query)}"
    as_of = format_utc(listed.as_of) if listed.as_of is not None else None
    content = {"value": page, "asOf": as_of, "complete": not listed.missing, "detail": listed.missing or None}
    return json_response(200, {**content, "nextLink": more})


@route(blueprint, "availability/query", methods=["POST"], role=READ)
def query_availability(req: func.HttpRequest) -> func.HttpResponse:
    """Say when up to a hundred watched mailboxes are busy, and of which that is unknown."""
    from shared.rooms.requests import read_query

    query = read_query(json_object(req.get_body()))
    charge(req, len(query.mailboxes))
    found = relay().busy_mailbox_finder.find(query)
    value = [{"mailbox": mailbox, "busy": list(map(_span_json, spans))} for mailbox, spans in found.busy.items()]
    unknown = [{"mailbox": each.mailbox, "code": each.problem.code, "detail": each.text} for each in found.unknown]
    return json_response(200, {"value": value, "unknown": unknown})


def _after(req: func.HttpRequest) -> str:
    after: str = req.params.get("after", "")
    if not re.fullmatch("([0-9a-f]{32})?", after):
        raise RequestRejected(problems.INVALID_PARAMETER, "after must be taken from nextLink.")
    return after


def _span_json(span: Span) -> dict[str, Any]:
    return {"start": format_utc(span.start), "end": format_utc(span.end)}
