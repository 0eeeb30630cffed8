"""How calls about a booking are refused, and when a refused call may be repeated. Pure."""

from __future__ import annotations

from datetime import timedelta

from shared import problems
from shared.api.graph_errors import scheduling_rejection_of, trace_of
from shared.errors import (
    ConfigurationError,
    GraphError,
    GraphNotFound,
    GraphUnavailable,
    RelayError,
    RequestRejected,
    ServiceUnavailable,
)
from shared.graph.events import is_missing

_AWAY_SECONDS = 60.0  # a mailbox that Graph does not find may be moving


class NotShownYet(RequestRejected):
    """Graph does not show an event that may have been made a moment ago."""

    def __init__(self) -> None:
        text = "Microsoft Graph does not show this booking's event yet. Try again after the time in Retry-After."
        super().__init__(problems.BOOKING_IN_PROGRESS, text, retry_after=5)


def no_such_booking() -> RequestRejected:
    """Return the 404 of a booking that was cancelled, deleted or never made."""
    return RequestRejected(problems.BOOKING_NOT_FOUND, "It was cancelled, or never existed. Book a new slot.")


def being_changed() -> RequestRejected:
    """Return the 503 of a booking that another call is changing."""
    text = "Another call is changing this booking. Try again after the time in Retry-After."
    return RequestRejected(problems.BOOKING_IN_PROGRESS, text, retry_after=5)


def key_reused() -> RequestRejected:
    """Return the 422 of an Idempotency-Key whose first call asked for something else."""
    text = "This Idempotency-Key was used for another booking. Send the first call's body, or a new key."
    return RequestRejected(problems.IDEMPOTENCY_KEY_REUSED, text)


def rejection_about_booking(error: GraphError) -> RequestRejected:
    """Return the rejection of a call about a booking that exists. That its mailbox is not found is no proof: its event
    may stand.
    """
    if isinstance(error, GraphNotFound) and not is_missing(error):
        text = "Graph does not find the mailbox of this booking. If that lasts, the customer's IT must check it."
        retry_after = error.retry_after or _AWAY_SECONDS
        return RequestRejected(problems.GRAPH_UNAVAILABLE, text + trace_of(error), retry_after)
    return scheduling_rejection_of(error)


def had_no_effect(error: RelayError) -> bool:
    """Return whether a write that failed was certainly not carried out: it was not sent, throttled or refused."""
    if isinstance(error, GraphUnavailable):
        return error.status == 429
    if isinstance(error, GraphError):
        return error.status != 200
    return isinstance(error, (ServiceUnavailable, ConfigurationError))


def after_hold(error: RelayError, hold: timedelta) -> RelayError:
    """Return an error that can be repeated with a Retry-After of at least `hold`, for which the call's time stays
    taken.
    """
    seconds = hold.total_seconds()
    if isinstance(error, ServiceUnavailable):
        return ServiceUnavailable(error.what, error.reason, max(error.retry_after or 0.0, seconds))
    rejection = scheduling_rejection_of(error) if isinstance(error, GraphError) else error
    if isinstance(rejection, RequestRejected) and rejection.retry_after is not None:
        return RequestRejected(rejection.problem, str(rejection), max(rejection.retry_after, seconds))
    return rejection
