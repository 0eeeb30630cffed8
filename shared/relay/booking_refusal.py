"""What an error of Graph means to who asks for slots or a booking. Pure."""

from __future__ import annotations

from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable, SetupRefused


def refusal_of_calendar(error: GraphError) -> SetupRefused:
    """Return what to tell the caller, and what the customer's IT can do."""
    trace = f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"
    if isinstance(error, GraphNotFound):
        text = "Graph finds no mailbox with this address. Check the spelling, and its licence for Exchange Online."
        return SetupRefused(422, "Unknown mailbox", text + trace)
    if isinstance(error, GraphForbidden):
        text = (
            "The relay may not write to this calendar. The customer's IT has to grant the application permission "
            "Calendars.ReadWrite, or widen its scope in Exchange to this mailbox."
        )
        return SetupRefused(502, "Permission missing at Microsoft Graph", text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return SetupRefused(503, "Microsoft Graph is busy", "Try again after the time in Retry-After." + trace, wait)
    return SetupRefused(502, "Refused by Microsoft Graph", "Graph would not take the request." + trace)
