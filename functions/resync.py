"""Queues resyncs: nightly for all mailboxes, on demand for one."""

import azure.functions as func

from functions.auth import ADMIN, caller_of, route
from functions.responses import json_object, json_response, problem
from shared import problems, telemetry
from shared.bootstrap.app import relay
from shared.errors import RequestRejected

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.timer_trigger("timer", "%RESYNC_SCHEDULE%", run_on_startup=False, use_monitor=True)
def resync_calendars(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Queue a resync of every mailbox, to find changes that were missed without a sign, questions for the owners of the
    others, a sweep of the ledger, and a cleanup of other rows.
    """
    try:
        relay().catch_up.queue_nightly_resyncs()
        relay().catch_up.queue_owner_checks()
    finally:
        relay().nightly_checks.run()
        relay().nightly_cleanup.queue()
        relay().ledger_sweep.queue()


@route(blueprint, "subscriptions/{id}/resync", methods=["POST"], role=ADMIN)
def resync_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Queue a resync of one mailbox: 202. {"full": true} sends every event again, for a partner that lost its data."""
    full = _full(req.get_body())
    watch = relay().watches.get(req.route_params["id"])
    if watch is None:
        return problem(problems.SUBSCRIPTION_NOT_FOUND, "List them with GET /api/subscriptions.")
    if watch.delivery == "direct":
        text = "With direct delivery Graph notifies the partner, which has to read the calendar itself."
        return problem(problems.DIRECT_DELIVERY, text)
    relay().catch_up.queue_resync(watch.id, full=full)
    telemetry.audit("resync", caller_of(req).name, subscription=watch.id, full=full)
    return json_response(202, {"id": watch.id, "full": full})


def _full(body: bytes) -> bool:
    """Return `full` from the body, False without one. Raises RequestRejected."""
    content = json_object(body) if body.strip() else {}
    full = content.get("full", False)
    if not isinstance(full, bool) or content.keys() - {"full"}:
        raise RequestRejected(problems.INVALID_REQUEST, 'Send only {"full": true} or {"full": false}.')
    return full
