"""Receives Graph's change notifications. The route is anonymous; the clientState authenticates each item.

The functions are `async` and never block: a setup call waits for Graph, which calls back into this process for the
handshake. The host writes the queue outputs before it sends the response, so 202 means that a queue holds the items;
when that write fails, the host responds 500 and Graph retries.
"""

import asyncio
import typing
from datetime import UTC, datetime

import azure.functions as func

from functions.invocation import join_invocation
from functions.responses import problem, problem_of
from shared import problems
from shared.api.query import shown, unknown_names
from shared.bootstrap.app import relay
from shared.errors import RelayError
from shared.threads import in_background

if typing.TYPE_CHECKING:
    from shared.bootstrap.app import App

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
PARAMETERS = frozenset({"validationToken"})  # not from the document: to parse it would delay the first handshake
STOP_SECONDS = 1.0  # for reading the stop: an answer takes three at most, with the queue's write
Messages = func.Out[typing.List[str]]  # noqa: UP006  (with list[str] the host fails to index the app)


@blueprint.route("notifications", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("changes", "calendar-changes", "AzureWebJobsStorage")
@blueprint.queue_output("repairs", "mailbox-repairs", "AzureWebJobsStorage")
async def receive_notifications(
    req: func.HttpRequest, changes: Messages, repairs: Messages, context: func.Context
) -> func.HttpResponse:
    """Answer the handshake, or queue the notifications."""
    join_invocation(context)
    return await receive(req, changes, repairs)


async def receive(
    req: func.HttpRequest, changes: Messages, repairs: Messages, route: str = "notifications"
) -> func.HttpResponse:
    """Handle a POST from Graph. Both routes accept both kinds of item, so that a misrouted item is not lost.

    What is not taken in is counted, and never logged by itself: anybody can send it.
    """
    response = await _answer(route, req, changes, repairs)
    if ignored := unknown_names(req.params, PARAMETERS):
        response.headers["Ignored-Parameters"] = shown(ignored)
    if response.status_code >= 400:
        kind = "error" if response.status_code >= 500 else f"refused-{response.status_code}"
        relay().request_metrics.answered(route, kind)
    return response


async def _answer(route: str, req: func.HttpRequest, changes: Messages, repairs: Messages) -> func.HttpResponse:
    from shared.graph.handshake import BadToken, validation_token

    try:
        token = validation_token(req.url)
    except BadToken as error:
        return problem(problems.VALIDATION_TOKEN_INVALID, str(error))
    if token is not None:
        relay()  # its first use logs what runs, here as part of this invocation, which the thread below outlives
        in_background(_record_handshake, req.url.partition("?")[0])
        relay().request_metrics.answered(route, "handshake")
        return func.HttpResponse(token, headers={"X-Content-Type-Options": "nosniff"}, mimetype="text/plain")
    try:
        return await _take_in(route, req, changes, repairs)
    except RelayError as error:
        return problem_of(error, is_recognized=False)


async def _take_in(route: str, req: func.HttpRequest, changes: Messages, repairs: Messages) -> func.HttpResponse:
    from shared.bodies import TooManyItems
    from shared.delivery.intake import take_in
    from shared.graph.notification import BadBody

    refusal = _refusal(req)
    if refusal is not None:
        return refusal
    app = relay()
    began = app.request_metrics.clock()
    keys = app.client_state_keys.cached()
    if keys is None:
        keys = await asyncio.to_thread(app.client_state_keys)
    try:
        intake = take_in(req.get_body(), keys, app.settings.tenant_id, datetime.now(UTC), app.graph_clock.hint())
    except TooManyItems as error:
        return problem(problems.TOO_MANY_ITEMS, str(error))
    except BadBody as error:
        return problem(problems.NOTIFICATIONS_INVALID, str(error))
    if intake.accepted and await _is_stopped(app):
        return func.HttpResponse(status_code=202)
    if intake.changes:
        changes.set(intake.changes)
    if intake.jobs:
        repairs.set(intake.jobs)
    app.request_metrics.taken_in(route, intake.accepted, intake.dropped, app.request_metrics.clock() - began)
    return func.HttpResponse(status_code=202)


async def _is_stopped(app: "App") -> bool:
    """Return whether the relay is stopped. While that is unknown, items are queued: their reading asks again."""
    stop = app.stop.cached()
    if stop is None:
        try:
            stop = await asyncio.wait_for(asyncio.to_thread(app.stop.read_for_intake), STOP_SECONDS)
        except TimeoutError:  # Graph waits three seconds
            return False
    return stop is not None and stop.since is not None


def _record_handshake(url: str) -> None:
    relay().handshakes.saw(url)


def _refusal(req: func.HttpRequest) -> func.HttpResponse | None:
    """Return a problem for requests that Graph never sends: another content type, an encoding, too large a body."""
    from shared.graph.notification import LARGEST_BODY

    kind = req.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" or req.headers.get("content-encoding", "identity").lower() != "identity":
        return problem(problems.UNSUPPORTED_MEDIA_TYPE, "Send application/json, without a content encoding.")
    if len(req.get_body()) > LARGEST_BODY:
        return problem(problems.REQUEST_TOO_LARGE, f"The limit is {LARGEST_BODY} bytes.")
    return None
