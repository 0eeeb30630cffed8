"""Who may call what: a row for each function with a route, and the rule for each cell. Pure.

A cell is the answer to one credential at one route in one state of the relay. The rows are written by hand, so that a
route that is added, or gets another role, is refused until somebody has decided who may call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.auth.caller import ADMIN, READ, SETUP

State = Literal["flowing", "paused", "stopped"]
Answer = Literal["let in", "401", "403", "503"]
STATES: tuple[State, ...] = ("flowing", "paused", "stopped")

ANONYMOUS = ("receive_notifications", "receive_lifecycle_events", "health", "openapi", "get_problem")
WITH_SECRET = ("receive_bookings",)  # the secret of Dataverse's webhooks, which is none of these credentials
CATCH_ALL = "zz_unknown"  # answers anybody what no other function takes; in no document
OPTIONAL = "version"  # anyone; a token that is sent has to be valid
ROLES = {
    READ: (
        "list_subscriptions", "query_subscriptions", "get_subscription", "list_room_lists", "get_room_list",
        "health_checks",
        "list_rooms", "query_availability",
        "list_calendars", "list_events", "get_event", "list_slots", "query_slots", "get_booking",
        "list_booking_businesses", "get_booking_business", "list_booking_services", "list_booking_staff",
        "search_booking_customers", "get_booking_availability", "query_booking_availability",
        "list_booking_appointments", "get_booking_appointment",
    ),
    SETUP: (
        "create_subscription", "create_many_subscriptions", "delete_subscription", "create_room_list",
        "delete_room_list",
        "create_calendar", "create_event", "change_event", "delete_event", "cancel_event",
        "create_booking", "move_booking", "cancel_booking",
        "create_booking_appointment", "change_booking_appointment", "cancel_booking_appointment",
        "delete_booking_appointment",
    ),
    ADMIN: (
        "resync_subscription", "get_relay", "pause_relay", "resume_relay", "stop_relay", "start_relay",
        "forget_mailbox", "list_unknown_subscriptions", "delete_unknown_subscriptions",
        "list_dead_letters", "delete_dead_letters", "replay_dead_letters", "get_replay", "examine_relay",
        "get_dataverse", "plan_dataverse", "start_dataverse", "hold_dataverse", "release_dataverse",
    ),
}  # fmt: skip
ROLE_OF = {function: role for role, functions in ROLES.items() for function in functions}
# While the relay is stopped, an administrator's token passes the check of the caller. These functions then refuse,
# because they would use a mailbox; the others answer from the relay's own rows, or refuse the body of the matrix first.
USES_A_MAILBOX = (
    "list_calendars", "list_events", "get_event", "delete_event", "list_slots", "get_booking", "cancel_booking",
    "list_rooms",
    "list_booking_businesses", "get_booking_business", "list_booking_services", "list_booking_staff",
    "get_booking_availability", "list_booking_appointments", "get_booking_appointment", "delete_booking_appointment",
)  # fmt: skip

INCLUDED = {READ: {READ}, SETUP: {READ, SETUP}, ADMIN: {READ, SETUP, ADMIN}}
KEYS = ("function key", "master key")
REFUSED_TOKENS = ("a person's token", "token for another API", "token of another tenant")
CREDENTIALS = ("no credential", "wrong key", *KEYS, "token without a role", READ, SETUP, ADMIN, *REFUSED_TOKENS)


@dataclass(frozen=True, slots=True)
class Cell:
    """The expected answer. `by_host`: the Functions host decides it before the app runs, as Microsoft documents it.

    ("Azure Functions HTTP trigger: Authorization level", "Work with access keys in Azure Functions")
    """

    answer: Answer
    by_host: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A route as the host has registered it; `function` is its handler's, without the ending of token routes."""

    function: str
    method: str
    path: str
    level: str

    @property
    def by_token(self) -> bool:
        """Whether the route is for tokens."""
        return self.path.startswith("entra/")


def expected(route: Route, credential: str, state: State) -> Cell:
    """Return the cell. Raises KeyError for a route without a row."""
    if route.function in (*ANONYMOUS, CATCH_ALL):
        return Cell("let in")
    if route.function in WITH_SECRET:
        return Cell("401")
    if route.function == OPTIONAL:
        return _optional(credential)
    role = ROLE_OF[route.function]
    return _of_token(route, role, credential, state) if route.by_token else _of_key(route, role, credential, state)


def _optional(credential: str) -> Cell:
    if credential in REFUSED_TOKENS:
        return Cell("401")
    return Cell("403" if credential == "token without a role" else "let in")


def _of_key(route: Route, role: str, credential: str, state: State) -> Cell:
    """The host does not say which key was used: at a route for function keys, the master key is one of them."""
    accepted = ("master key",) if role == ADMIN else KEYS
    if credential not in accepted:
        return Cell("401", by_host=True)
    return Cell("503" if state == "stopped" and not _is_open(route, role) else "let in")


def _of_token(route: Route, role: str, credential: str, state: State) -> Cell:
    if credential != "token without a role" and credential not in INCLUDED:
        return Cell("401")
    if role not in INCLUDED.get(credential, ()):
        return Cell("403")
    if state != "stopped":
        return Cell("let in")
    is_open = route.function not in USES_A_MAILBOX if credential == ADMIN else _is_open(route, role)
    return Cell("let in" if is_open else "503")


def _is_open(route: Route, role: str) -> bool:
    """Return whether a stopped relay answers whoever is below an administrator, or has the key of the route."""
    return role == ADMIN or route.function == "health_checks"
