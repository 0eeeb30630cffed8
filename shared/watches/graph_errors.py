"""What an error of Graph means: to the partner who asks for a watch, and for the state of one that stands. Pure.

docs/operations.md explains every state.
"""

from __future__ import annotations

from shared import problems
from shared.api.graph_errors import trace_of
from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphUnavailable,
    RelayError,
    RequestRejected,
)
from shared.storage.watches import State


def state_after(error: RelayError) -> State | None:
    """Return the state of a watch whose subscription could not be made or renewed; None if it stays as it was.

    What is refused or gone needs a person, so it is tried again slowly; all else is tried at every run.
    """
    if isinstance(error, GraphForbidden | GraphConflict):
        return "refused"
    return "gone" if isinstance(error, GraphNotFound) else None


def what_to_do(error: RelayError) -> str:
    """Return an error in words for an administrator: what is wrong, and what to do."""
    return str(rejection_of(error)) if isinstance(error, GraphError) else str(error)


def rejection_of(error: GraphError) -> RequestRejected:
    """Return what an error of Graph means to who asked for a subscription."""
    trace = trace_of(error)
    if isinstance(error, GraphNotFound):
        text = "Graph finds no mailbox with this address. Check the spelling, and its licence for Exchange Online."
        return RequestRejected(problems.MAILBOX_UNKNOWN, text + trace)
    if isinstance(error, GraphForbidden):
        text = (
            "The relay may not read this calendar. The customer's IT has to grant Calendars.Read in Exchange, or "
            "widen its scope there to this mailbox."
        )
        return RequestRejected(problems.GRAPH_PERMISSION_MISSING, text + trace)
    if isinstance(error, GraphConflict):
        text = "Another subscription of the same app registration watches this mailbox. Remove it, or use another app."
        return RequestRejected(problems.MAILBOX_WATCHED_ELSEWHERE, text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again after the time in Retry-After." + trace, wait)
    text = "Graph refused the subscription. It has to reach the notification URLs from outside within 10 seconds."
    return RequestRejected(problems.GRAPH_REJECTED, text + trace)


def room_list_rejection(error: GraphError) -> RequestRejected:
    """Return what an error of Graph means to who wants a room list watched."""
    trace = f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"
    if isinstance(error, GraphNotFound):
        return RequestRejected(problems.ROOM_LIST_UNKNOWN, "Graph finds no room list with this address." + trace)
    if isinstance(error, GraphForbidden):
        text = "The relay may not read room lists: the customer's IT has to grant Place.Read.All."
        return RequestRejected(problems.GRAPH_PERMISSION_MISSING, text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again after the time in Retry-After." + trace, wait)
    return RequestRejected(problems.GRAPH_REJECTED, "Graph does not tell the rooms of this list." + trace)
