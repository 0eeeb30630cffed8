"""The operations of the feature rooms, and models of their responses."""

from __future__ import annotations

from pydantic import Field

from shared.rooms.requests import MOST_MAILBOXES, AvailabilityQuery
from tools.openapi.fields import Moment, Strict, WatchId
from tools.openapi.operation import Operation, Query, Response
from tools.openapi.responses import ProblemCode


class RoomEquipment(Strict):
    """The names of a room's devices; null where Graph knows of none."""

    audio: str | None
    video: str | None
    display: str | None


class Room(Strict):
    """A room of the customer's allow-list, as IT describes it in Microsoft 365; null for what it does not say."""

    id: WatchId = Field(description="Always the same for a mailbox: also the id of its watch, if it is watched.")
    mailbox: str
    name: str | None
    capacity: int | None = Field(ge=0)
    building: str | None
    floor_number: int | None
    floor_label: str | None
    label: str | None = Field(description="Such as a number or a note of the customer.")
    equipment: RoomEquipment
    wheelchair_accessible: bool | None
    tags: list[str] = Field(description="Further features, in the customer's own words.")


class RoomPage(Strict):
    """A page of rooms."""

    value: list[Room]
    as_of: Moment | None = Field(description="When they were read from Graph; null if the allow-list is empty.")
    complete: bool = Field(description="Whether all rooms are known, as they were at asOf.")
    detail: str | None = Field(description="Why rooms may be missing, or their properties be old.")
    next_link: str | None = Field(description="URL of the next page; null on the last.")


class BusySpan(Strict):
    """A time at which a mailbox is busy, without what makes it so."""

    start: Moment
    end: Moment


class BusyMailbox(Strict):
    """The busy times of a mailbox in the window: in order, merged, and in whole minutes. None: it is free."""

    mailbox: str
    busy: list[BusySpan]


class UnknownMailbox(Strict):
    """A mailbox whose times are not known: it may be busy."""

    mailbox: str
    code: str = ProblemCode
    detail: str


class BusyTimes(Strict):
    """Each mailbox of the query once, in `value` or in `unknown`."""

    value: list[BusyMailbox]
    unknown: list[UnknownMailbox]


_PAGE = (
    Query("pageSize", "Maximum number of items.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "Items after this id; taken from nextLink.", {"type": "string", "pattern": "^([0-9a-f]{32})?$"}),
)

ROOMS = (
    Operation(
        "list_rooms", "get", "rooms", "partner", "List the rooms of the customer's allow-list, a page at a time.",
        {200: Response("A page.", RoomPage)}, (422, 503), query=_PAGE, feature="rooms",
        description="They are read from Microsoft Graph at most once an hour.",
    ),
    Operation(
        "query_availability", "post", "availability/query", "partner",
        f"Read when up to {MOST_MAILBOXES} watched mailboxes are busy.",
        {200: Response("What answered within 20 seconds, and what is unknown.", BusyTimes)},
        (400, 403, 422, 502, 503), AvailabilityQuery, feature="rooms",
        description="Tentative counts as busy, working elsewhere as free. A problem is the answer only if none of the "
        "mailboxes may be asked about.",
    ),
)  # fmt: skip
