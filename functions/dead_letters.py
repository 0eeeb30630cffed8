"""Lets administrators list, replay and delete dead letters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import ADMIN, address, caller_of, route
from functions.responses import json_object, json_response, page_size, problem
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected
from shared.utc import format_utc

if TYPE_CHECKING:
    from datetime import datetime

    from shared.storage.parked import Parked
    from shared.storage.replays import Replay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "dead-letters"
_ID = re.compile(r"[0-9a-f]{32}")
_REASON = re.compile(r"[a-z-]{1,40}")


@route(blueprint, ROUTE, methods=["GET"], role=ADMIN)
def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """List dead letters, `pageSize` to a page, optionally of a time range (`from`, `to`), a `reason` or a `watch`."""
    from shared.storage.parked import DEAD

    size, after, reason = page_size(req), req.params.get("after", ""), req.params.get("reason", "")
    watch_id = req.params.get("watch", "")
    if any(each and not _ID.fullmatch(each) for each in (after, watch_id)) or (
        reason and not _REASON.fullmatch(reason)
    ):
        text = "Use `after` from nextLink, `reason` from a dead letter, and as `watch` the id of a subscription."
        raise RequestRejected(problems.INVALID_PARAMETER, text)
    since, before = _moment(req, "from"), _moment(req, "to")
    selected = {"since": since, "before": before, "reason": reason, "watch_id": watch_id}
    letters = relay().parked.page(DEAD, size, after, **selected)
    more = _next_page(req, letters[-1].id) if len(letters) == size else None
    return json_response(200, {"value": [_view(letter) for letter in letters], "nextLink": more})


@route(blueprint, ROUTE, methods=["DELETE"], role=ADMIN)
def delete_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """Delete dead letters by ?ids=a,b or ?watch=…&from=…&to=… or ?all=true, and return how many."""
    from shared.api.query import ACCEPTED_EVERYWHERE
    from shared.api.windows import with_plus
    from shared.reliability.dead_letters import parse_selection

    params: dict[str, Any] = {
        name: with_plus(text) for name, text in req.params.items() if name.lower() not in ACCEPTED_EVERYWHERE
    }
    if "ids" in params:
        params["ids"] = params["ids"].split(",")
    if "all" in params:
        params["all"] = params["all"] == "true"
    return json_response(200, {"deleted": relay().dead_letters.delete(parse_selection(params), caller_of(req).name)})


@route(blueprint, f"{ROUTE}/replay", methods=["POST"], role=ADMIN)
def replay_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """Replay dead letters, each with its event's present state: 202 with the URL of the replay's progress."""
    from shared.reliability.dead_letters import parse_selection

    selection = parse_selection(json_object(req.get_body()))
    replay = relay().dead_letters.start_replay(selection, caller_of(req).name)
    return json_response(202, _progress(req, replay), Location=_address_of(req, replay))


@route(blueprint, f"{ROUTE}/replays/{{id}}", methods=["GET"], role=ADMIN)
def get_replay(req: func.HttpRequest) -> func.HttpResponse:
    """Return the progress of a replay."""
    replay = relay().replays.get(req.route_params["id"])
    if replay is None:
        return problem(problems.REPLAY_NOT_FOUND, "POST /api/dead-letters/replay returns the address of a replay.")
    return json_response(200, _progress(req, replay))


def _moment(req: func.HttpRequest, name: str) -> datetime | None:
    from shared.api.windows import with_plus
    from shared.utc import parse_utc

    text = with_plus(req.params.get(name, ""))
    if not text:
        return None
    try:
        return parse_utc(text)
    except ValueError:
        detail = f"`{name}` must be a time with its zone, such as 2026-11-20T10:00:00Z."
        raise RequestRejected(problems.INVALID_PARAMETER, detail) from None


def _next_page(req: func.HttpRequest, after: str) -> str:
    from urllib.parse import urlencode

    params = {name: req.params[name] for name in ("pageSize", "from", "to", "reason", "watch") if name in req.params}
    return f"{address(req, ROUTE)}?{urlencode({**params, 'after': after})}"


def _view(letter: Parked) -> dict[str, Any]:
    """Return a dead letter for administrators. It has no title, because none is stored."""
    return {
        "id": letter.id,
        "subscriptionId": letter.watch_id or None,
        "eventId": letter.event_id if letter.watch_id else None,
        "died": format_utc(letter.at),
        "reason": letter.reason,
        "status": letter.status or None,
        "attempts": letter.attempts,
    }


def _progress(req: func.HttpRequest, replay: Replay) -> dict[str, Any]:
    return {
        "id": replay.id,
        "link": _address_of(req, replay),
        "asked": format_utc(replay.requested_at) if replay.requested_at else None,
        "queued": replay.queued,
        "done": format_utc(replay.done) if replay.done else None,
    }


def _address_of(req: func.HttpRequest, replay: Replay) -> str:
    return address(req, f"{ROUTE}/replays/{replay.id}")
