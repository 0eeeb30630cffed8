"""Every kind of problem that a response can report: its HTTP status, its stable code, its title.

Programs compare `code`, which never changes; titles may change. problems.json says of each code what it means and what
to do; docs/errors.md and GET /api/problems/CODE show that. ("Problem Details for HTTP APIs", RFC 9457)
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """A kind of problem. The detail of one occurrence says what the caller can do."""

    status: int
    code: str
    title: str

    @property
    def type(self) -> str:
        """The address of the page that explains it: relative, so that it names the relay that was called."""
        return f"/api/problems/{self.code}"


# The request itself
UNKNOWN_PATH = Problem(404, "unknown_path", "Unknown path")
METHOD_NOT_ALLOWED = Problem(405, "method_not_allowed", "Method not allowed")
FEATURE_OFF = Problem(501, "feature_off", "Feature is off")
PROBLEM_UNKNOWN = Problem(404, "problem_unknown", "Unknown code of a problem")
UNKNOWN_PARAMETER = Problem(422, "unknown_parameter", "Unknown parameter")
NOT_A_JSON_OBJECT = Problem(400, "not_a_json_object", "Not a JSON object")
INVALID_REQUEST = Problem(422, "invalid_request", "Invalid request")
INVALID_PARAMETER = Problem(422, "invalid_parameter", "Invalid parameter")
REQUEST_TOO_LARGE = Problem(413, "request_too_large", "Request too large")
TOO_MANY_ITEMS = Problem(413, "too_many_items", "Too many items")
UNSUPPORTED_MEDIA_TYPE = Problem(415, "unsupported_media_type", "Unsupported media type")
REASON_REQUIRED = Problem(422, "reason_required", "A reason is required")

# The caller
UNAUTHENTICATED = Problem(401, "unauthenticated", "Not authenticated")
KEYS_DISABLED = Problem(403, "keys_disabled", "Function keys are disabled")
ROLE_MISSING = Problem(403, "role_missing", "Role missing")
TOO_MANY_CALLS = Problem(429, "too_many_calls", "Too many calls")
MAILBOX_NOT_ALLOWED = Problem(403, "mailbox_not_allowed", "Mailbox not allowed")
MAILBOX_OWNER_NOT_ALLOWED = Problem(403, "mailbox_owner_not_allowed", "Mailbox of another owner")
INVITEE_NOT_ALLOWED = Problem(403, "invitee_not_allowed", "Invitee not allowed")
ROOM_LIST_NOT_ALLOWED = Problem(403, "room_list_not_allowed", "Room list not allowed")

# The relay and what it depends on
RELAY_MISCONFIGURED = Problem(503, "relay_misconfigured", "The relay is not configured correctly")
STOPPED = Problem(503, "stopped", "The relay is stopped")
RELAY_UNAVAILABLE = Problem(503, "relay_unavailable", "The relay is temporarily unavailable")
GRAPH_UNAVAILABLE = Problem(503, "graph_unavailable", "Microsoft Graph is unavailable")
GRAPH_PERMISSION_MISSING = Problem(502, "graph_permission_missing", "Permission missing at Microsoft Graph")
PERMISSION_MISSING = Problem(503, "permission_missing", "Permission missing")
GRAPH_REJECTED = Problem(502, "graph_rejected", "Rejected by Microsoft Graph")
GRAPH_RESPONSE_INVALID = Problem(502, "graph_response_invalid", "Invalid response from Microsoft Graph")
DNS_UNAVAILABLE = Problem(503, "dns_unavailable", "DNS lookup failed")

# Subscriptions and room lists
SUBSCRIPTION_NOT_FOUND = Problem(404, "subscription_not_found", "Subscription not found")
ROOM_LIST_NOT_FOUND = Problem(404, "room_list_not_found", "Room list not found")
MAILBOX_UNKNOWN = Problem(422, "mailbox_unknown", "Unknown mailbox")
MAILBOX_NOT_WATCHED = Problem(422, "mailbox_not_watched", "Mailbox not watched")
ROOM_LIST_UNKNOWN = Problem(422, "room_list_unknown", "Unknown room list")
TOO_MANY_SUBSCRIPTIONS = Problem(409, "too_many_subscriptions", "Too many subscriptions")
SETUP_IN_PROGRESS = Problem(503, "setup_in_progress", "Setup in progress")
SUBSCRIPTION_DELETED = Problem(409, "subscription_deleted", "Subscription deleted during setup")
DELIVERY_DIFFERS = Problem(409, "delivery_differs", "Subscription exists with another delivery")
MAILBOX_WATCHED_ELSEWHERE = Problem(409, "mailbox_watched_elsewhere", "Mailbox has another subscription")
PART_OF_ROOM_LIST = Problem(409, "part_of_room_list", "Part of a room list")
DIRECT_DELIVERY = Problem(409, "direct_delivery", "Not available with direct delivery")
WATCHES_UNREADABLE = Problem(409, "watches_unreadable", "Rows of watches cannot be read")

# Dead letters and notifications
DEAD_LETTER_SELECTION_INVALID = Problem(422, "dead_letter_selection_invalid", "Invalid selection of dead letters")
REPLAY_NOT_FOUND = Problem(404, "replay_not_found", "Replay not found")
VALIDATION_TOKEN_INVALID = Problem(400, "validation_token_invalid", "Invalid validationToken")
NOTIFICATIONS_INVALID = Problem(400, "notifications_invalid", "Not a notification collection")

# Calendars and slots
EVENT_NOT_FOUND = Problem(404, "event_not_found", "Event or calendar not found")
MAILBOX_NOT_FOUND = Problem(404, "mailbox_not_found", "Mailbox not found")
NOT_THE_ORGANIZER = Problem(409, "not_the_organizer", "Not the organizer")
NAME_TAKEN = Problem(409, "name_taken", "Name already in use")
EVENT_CHANGED = Problem(412, "event_changed", "Event has changed")
OUTLOOK_REJECTED = Problem(422, "outlook_rejected", "Rejected by Outlook")
SCHEDULE_UNAVAILABLE = Problem(422, "schedule_unavailable", "Schedule unavailable")
SLOT_TAKEN = Problem(409, "slot_taken", "Slot not free")
IDEMPOTENCY_KEY_REUSED = Problem(422, "idempotency_key_reused", "Idempotency-Key already used")
BOOKING_NOT_FOUND = Problem(404, "booking_not_found", "Booking not found")
BOOKING_MOVED = Problem(409, "booking_moved", "Booking was moved in the calendar")
BOOKING_IN_PROGRESS = Problem(503, "booking_in_progress", "Booking is being modified")

# Microsoft Bookings
BUSINESS_NOT_FOUND = Problem(404, "business_not_found", "Business not found")
SERVICE_NOT_FOUND = Problem(404, "service_not_found", "Service not found")
STAFF_NOT_FOUND = Problem(404, "staff_not_found", "Staff not found")
APPOINTMENT_NOT_FOUND = Problem(404, "appointment_not_found", "Appointment not found")
BOOKINGS_NOT_FOUND = Problem(404, "bookings_not_found", "Not found in Microsoft Bookings")
NAME_AMBIGUOUS = Problem(409, "name_ambiguous", "Name is ambiguous")
TOO_MANY_BUSINESSES = Problem(422, "too_many_businesses", "Too many businesses match")
TOO_MANY_STAFF = Problem(422, "too_many_staff", "Too many members of staff")
SERVICE_HAS_NO_STAFF = Problem(422, "service_has_no_staff", "Service has no staff")
SERVICE_NOT_PROVIDED = Problem(422, "service_not_provided", "Staff does not provide the service")
SERVICE_DELETED = Problem(409, "service_deleted", "Service was deleted")
BUSINESS_RULE = Problem(422, "business_rule", "Not allowed by the rules of the business")
TOO_LATE = Problem(422, "too_late", "Too late for this change")
STAFF_NOT_FREE = Problem(409, "staff_not_free", "Staff not free")
BOOKED_WITH_OTHER_STAFF = Problem(409, "booked_with_other_staff", "Booked with other staff")
APPOINTMENT_CONFLICT = Problem(409, "appointment_conflict", "Conflict with an existing appointment")
APPOINTMENT_IN_PROGRESS = Problem(503, "appointment_in_progress", "Appointment is being made")
APPOINTMENT_SHARED = Problem(409, "appointment_shared", "Appointment has other customers")
CUSTOMER_MAIL_OFF = Problem(403, "customer_mail_off", "Mail to customers is switched off")
BOOKINGS_FAILING = Problem(502, "bookings_failing", "Microsoft Bookings fails each time")
BUSINESS_BUSY = Problem(503, "business_busy", "Business is being booked by others")
BOOKINGS_UNAVAILABLE = Problem(503, "bookings_unavailable", "Microsoft Bookings is unavailable")
BOOKINGS_REJECTED = Problem(422, "bookings_rejected", "Rejected by Microsoft Bookings")
OUTCOME_UNKNOWN = Problem(503, "outcome_unknown", "Outcome unknown")
