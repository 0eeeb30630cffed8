"""Translate Graph's errors for callers of the bookings feature. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared import problems
from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphUnavailable,
    RequestRejected,
)
from shared.graph.answers import is_passing
from shared.graph.client import TOO_MANY_PAGES

READING = "Bookings.Read.All"
WRITING = "BookingsAppointment.ReadWrite.All"
CANCELLING = "Bookings.ReadWrite.All"
MISSING = "ErrorItemNotFound"  # any other 404 is about the mailbox of the business, not the appointment
TOO_MANY = "ErrorExceededFindCountLimit"  # "Known issues with Microsoft Graph": customer booking

_CODES = {
    TOO_MANY: (problems.TOO_MANY_BUSINESSES, "name: give more of the name of the business."),
    TOO_MANY_PAGES: (problems.BOOKINGS_REJECTED, "The list is longer than the relay reads: give a shorter window."),
}


def is_missing(error: GraphError) -> bool:
    """Return whether Graph says that it has no such appointment. No other 404 proves that."""
    return isinstance(error, GraphNotFound) and error.code == MISSING


def is_outcome_open(error: GraphError) -> bool:
    """Return whether a write may have been carried out in spite of an error. After a 429 it was not."""
    return isinstance(error, GraphUnavailable) and error.status != 429


def is_outage(error: GraphError) -> bool:
    """Return whether Graph says that the trouble passes by itself, so that repeating the call is right."""
    return error.status in (429, 503) or (error.status < 500 and is_passing(error.code))


@contextmanager
def translate_graph_errors(permission: str) -> Iterator[None]:
    """Translate Graph's errors into rejections; `permission` is what the calls within need."""
    try:
        yield
    except GraphError as error:
        raise rejection_of(error, permission) from None


def rejection_of(error: GraphError, permission: str) -> RequestRejected:
    """Return the rejection for an error of Graph."""
    trace = f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"
    if error.code in _CODES:
        problem, text = _CODES[error.code]
        return RequestRejected(problem, text + trace)
    if isinstance(error, GraphNotFound):
        return RequestRejected(problems.BOOKINGS_NOT_FOUND, "Graph finds no such business or appointment." + trace)
    if isinstance(error, GraphForbidden):
        text = f"The customer's IT has to grant the application permission {permission}."
        return RequestRejected(problems.GRAPH_PERMISSION_MISSING, text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(problems.BOOKINGS_UNAVAILABLE, "Try again after the time in Retry-After." + trace, wait)
    if isinstance(error, GraphConflict):
        text = "Bookings reports a conflict with something that exists."
        return RequestRejected(problems.APPOINTMENT_CONFLICT, text + trace)
    text = "Bookings rejected the request: the code says why."
    return RequestRejected(problems.BOOKINGS_REJECTED, text + trace)
