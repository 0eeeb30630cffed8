"""The operations on deliveries: look, pause, resume, and dead letters."""

from __future__ import annotations

from tools.openapi import administration
from tools.openapi.doctor import DOCTOR
from tools.openapi.operation import Operation, Query, Response

REPLAY = "dead-letters/replays/{id}"
_FROM = Query("from", "Those that died at this moment or later.", {"type": "string", "format": "date-time"})
_TO = Query("to", "Those that died before this moment.", {"type": "string", "format": "date-time"})
_STATE = Response("How deliveries stand now.", administration.RelayState)
_PAGE = (
    Query("pageSize", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "The ids after this one, as nextLink says it.", {"type": "string", "pattern": "^([0-9a-f]{32})?$"}),
    _FROM,
    _TO,
    Query("reason", "Those of this reason.", {"type": "string", "pattern": "^([a-z-]{1,40})?$"}),
)
_SELECTED = (
    Query("ids", "These, separated by commas.", {"type": "string", "pattern": "^[0-9a-f]{32}(,[0-9a-f]{32}){0,499}$"}),
    _FROM,
    _TO,
    Query("all", "All of them.", {"const": "true"}),
)

ADMINISTRATION = (
    Operation(
        "get_relay", "get", "relay", "operations", "Tell whether deliveries leave, and how many changes wait or died.",
        {200: _STATE}, (503,),
    ),
    Operation(
        "pause_relay", "post", "relay/pause", "operations", "Let nothing leave any more; intake goes on.",
        {200: _STATE}, (400, 422, 503), administration.Reason,
    ),
    Operation(
        "resume_relay", "post", "relay/resume", "operations", "Let everything leave again, also after a 410.",
        {200: _STATE}, (400, 422, 503), administration.Reason,
    ),
    Operation(
        "list_dead_letters", "get", "dead-letters", "operations", "List changes whose deliveries all failed.",
        {200: Response("A page.", administration.DeadLetterPage)}, (422, 503), query=_PAGE,
    ),
    Operation(
        "delete_dead_letters", "delete", "dead-letters", "operations",
        "Delete dead letters: ids, or from and to, or all; exactly one.",
        {200: Response("They are deleted.", administration.DeletedDeadLetters)}, (422, 503), query=_SELECTED,
    ),
    Operation(
        "replay_dead_letters", "post", "dead-letters/replay", "operations",
        "Deliver dead letters anew, each event in its state of now.",
        {202: Response("Location tells how far it is.", administration.Replay, ("Location",), names=REPLAY)},
        (400, 422, 503), administration.DeadLetterSelection,
    ),
    Operation(
        "get_replay", "get", REPLAY, "operations", "Read how far a replay is.",
        {200: Response("The replay.", administration.Replay)}, (404, 503),
    ),
    DOCTOR,
)  # fmt: skip
