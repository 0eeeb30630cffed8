"""What an error of Graph means to who asked for slots or a booking. Pure."""

from __future__ import annotations

from shared.errors import GraphError, SetupRefused
from shared.relay.calendar_refusal import REFUSED, refusal_of

_TOLD = (404, 422, 502, 503)


def booking_refusal(error: GraphError) -> SetupRefused:
    """Return the refusal that a calendar gives; what its callers alone can answer, such as 412, is nobody's here."""
    refusal = refusal_of(error)
    if refusal.status in _TOLD:
        return refusal
    status, title, text = REFUSED
    return SetupRefused(status, title, f"{text} (Graph: {error.code}, request-id {error.request_id or 'unknown'})")
