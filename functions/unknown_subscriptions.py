"""Lists the subscriptions that post to the relay and that no watch names, and deletes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import ADMIN, address, caller_of, route
from functions.responses import json_response, page_size
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.storage.unknown_subscriptions import UnknownSubscription

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "relay/unknown-subscriptions"
_ID = re.compile(r"[0-9a-f]{32}")


@route(blueprint, ROUTE, methods=["GET"], role=ADMIN)
def list_unknown_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """List them as the last audit found them, `pageSize` to a page, with their number and the time of the audit."""
    size, after = page_size(req), req.params.get("after", "")
    if after and not _ID.fullmatch(after):
        raise RequestRejected(problems.INVALID_PARAMETER, "Use `after` from nextLink.")
    unknown, now = relay().unknown_subscriptions, relay().now()
    state, page = unknown.state(), unknown.page(size, after)
    return json_response(200, {
        "value": [_view(each) for each in page if each.expires > now],
        "nextLink": f"{address(req, ROUTE)}?pageSize={size}&after={page[-1].id}" if len(page) == size else None,
        "count": sum(1 for _ in unknown.present(now)),
        "asOf": format_utc(state.counted_at) if state.counted_at else None,
        "lastError": state.void_reason or None,
    })  # fmt: skip


@route(blueprint, ROUTE, methods=["DELETE"], role=ADMIN)
def delete_unknown_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """Delete them, each after another check, and return what was kept and why. Repeat it while `remaining` is above 0.

    409 while a row of a watch cannot be read.
    """
    result = relay().unknown_cleanup.delete_all(caller_of(req).name)
    return json_response(200, {
        "deleted": result.deleted,
        "ended": result.ended,
        "kept": [
            {"graphSubscriptionId": each.subscription_id, "mailbox": each.mailbox or None, "reason": reason}
            for each, reason in result.kept
        ],
        "remaining": result.left,
    })  # fmt: skip


def _view(each: UnknownSubscription) -> dict[str, Any]:
    """Return an unknown subscription for administrators, with times in UTC."""
    return {
        "id": each.id,
        "graphSubscriptionId": each.subscription_id,
        "mailbox": each.mailbox or None,
        "expirationDateTime": format_utc(each.expires),
        "firstSeen": format_utc(each.first_seen),
        "lastSeen": format_utc(each.seen),
    }
