"""Models of responses. The functions build these objects; the tests validate every real response against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tools.openapi.fields import Moment, Strict, WatchId, left_out

ProblemCode: Any = Field(
    pattern="^[a-z]+(_[a-z]+)*$", description="Never changes, unlike the title. GET /problems/{code} explains it."
)
ProblemType: Any = Field(pattern="^/api/problems/[a-z]+(_[a-z]+)*$", description="Where this code is explained.")

# shared.watches.states.ShownState: pydantic reads an enumeration from objects only, and these models read JSON as well
WatchState = Literal[
    "pending", "waiting", "live", "doubtful", "refused", "gone", "paused", "paused-by-host", "paused-by-owner",
    "stopped",
]  # fmt: skip


class Problem(Strict):
    """Problem details (RFC 9457): `code` and `title` name the problem, `detail` says what to do."""

    type: str = ProblemType
    title: str = Field(min_length=1)
    status: int = Field(ge=400, le=599)
    code: str = ProblemCode
    detail: str = Field(min_length=1)


class Subscription(Strict):
    """A watched mailbox, and the state of its subscription at Microsoft Graph."""

    id: WatchId = Field(description="Always the same for a mailbox, even when Graph's subscription is replaced.")
    mailbox: str
    delivery: Literal["relay", "direct"]
    state: WatchState = Field(
        description="live, or a state that the operations page explains, with what to do. Accept others, too: a later "
        "version may add some."
    )
    since: Moment | None
    last_error: str | None = Field(description="Why it is not live, and what to do.")
    room_lists: list[WatchId] = Field(description="Ids of the watched room lists that it belongs to.")
    graph_subscription_id: str | None
    expiration_date_time: Moment | None
    last_change_seen: Moment | None = Field(description="With a precision of ten seconds.")
    created: Moment
    notification_url: str = left_out(
        "Direct delivery only: where Graph posts notifications. Relay.Read sees it without its query."
    )
    client_state: str = left_out(
        "Direct delivery only, for Relay.Setup: verify it in every notification from Graph. It changes when its key is "
        "retired: read it again when a notification has another one."
    )


class NewSubscription(Subscription):
    """A watched mailbox in the response of the setup call."""


class SubscriptionPage(Strict):
    """A page of subscriptions."""

    value: list[Subscription]
    next_link: str | None = Field(description="URL of the next page; null on the last.")


class SubscriptionLookup(Strict):
    """The watches of the mailboxes of a call, in its order."""

    value: list[Subscription]
    not_watched: list[str] = Field(description="The addresses of the call that have no watch.")
    unreadable: list[str] = Field(
        description="The addresses whose watch the relay cannot read now: ask the customer's IT to run the doctor."
    )


class WatchedMailbox(Strict):
    """A mailbox of a call for several that is watched: new (201) or already before (200)."""

    mailbox: str
    status: Literal[200, 201]
    subscription: NewSubscription


class RefusedMailbox(Strict):
    """A mailbox of a call for several that could not be set up, with the problem of a call for it alone."""

    mailbox: str
    type: str = ProblemType
    status: int = Field(ge=400, le=599)
    code: str = ProblemCode
    title: str
    detail: str


class SetupResults(Strict):
    """A result for each mailbox, in the order of the request."""

    value: list[WatchedMailbox | RefusedMailbox]


class AcceptedRoomList(Strict):
    """A room list whose rooms will be watched; `link` is the URL of its progress."""

    id: WatchId
    room_list: str
    link: str


class WatchedRoomList(Strict):
    """A watched room list."""

    id: WatchId
    room_list: str
    desired: int = Field(ge=0, description="Number of its rooms to watch.")
    not_allowed: int = Field(ge=0, description="Number of its rooms that the customer's allow-list excludes.")
    checked: Moment | None = Field(description="When its rooms were last read from Graph.")
    last_error: str | None
    created: Moment


class RoomLists(Strict):
    """The watched room lists."""

    value: list[WatchedRoomList]


class RoomListProgress(WatchedRoomList):
    """A watched room list, with the number of its rooms in each state."""

    live: int = Field(ge=0)
    pending: int = Field(ge=0)
    refused: int = Field(ge=0)
    gone: int = Field(ge=0)
    paused: int = Field(ge=0)


class QueuedResync(Strict):
    """A queued resync."""

    id: WatchId
    full: bool


class RelayHealth(Strict):
    """Whether the relay works."""

    status: Literal["up", "stopped", "down"]


class Check(Strict):
    """One check; if not ok, `detail` says what to do."""

    ok: bool
    detail: str


class CheckResults(Strict):
    """The named checks."""

    checks: dict[str, Check]
