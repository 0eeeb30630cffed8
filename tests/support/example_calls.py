"""Calls of the functions in docs/examples, with the answers that each gets: a row for every public function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAILBOX, EVENT = "room1@contoso.com", {"id": "AAMk1", "title": "Kick-off", "etag": 'W/"1"'}
CREDENTIALS: dict[str, dict[str, Any]] = {"/api/": {"key": "a key"}, "/api/entra/": {"token": "a token"}}
FROM, TO = "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"
PLACE = {"mailbox": MAILBOX, "name": "Room 1"}
BUSY = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z"}
SLOT = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z", "mailboxes": [MAILBOX]}
ORDER = "order-4711"
MORE = "{origin}/api/next"  # the address of a second page, at the server that answers


@dataclass(frozen=True)
class ExampleCall:
    """A call of `file`'s function: its arguments after the relay, what the relay answers in turn, and the result.

    `ends` maps the code of a problem to the result which the function returns instead of an error.
    """

    file: str
    python: str
    node: str
    arguments: list[Any]
    answers: list[Any]
    result: Any
    ends: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the call in tests."""
        return f"{self.file}.{self.python}"


WATCH = {"id": "w1", "mailbox": MAILBOX, "state": "live"}
CALLS = [
    ExampleCall("subscriptions", "watch", "watch", [MAILBOX], [WATCH], WATCH),
    ExampleCall(
        "subscriptions", "watches", "watches", [],
        [{"value": [WATCH], "nextLink": MORE}, {"value": [WATCH], "nextLink": None}], [WATCH, WATCH],
    ),
    ExampleCall(
        "subscriptions", "not_watched", "notWatched", [[MAILBOX]],
        [{"value": [], "notWatched": [MAILBOX], "unreadable": []}], [MAILBOX],
    ),
    ExampleCall("subscriptions", "unwatch", "unwatch", ["w1"], [None], None, {"subscription_not_found": None}),
    ExampleCall("calendars", "book", "book", [MAILBOX, {"title": "Kick-off"}, ORDER], [EVENT], EVENT),
    ExampleCall("calendars", "rename", "rename", [MAILBOX, "AAMk1", "New"], [EVENT, EVENT], EVENT),
    ExampleCall(
        "calendars", "shown", "shown", [MAILBOX, FROM, TO],
        [{"value": [EVENT], "nextLink": MORE}, {"value": [EVENT], "nextLink": None}], [EVENT, EVENT],
    ),
    ExampleCall(
        "scheduling", "slots", "slots", [[MAILBOX, "ida@contoso.com"], {"from": FROM, "to": TO, "duration": 30}],
        [{"value": [SLOT], "nextLink": MORE}, {"value": [SLOT], "nextLink": None}], [SLOT, SLOT],
    ),
    ExampleCall(
        "scheduling", "book", "book", [MAILBOX, {"start": FROM, "duration": 30}, ORDER],
        [{"id": "b1"}], [{"id": "b1"}, []],
        {"slot_taken": [None, []]},
    ),
    ExampleCall(
        "rooms", "rooms", "rooms", [],
        [{"value": [PLACE], "complete": True, "nextLink": MORE},
         {"value": [PLACE], "complete": False, "nextLink": None}], [[PLACE, PLACE], False],
    ),
    ExampleCall(
        "rooms", "free_at", "freeAt", [["Room1@Contoso.com", "room2@contoso.com", "room3@contoso.com"], FROM, TO],
        [{"value": [{"mailbox": MAILBOX, "busy": []}, {"mailbox": "room2@contoso.com", "busy": [BUSY]}],
          "unknown": [{"mailbox": "room3@contoso.com", "code": "graph_unavailable", "detail": "x"}]}],
        {"Room1@Contoso.com": True, "room2@contoso.com": False, "room3@contoso.com": None},
    ),
    ExampleCall("bookings", "booked", "booked", [MAILBOX, {"service": "Repair"}], [{"id": "a1"}], {"id": "a1"}),
]  # fmt: skip
