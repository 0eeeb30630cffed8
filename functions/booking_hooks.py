"""Receives the webhooks of Dataverse. The route is anonymous; the secret in a header authenticates each request.

The hint is queued here, and not by an output binding: Dataverse sends a webhook once more after 502, 503 and 504 alone,
and the host answers 500 when a binding fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.answer_headers import with_headers
from functions.parameters import check_parameters
from functions.responses import problem_of
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RelayError, RequestRejected

if TYPE_CHECKING:
    from shared.bootstrap.app import App

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "dataverse/notifications"


@blueprint.route(ROUTE, methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def receive_bookings(req: func.HttpRequest) -> func.HttpResponse:
    """Queue the booking of a webhook as a hint."""
    return receive(req, relay())


def receive(req: func.HttpRequest, app: App) -> func.HttpResponse:
    """Answer a webhook. What is dropped is answered 200, too, and counted."""
    try:
        app.hook_intake.authenticate(_secret(req))
        check_parameters(req, "receive_bookings", "POST", ROUTE)
        _check_type(req)
        result = app.hook_intake.take_in(req.get_body())
        response = func.HttpResponse(status_code=200)
    except RelayError as error:
        response = problem_of(error, is_recognized=False)
        result = "error" if response.status_code >= 500 else f"refused-{response.status_code}"
    app.request_metrics.hooked(result)
    return with_headers(req, response)


def _secret(req: func.HttpRequest) -> str:
    from shared.dataverse.hooks.secret import HEADER

    return str(req.headers.get(HEADER, ""))


def _check_type(req: func.HttpRequest) -> None:
    """Raise RequestRejected 413 or 415 for what Dataverse never sends."""
    from shared.dataverse.hooks.body import LARGEST_BODY

    kind = req.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" or req.headers.get("content-encoding", "identity").lower() != "identity":
        text = "Send application/json, without a content encoding."
        raise RequestRejected(problems.UNSUPPORTED_MEDIA_TYPE, text)
    length = req.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > LARGEST_BODY:
        raise RequestRejected(problems.REQUEST_TOO_LARGE, f"The limit is {LARGEST_BODY} bytes.")
