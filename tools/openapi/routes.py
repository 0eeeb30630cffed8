"""Every route of the app, once: who may call it, what it takes and what it answers.

A test compares this table with the functions that the host indexes, so that no route is without an entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from shared.watches.requests import SetupRequest
from tools.openapi import requests, responses
from tools.openapi.administration_routes import ADMINISTRATION
from tools.openapi.bookings_routes import BOOKING
from tools.openapi.calendars import CALENDARS
from tools.openapi.operation import WITH_KEY, Operation, Query, Response
from tools.openapi.scheduling import SCHEDULING

ENTRA = "entra/"  # the same routes for callers with an Entra token
ENTRA_IS_SERVED = True
WATCH, LIST = "subscriptions/{id}", "room-lists/{id}"
GONE = Response("It is not there any more, or never was: asking again is as good.")
_PAGE = (
    Query("pageSize", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "The ids after this one, as nextLink says it.", {"type": "string", "pattern": "^([0-9a-f]{32})?$"}),
)
_HANDSHAKE = Query("validationToken", "Graph checks the address: answered as it is.", {"type": "string"})
_FROM_GRAPH: dict[int, Response] = {
    200: Response("The decoded validationToken.", media="text/plain"),
    202: Response("Whatever is genuine is on a queue."),
    500: Response("The queue could not be written, says the host: Graph tries again."),
}

_TABLE = (
    Operation(
        "create_subscription", "post", "subscriptions", "partner",
        "Watch a mailbox, several, or the rooms of a room list. Asking again for what stands is as good.",
        {
            200: Response("The watch that stands.", responses.NewSubscription, ("Location",), names=WATCH),
            201: Response("A new watch.", responses.NewSubscription, ("Location",), names=WATCH),
            202: Response("The room list is watched; progress is read at Location.", responses.AcceptedRoomList,
                        ("Location",), names=LIST),
            207: Response("Several mailboxes: an answer for each.", responses.SetupResults),
        },
        (400, 403, 409, 422, 502, 503), SetupRequest,
    ),
    Operation(
        "list_subscriptions", "get", "subscriptions", "partner", "List the watches, a page at a time.",
        {200: Response("A page.", responses.SubscriptionPage, names=WATCH)}, (422, 503), query=_PAGE,
    ),
    Operation(
        "get_subscription", "get", WATCH, "partner", "Read one watch.",
        {200: Response("The watch.", responses.Subscription)}, (404, 503),
    ),
    Operation(
        "delete_subscription", "delete", WATCH, "partner",
        "Remove a watch and its subscription at Graph. What belongs to a room list goes with that (409).",
        {204: GONE}, (409, 502, 503),
    ),
    Operation(
        "resync_subscription", "post", WATCH + "/resync", "operations",
        "Compare a mailbox with what the partner was told, and deliver what differs.",
        {202: Response("It will be done soon.", responses.QueuedResync)}, (400, 404, 409, 422, 503),
        requests.Resync, body_is_needed=False,
    ),
    Operation(
        "list_room_lists", "get", "room-lists", "partner", "List the watched room lists.",
        {200: Response("All of them.", responses.RoomLists, names=LIST)}, (503,),
    ),
    Operation(
        "get_room_list", "get", LIST, "partner", "Read how far a room list is.",
        {200: Response("The room list and the states of its rooms.", responses.RoomListProgress)}, (404, 503),
    ),
    Operation(
        "delete_room_list", "delete", LIST, "partner",
        "Let go of a room list, and soon of the rooms that nobody else asked for.", {204: GONE}, (503,),
    ),
    *ADMINISTRATION,
    *CALENDARS,
    *SCHEDULING,
    *BOOKING,
    Operation(
        "receive_notifications", "post", "notifications", "Microsoft Graph", "Take change notifications.",
        _FROM_GRAPH, (400, 413, 415, 503), requests.NotificationCollection, query=(_HANDSHAKE,),
    ),
    Operation(
        "receive_lifecycle_events", "post", "lifecycle", "Microsoft Graph", "Take lifecycle notifications.",
        _FROM_GRAPH, (400, 413, 415, 503), requests.NotificationCollection, query=(_HANDSHAKE,),
    ),
    Operation(
        "health", "get", "health", "anyone", "Up or down.",
        {200: Response("Up.", responses.Health), 503: Response("Down.", responses.Health)},
    ),
    Operation(
        "health_checks", "get", "health/checks", "partner", "Each check, ok or what to do.",
        {200: Response("All is well.", responses.Checks), 503: Response("One is not ok.", responses.Checks)},
    ),
    Operation(
        "openapi", "get", "openapi.json", "anyone", "This document.",
        {200: Response("OpenAPI 3.1.", headers=("ETag", "Cache-Control")), 304: Response("It is still the same.")},
    ),
)  # fmt: skip


def operations(*, entra: bool = ENTRA_IS_SERVED, features: Collection[str] | None = None) -> Iterator[Operation]:
    """Yield every operation, or those of the relay and of some features; with `entra` each one that asks for a key
    follows once more, for bearer tokens.
    """
    for operation in _TABLE:
        if features is not None and operation.feature not in ("relay", *features):
            continue
        yield operation
        if entra and operation.caller in WITH_KEY:
            name = f"{operation.function}_entra"
            yield replace(operation, function=name, route=ENTRA + operation.route, by_token=True)
