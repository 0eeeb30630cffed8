"""Checks the names of a request's query parameters by the document's operation.

Routes of version 1 of the contract ignore a parameter that they do not have, and name it in the header
Ignored-Parameters. Every other route refuses it.
"""

from __future__ import annotations

import azure.functions as func

from functions.answer_headers import mark_deprecated, note
from shared import problems
from shared.api.contract import contract
from shared.api.query import shown, unknown_names
from shared.errors import RequestRejected

# The functions of version 1. A function that is added is not: it refuses what it does not know.
_VERSION_1 = """
create_subscription list_subscriptions get_subscription delete_subscription resync_subscription
list_room_lists get_room_list delete_room_list health health_checks openapi version
get_relay pause_relay resume_relay stop_relay start_relay forget_mailbox examine_relay
list_dead_letters replay_dead_letters get_replay list_unknown_subscriptions delete_unknown_subscriptions
list_calendars create_calendar list_events create_event get_event change_event delete_event cancel_event
list_slots create_booking get_booking move_booking cancel_booking
list_booking_businesses get_booking_business list_booking_services list_booking_staff search_booking_customers
get_booking_availability list_booking_appointments get_booking_appointment create_booking_appointment
change_booking_appointment cancel_booking_appointment delete_booking_appointment
"""
LENIENT = frozenset(_VERSION_1.split())
# Its parameters select what is deleted, so an unknown one was never ignored; it has a code of its own for that.
REFUSES_BY_ITSELF = "delete_dead_letters"


def check_parameters(req: func.HttpRequest, function: str, method: str, route: str) -> None:
    """Note deprecated and ignored parameters for the answer. Raises RequestRejected 422 for an unknown one where the
    route is not lenient.
    """
    if not req.params:
        return
    operation = contract().operation(method, route)
    if operation.deprecated & req.params.keys():
        mark_deprecated(req)
    unknown = unknown_names(req.params, operation.parameters)
    if not unknown or function == REFUSES_BY_ITSELF:
        return
    if function not in LENIENT:
        text = f"This route has no parameter {shown(unknown)}. Correct its name, or leave it out."
        raise RequestRejected(problems.UNKNOWN_PARAMETER, text)
    note(req, Ignored_Parameters=shown(unknown))
