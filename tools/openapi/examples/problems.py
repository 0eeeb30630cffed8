"""An example of the problem details of each status, for each feature where it has its own."""

from __future__ import annotations

from typing import Any

from shared import problems
from shared.problems import Problem

_KINDS: dict[int, tuple[Problem, str]] = {
    400: (problems.NOT_A_JSON_OBJECT, "Send a JSON object."),
    401: (problems.UNAUTHENTICATED, "Send a valid token."),
    403: (problems.MAILBOX_NOT_ALLOWED, "The customer's allow-list does not contain this mailbox."),
    404: (problems.SUBSCRIPTION_NOT_FOUND, "No subscription has this id."),
    409: (problems.PART_OF_ROOM_LIST, "The mailbox belongs to a room list: delete that instead."),
    412: (problems.EVENT_CHANGED, "Read the event again, and repeat the call with its etag."),
    413: (problems.REQUEST_TOO_LARGE, "Send at most 65536 bytes."),
    415: (problems.UNSUPPORTED_MEDIA_TYPE, "Send application/json."),
    422: (problems.INVALID_REQUEST, "mailbox: must be an address such as room1@contoso.com"),
    429: (problems.TOO_MANY_CALLS, "Wait as long as Retry-After says."),
    501: (problems.FEATURE_OFF, "This needs a feature that is off. Ask the customer's IT to add it to FEATURES."),
    502: (problems.GRAPH_PERMISSION_MISSING, "The customer's IT has to grant the permission."),
    503: (problems.GRAPH_UNAVAILABLE, "Repeat the call after Retry-After."),
}
_OF_FEATURES: dict[tuple[str, int], tuple[Problem, str]] = {
    ("calendars", 404): (problems.EVENT_NOT_FOUND, "The mailbox has no event with this id."),
    ("calendars", 409): (problems.NOT_THE_ORGANIZER, "Only the organizer can change the meeting."),
    ("scheduling", 404): (problems.BOOKING_NOT_FOUND, "The mailbox has no booking with this id."),
    ("bookings", 404): (problems.BUSINESS_NOT_FOUND, "No business has this address or name."),
    ("bookings", 409): (problems.STAFF_NOT_FREE, "Choose another time or other staff."),
    ("bookings", 503): (problems.BOOKINGS_UNAVAILABLE, "Repeat the call after Retry-After."),
}


def problem_example(feature: str, status: int) -> dict[str, Any]:
    """Return problem details with a status, as operations of a feature return them."""
    kind, detail = _OF_FEATURES.get((feature, status)) or _KINDS[status]
    members = {"title": kind.title, "status": kind.status, "code": kind.code, "detail": detail}
    return {"type": f"/api/problems/{kind.code}", **members}
