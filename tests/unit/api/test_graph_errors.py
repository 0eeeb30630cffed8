"""What callers of the calendars and scheduling features are told about Graph's errors."""

from __future__ import annotations

import pytest

from shared.api.graph_errors import rejection_of, scheduling_rejection_of
from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphRejected,
    GraphUnauthorized,
    GraphUnavailable,
)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (GraphNotFound(404, "ErrorItemNotFound"), 404, "event_not_found"),
        (GraphNotFound(404, "ErrorInvalidUser"), 404, "mailbox_not_found"),
        (GraphNotFound(404, "MailboxNotEnabledForRESTAPI"), 503, "graph_unavailable"),
        (GraphForbidden(403, "ErrorAccessDenied"), 502, "graph_permission_missing"),
        (GraphConflict(409, "ErrorFolderExists"), 409, "name_taken"),
        (GraphUnauthorized(401, "InvalidAuthenticationToken"), 502, "graph_rejected"),
        (GraphQuotaExceeded(429, "ErrorQuotaExceeded"), 502, "graph_rejected"),
        (GraphRejected(412, "ErrorIrresolvableConflict"), 412, "event_changed"),
        (GraphUnavailable(503, "serviceNotAvailable"), 503, "graph_unavailable"),
    ],
)
def test_each_error_has_its_problem(error: GraphError, status: int, code: str) -> None:
    """The text ends with Graph's code; only what passes by itself has a Retry-After."""
    rejection = rejection_of(error)
    assert (rejection.status, rejection.problem.code) == (status, code)
    assert f"(Graph: {error.code}, request-id unknown)" in str(rejection)
    assert rejection.retry_after == (30 if status == 503 else None)


@pytest.mark.parametrize("error", [GraphUnauthorized(401, "x"), GraphQuotaExceeded(403, "x")])
def test_a_refusal_of_the_relay_is_no_mistake_of_the_caller(error: GraphError) -> None:
    """It is 502 also for slots, with what the customer's IT has to do."""
    rejection = scheduling_rejection_of(error)
    assert rejection.status == 502
    assert "Contact the customer's IT" in str(rejection)
