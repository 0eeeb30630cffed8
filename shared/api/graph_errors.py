"""Translate Graph's errors for callers of the calendars and scheduling features. Pure."""

from __future__ import annotations

from shared import problems
from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphUnauthorized,
    GraphUnavailable,
    RequestRejected,
)
from shared.problems import Problem

NO_ITEM = frozenset({"ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorFolderNotFound", "StrayPath"})
NOT_SERVED = "MailboxNotEnabledForRESTAPI"  # of a mailbox that is being moved, or is not in Exchange Online
NOT_THE_ORGANIZER = "ErrorAccessDenied"  # with status 400 ("event: cancel")


def trace_of(error: GraphError) -> str:
    """Return the end of an error text: Graph's code, and the request-id for Microsoft's support."""
    return f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"


def rejection_of(error: GraphError) -> RequestRejected:
    """Return the rejection for an error: a problem, and what to do. Graph's own message is not repeated."""
    problem, text = _meaning(error)
    retry_after = None
    if problem is problems.GRAPH_UNAVAILABLE:
        retry_after = error.retry_after if error.retry_after is not None else 30
    return RequestRejected(problem, text + trace_of(error), retry_after)


def _meaning(error: GraphError) -> tuple[Problem, str]:
    if error.code in NO_ITEM:
        return (
            problems.EVENT_NOT_FOUND,
            "It is gone, belongs to another mailbox, or is so new that Graph lacks it still.",
        )
    if error.code == NOT_SERVED:
        return problems.GRAPH_UNAVAILABLE, NOT_SERVED_TEXT
    for kind, meaning in _KINDS.items():
        if isinstance(error, kind):
            return meaning
    if error.status == 400 and error.code == NOT_THE_ORGANIZER:
        text = "Only the organizer's mailbox can cancel a meeting. Delete the event, or cancel as its organizer."
        return problems.NOT_THE_ORGANIZER, text
    return _STATUSES.get(error.status, _OTHER)


NOT_SERVED_TEXT = (
    "Exchange Online does not serve this mailbox at present: it is being moved, inactive or elsewhere. Try again after "
    "the time in Retry-After. If that lasts, contact the customer's IT."
)
_OTHER = (problems.GRAPH_REJECTED, "Graph rejects the relay's request. Contact the customer's IT.")
_STATUSES = {
    400: (problems.OUTLOOK_REJECTED, "Outlook rejects the request. Check times, addresses and recurrence."),
    412: (problems.EVENT_CHANGED, "The event no longer has the etag in If-Match. Read it again before you change it."),
}
_KINDS: dict[type[GraphError], tuple[Problem, str]] = {
    GraphNotFound: (
        problems.MAILBOX_NOT_FOUND,
        "Graph finds no mailbox with this address. Check the spelling, and its licence for Exchange Online.",
    ),
    GraphForbidden: (
        problems.GRAPH_PERMISSION_MISSING,
        "The relay is not permitted to do this in this calendar. The customer's IT has to grant Calendars.ReadWrite in "
        "Exchange, or extend its scope to this mailbox.",
    ),
    GraphConflict: (problems.NAME_TAKEN, "Something with this name exists already."),
    GraphUnauthorized: (problems.GRAPH_REJECTED, "Graph rejects the relay's token. Contact the customer's IT."),
    GraphQuotaExceeded: (
        problems.GRAPH_REJECTED,
        "A quota of this mailbox or of the customer's Microsoft 365 is used up. Contact the customer's IT.",
    ),
    GraphUnavailable: (
        problems.GRAPH_UNAVAILABLE,
        "Try again after the time in Retry-After; with the same Idempotency-Key nothing is created twice.",
    ),
}


_SCHEDULING_STATUSES = (404, 422, 502, 503)


def scheduling_rejection_of(error: GraphError) -> RequestRejected:
    """Return the rejection for a call about slots, where a status of calendar calls such as 412 becomes 502."""
    rejection = rejection_of(error)
    if rejection.status in _SCHEDULING_STATUSES:
        return rejection
    problem, text = _OTHER
    return RequestRejected(problem, text + trace_of(error))
