"""The table of all routes: caller, request and responses of each.

A test compares this table with the functions that the host indexes, so that no route is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from shared.watches.requests import RoomListRequest, SubscriptionQuery, SubscriptionRequest, SubscriptionsRequest
from tools.openapi import requests, responses
from tools.openapi.administration_routes import ADMINISTRATION
from tools.openapi.bookings_routes import BOOKING
from tools.openapi.calendars import CALENDARS
from tools.openapi.features.rooms import ROOMS
from tools.openapi.fields import deprecation
from tools.openapi.operation import WITH_KEY, Operation, Query, Response
from tools.openapi.scheduling import SCHEDULING
from tools.openapi.version import VERSION

ENTRA = "entra/"  # the same routes for callers with an Entra token
ENTRA_IS_SERVED = True
WATCH, LIST = "subscriptions/{id}", "room-lists/{id}"
GONE = Response("Deleted, or not found. Idempotent.")
_PAGE = (
    Query("pageSize", "Maximum number of items.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "Items after this id; taken from nextLink.", {"type": "string", "pattern": "^([0-9a-f]{32})?$"}),
)
_FORMER = "A body with mailboxes or roomList in place of mailbox: " + deprecation(
    "Use /subscriptions/batch or /room-lists, which answer as this does."
)
_HANDSHAKE = Query("validationToken", "Graph's handshake: returned in the response.", {"type": "string"})
_VERSION = Query(
    "version", "Version of the contract: 1, until 2027-11-30, or 2; the present one if missing.",
    {"type": "string", "pattern": "^[12]([.]0)?$"},
)  # fmt: skip
_FROM_GRAPH: dict[int, Response] = {
    200: Response("The decoded validationToken.", media="text/plain", example="Validation: 7f105c7d"),
    202: Response("All authentic items are queued."),
    500: Response("From the host: the queue could not be written. Graph tries again."),
}

_TABLE = (
    Operation(
        "create_subscription", "post", "subscriptions", "partner",
        "Watch a mailbox. Idempotent.",
        {
            200: Response("The existing watch.", responses.NewSubscription, ("Location",), names=WATCH),
            201: Response("A new watch.", responses.NewSubscription, ("Location",), names=WATCH),
        },
        (400, 403, 409, 422, 502, 503), SubscriptionRequest, description=_FORMER,
    ),
    Operation(
        "create_many_subscriptions", "post", "subscriptions/batch", "partner",
        "Watch several mailboxes, each independently of the others. Idempotent.",
        {207: Response("A result for each mailbox.", responses.SetupResults)}, (400, 422, 503), SubscriptionsRequest,
    ),
    Operation(
        "query_subscriptions", "post", "subscriptions/query", "partner",
        "Read the watches of mailboxes, by their addresses.",
        {200: Response("The watches, and the mailboxes without one.", responses.SubscriptionLookup, names=WATCH)},
        (400, 422, 503), SubscriptionQuery,
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
        "Remove a watch and its subscription at Graph, and forget its mailbox: dead letters, parked changes and slot "
        "bookings, too, whose events stay. 409 if it belongs to a room list: remove that instead.",
        {204: GONE}, (409, 502, 503),
    ),
    Operation(
        "resync_subscription", "post", WATCH + "/resync", "operations",
        "Compare a mailbox with what the partner has, and deliver the differences.",
        {202: Response("The resync is queued.", responses.QueuedResync)}, (400, 404, 409, 422, 503),
        requests.Resync, body_is_needed=False,
    ),
    Operation(
        "create_room_list", "post", "room-lists", "partner",
        "Watch the rooms of a room list, also those that join it later. Idempotent.",
        {202: Response("The room list is watched; Location is its progress.", responses.AcceptedRoomList,
                       ("Location",), names=LIST)},
        (400, 403, 409, 422, 502, 503), RoomListRequest,
    ),
    Operation(
        "list_room_lists", "get", "room-lists", "partner", "List the watched room lists.",
        {200: Response("All watched room lists.", responses.RoomLists, names=LIST)}, (503,),
    ),
    Operation(
        "get_room_list", "get", LIST, "partner", "Read the progress of a room list.",
        {200: Response("The room list and the states of its rooms.", responses.RoomListProgress)}, (404, 503),
    ),
    Operation(
        "delete_room_list", "delete", LIST, "partner",
        "Release a room list, and soon the rooms that have no other source.", {204: GONE}, (503,),
    ),
    *ADMINISTRATION,
    *CALENDARS,
    *SCHEDULING,
    *BOOKING,
    *ROOMS,
    Operation(
        "receive_notifications", "post", "notifications", "Microsoft Graph", "Receive change notifications.",
        _FROM_GRAPH, (400, 413, 415, 503), requests.NotificationCollection, query=(_HANDSHAKE,),
    ),
    Operation(
        "receive_lifecycle_events", "post", "lifecycle", "Microsoft Graph", "Receive lifecycle notifications.",
        _FROM_GRAPH, (400, 413, 415, 503), requests.NotificationCollection, query=(_HANDSHAKE,),
    ),
    Operation(
        "health", "get", "health", "anyone", "Read whether the relay is up, stopped or down.",
        {
            200: Response("Up, or stopped by IT.", responses.RelayHealth),
            503: Response("Down.", responses.RelayHealth, example={"status": "down"}),
        },
    ),
    Operation(
        "health_checks", "get", "health/checks", "partner", "List the health checks: ok, or what to do.",
        {
            200: Response("All are ok.", responses.CheckResults),
            503: Response("At least one is not ok.", responses.CheckResults),
        },
    ),
    VERSION,
    Operation(
        "get_problem", "get", "problems/{code}", "anyone", "Read what a code of a problem means, and what to do.",
        {200: Response("A short text.", headers=("Cache-Control",), media="text/plain",
                       example="slot_taken (409): Slot not free")},
        (404, 422),
    ),
    Operation(
        "openapi", "get", "openapi.json", "anyone", "Read this document.",
        {
            200: Response("OpenAPI 3.1.", headers=("ETag", "Cache-Control"), example={"openapi": "3.1.0"}),
            304: Response("Not modified."),
        },
        (422,), query=(_VERSION,),
    ),
)  # fmt: skip


def operations(*, entra: bool = ENTRA_IS_SERVED, features: Collection[str] | None = None) -> Iterator[Operation]:
    """Yield every operation, or those of the relay and of `features`. With `entra`, each operation with a key is
    followed by its variant for bearer tokens.
    """
    for operation in _TABLE:
        if features is not None and operation.feature not in ("relay", *features):
            continue
        yield operation
        if entra and operation.caller in WITH_KEY:
            name = f"{operation.function}_entra"
            yield replace(operation, function=name, route=ENTRA + operation.route, by_token=True)
