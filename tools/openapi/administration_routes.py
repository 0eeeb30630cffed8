"""The operations for administrators: deliveries, unknown subscriptions, dead letters, replays and the doctor."""

from __future__ import annotations

from tools.openapi import administration, forgetting, unknown_subscriptions
from tools.openapi.doctor import DOCTOR
from tools.openapi.operation import Operation, Query, Response

REPLAY = "dead-letters/replays/{id}"
_FROM = Query("from", "Dead letters from this time on.", {"type": "string", "format": "date-time"})
_TO = Query("to", "Dead letters before this time.", {"type": "string", "format": "date-time"})
_STATE = Response("The present state of deliveries.", administration.RelayState)
_PAGE = (
    Query("pageSize", "Maximum number of items.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "Items after this id; taken from nextLink.", {"type": "string", "pattern": "^([0-9a-f]{32})?$"}),
)
_WATCH = Query("watch", "Dead letters of the watch with this id.", {"type": "string", "pattern": "^[0-9a-f]{32}$"})
_LETTERS = (
    *_PAGE,
    _FROM,
    _TO,
    _WATCH,
    Query("reason", "Dead letters with this reason.", {"type": "string", "pattern": "^([a-z-]{1,40})?$"}),
)
_SELECTED = (
    Query("ids", "Ids, separated by commas.", {"type": "string", "pattern": "^[0-9a-f]{32}(,[0-9a-f]{32}){0,499}$"}),
    _FROM,
    _TO,
    _WATCH,
    Query("all", "All dead letters.", {"const": "true"}),
)

ADMINISTRATION = (
    Operation(
        "get_relay", "get", "relay", "operations",
        "Read the state of deliveries, with the numbers of parked changes and dead letters.",
        {200: _STATE}, (503,),
    ),
    Operation(
        "pause_relay", "post", "relay/pause", "operations", "Pause all deliveries; intake continues.",
        {200: _STATE}, (400, 422, 503), administration.StateChange,
    ),
    Operation(
        "resume_relay", "post", "relay/resume", "operations", "Resume deliveries, also after a 410.",
        {200: _STATE}, (400, 422, 503), administration.StateChange,
    ),
    Operation(
        "stop_relay", "post", "relay/stop", "operations",
        "Stop the whole relay: no calendar is read or written, direct subscriptions end, and callers get 503.",
        {200: _STATE}, (400, 422, 503), administration.StateChange,
    ),
    Operation(
        "start_relay", "post", "relay/start", "operations",
        "Start the relay again: every watch gets a subscription, and its mailbox is resynced.",
        {200: _STATE}, (400, 422, 503), administration.StateChange,
    ),
    Operation(
        "forget_mailbox", "post", "relay/forget", "operations",
        "Forget a mailbox: its subscriptions are deleted, then all rows that name it. Idempotent.",
        {200: Response("How much was deleted.", forgetting.ForgottenMailbox)}, (400, 409, 422, 502, 503),
        forgetting.MailboxToForget,
    ),
    Operation(
        "list_unknown_subscriptions", "get", "relay/unknown-subscriptions", "operations",
        "List the subscriptions at Graph that post to the relay and that no watch names, as of the last audit.",
        {200: Response("A page.", unknown_subscriptions.UnknownSubscriptionPage)}, (422, 503), query=_PAGE,
    ),
    Operation(
        "delete_unknown_subscriptions", "delete", "relay/unknown-subscriptions", "operations",
        "Delete them, each after another check. Repeat the call while remaining is above 0.",
        {200: Response("The result.", unknown_subscriptions.UnknownSubscriptionCleanup)}, (409, 503),
    ),
    Operation(
        "list_dead_letters", "get", "dead-letters", "operations", "List changes whose deliveries all failed.",
        {200: Response("A page.", administration.DeadLetterPage)}, (422, 503), query=_LETTERS,
    ),
    Operation(
        "delete_dead_letters", "delete", "dead-letters", "operations",
        "Delete dead letters, selected by ids, by watch, from and to, or all; exactly one of these.",
        {200: Response("Deleted.", administration.DeletedDeadLetters)}, (422, 503), query=_SELECTED,
    ),
    Operation(
        "replay_dead_letters", "post", "dead-letters/replay", "operations",
        "Replay dead letters, each with the present state of its event.",
        {202: Response("Started; Location is its progress.", administration.Replay, ("Location",), names=REPLAY)},
        (400, 422, 503), administration.DeadLetterSelection,
    ),
    Operation(
        "get_replay", "get", REPLAY, "operations", "Read the progress of a replay.",
        {200: Response("The replay.", administration.Replay)}, (404, 503),
    ),
    DOCTOR,
)  # fmt: skip
