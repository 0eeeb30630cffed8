"""Translate Graph's errors: to a problem for the caller of a setup call, and to the state of an existing watch. Pure.

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
    """Return the state of a watch after its subscription could not be created or renewed; None to keep the state.

    "refused" and "gone" need a person, so attempts are rare. In other states the timer tries at every run.
    """
    if isinstance(error, GraphForbidden | GraphConflict):
        return "refused"
    return "gone" if isinstance(error, GraphNotFound) else None


def what_to_do(error: RelayError) -> str:
    """Return a text for the administrator: what is wrong, and what to do."""
    return str(rejection_of(error)) if isinstance(error, GraphError) else str(error)


def rejection_of(error: GraphError) -> RequestRejected:
    """Return the error for the caller of a setup call."""
    trace = trace_of(error)
    if isinstance(error, GraphNotFound):
        text = "Graph finds no mailbox with this address. Check the spelling and the Exchange Online licence."
        return RequestRejected(problems.MAILBOX_UNKNOWN, text + trace)
    if isinstance(error, GraphForbidden):
        text = (
            "The relay has no permission to read this calendar. The customer's IT must grant Calendars.Read in "
            "Exchange, or extend its scope to this mailbox."
        )
        return RequestRejected(problems.GRAPH_PERMISSION_MISSING, text + trace)
    if isinstance(error, GraphConflict):
        text = "Another subscription of the same app registration watches this mailbox. Remove it, or use another app."
        return RequestRejected(problems.MAILBOX_WATCHED_ELSEWHERE, text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again after the time in Retry-After." + trace, wait)
    text = (
        "Graph rejected the subscription. Graph must reach the notification URLs from the internet within 10 seconds."
    )
    return RequestRejected(problems.GRAPH_REJECTED, text + trace)


def room_list_rejection(error: GraphError) -> RequestRejected:
    """Return the error for a caller who sets up a room list."""
    trace = f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"
    if isinstance(error, GraphNotFound):
        return RequestRejected(problems.ROOM_LIST_UNKNOWN, "Graph finds no room list with this address." + trace)
    if isinstance(error, GraphForbidden):
        text = "The relay has no permission to read room lists: the customer's IT must grant Place.Read.All."
        return RequestRejected(problems.GRAPH_PERMISSION_MISSING, text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again after the time in Retry-After." + trace, wait)
    return RequestRejected(problems.GRAPH_REJECTED, "Graph did not return the rooms of this list." + trace)
