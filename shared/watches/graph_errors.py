"""Translate Graph's errors: to a problem for the caller of a setup call, and to the state of an existing watch. Pure.

docs/operations.md explains every state.
"""

from __future__ import annotations

from shared import problems
from shared.api.graph_errors import NOT_SERVED, NOT_SERVED_TEXT, trace_of
from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphUnauthorized,
    GraphUnavailable,
    RelayError,
    RequestRejected,
)
from shared.storage.watches import State

_REJECTIONS: tuple[tuple[type[GraphError], problems.Problem, str], ...] = (
    (
        GraphNotFound, problems.MAILBOX_UNKNOWN,
        "Graph finds no mailbox with this address. Check the spelling and the Exchange Online licence.",
    ),
    (
        GraphForbidden, problems.GRAPH_PERMISSION_MISSING,
        "The relay has no permission to read this calendar. The customer's IT must grant Calendars.Read in Exchange, "
        "or extend its scope to this mailbox.",
    ),
    (
        GraphUnauthorized, problems.GRAPH_REJECTED,
        "Graph rejects the relay's token. Check the app registration; the relay tries again in five minutes.",
    ),
    (
        GraphQuotaExceeded, problems.GRAPH_REJECTED,
        "A quota of this mailbox is used up: remove subscriptions of other apps that are no longer needed.",
    ),
    (
        GraphConflict, problems.MAILBOX_WATCHED_ELSEWHERE,
        "Another subscription of the same app registration watches this mailbox, perhaps under another of its "
        "addresses. Remove it, or use another app.",
    ),
)  # fmt: skip
_REJECTED = (
    problems.GRAPH_REJECTED,
    "Graph rejected the subscription. Graph must reach the notification URLs from the internet within 10 seconds.",
)


def state_after(error: RelayError) -> State | None:
    """Return the state of a watch after its subscription could not be created or renewed; None to keep the state.

    "refused" and "gone" need a person, so attempts are rare. In other states the timer tries at every run.
    """
    if isinstance(error, GraphForbidden | GraphConflict | GraphQuotaExceeded):
        return "refused"
    return "gone" if isinstance(error, GraphNotFound) else None


def what_to_do(error: RelayError) -> str:
    """Return a text for the administrator: what is wrong, and what to do."""
    return str(rejection_of(error)) if isinstance(error, GraphError) else str(error)


def rejection_of(error: GraphError) -> RequestRejected:
    """Return the error for the caller of a setup call."""
    trace = trace_of(error)
    if isinstance(error, GraphUnavailable) or error.code == NOT_SERVED:
        text = NOT_SERVED_TEXT if error.code == NOT_SERVED else "Try again after the time in Retry-After."
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(problems.GRAPH_UNAVAILABLE, text + trace, wait)
    told = ((problem, text) for kind, problem, text in _REJECTIONS if isinstance(error, kind))
    problem, text = next(told, _REJECTED)
    return RequestRejected(problem, text + trace)


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
