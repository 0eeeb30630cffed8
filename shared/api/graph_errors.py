"""What an error of Graph means to who asked about a calendar, for slots or for a booking. Pure."""

from __future__ import annotations

from shared import problems
from shared.errors import GraphConflict, GraphError, GraphForbidden, GraphNotFound, GraphUnavailable, RequestRejected
from shared.problems import Problem

NO_ITEM = frozenset({"ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorFolderNotFound", "StrayPath"})
NOT_THE_ORGANIZER = "ErrorAccessDenied"  # with 400: "event: cancel"


def trace_of(error: GraphError) -> str:
    """Return what a text about an error ends with: Graph's code, and the id by which Microsoft finds the request."""
    return f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"


def rejection_of(error: GraphError) -> RequestRejected:
    """Return the refusal: its status, and what to do. Graph's own message is not repeated."""
    problem, text = _meaning(error)
    retry_after = None
    if isinstance(error, GraphUnavailable):
        retry_after = error.retry_after if error.retry_after is not None else 30
    return RequestRejected(problem, text + trace_of(error), retry_after)


def _meaning(error: GraphError) -> tuple[Problem, str]:
    if error.code in NO_ITEM:
        return problems.EVENT_NOT_FOUND, "It is not there any more, or belongs to another mailbox."
    for kind, meaning in _KINDS.items():
        if isinstance(error, kind):
            return meaning
    if error.status == 400 and error.code == NOT_THE_ORGANIZER:
        return problems.NOT_THE_ORGANIZER, "Only the organizer's mailbox can cancel a meeting. Delete it, or ask there."
    return _STATUSES.get(error.status, _OTHER)


_OTHER = (problems.GRAPH_REJECTED, "Graph refuses the relay's request. Tell the customer's IT.")
_STATUSES = {
    400: (problems.OUTLOOK_REJECTED, "Outlook does not take it. Check times, addresses and recurrence."),
    412: (problems.EVENT_CHANGED, "The event is not as If-Match says any more. Read it again, and decide anew."),
}
_KINDS: dict[type[GraphError], tuple[Problem, str]] = {
    GraphNotFound: (
        problems.MAILBOX_NOT_FOUND,
        "Graph finds no mailbox with this address. Check the spelling, and its licence for Exchange Online.",
    ),
    GraphForbidden: (
        problems.GRAPH_PERMISSION_MISSING,
        "The relay may not do this in this calendar. The customer's IT has to grant Calendars.ReadWrite in Exchange, "
        "or widen its scope there to this mailbox.",
    ),
    GraphConflict: (problems.NAME_TAKEN, "Something with this name is there already."),
    GraphUnavailable: (
        problems.GRAPH_UNAVAILABLE,
        "Try again after the time in Retry-After; with the same Idempotency-Key nothing is made twice.",
    ),
}


_FOR_CALLERS = (404, 422, 502, 503)


def scheduling_rejection_of(error: GraphError) -> RequestRejected:
    """Return the refusal that a calendar gives; what its callers alone can answer, such as 412, is nobody's here."""
    rejection = rejection_of(error)
    if rejection.status in _FOR_CALLERS:
        return rejection
    problem, text = _OTHER
    return RequestRejected(problem, text + trace_of(error))
