"""What the relay answers, as models. The functions build these objects; the tests hold every real answer to them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.storage.watches import State
from tools.openapi.fields import Moment, Strict, WatchId, left_out

ProblemCode: Any = Field(
    pattern="^[a-z]+(_[a-z]+)*$", description="Never changes, unlike the title. The partner guide lists the codes."
)


class Problem(Strict):
    """Problem details (RFC 9457): `code` and `title` name the problem, `detail` says what to do."""

    type: Literal["about:blank"]
    title: str = Field(min_length=1)
    status: int = Field(ge=400, le=599)
    code: str = ProblemCode
    detail: str = Field(min_length=1)


class Subscription(Strict):
    """A watched mailbox, and the state of its subscription at Microsoft Graph."""

    id: WatchId = Field(description="Stays the same for a mailbox, whatever becomes of Graph's subscription.")
    mailbox: str
    delivery: Literal["relay", "direct"]
    state: State = Field(description="live is well; the others, and what to do, are in the operations page.")
    since: Moment | None
    last_error: str | None = Field(description="Why it is not live, and what to do.")
    room_lists: list[WatchId] = Field(description="The watched room lists that it belongs to.")
    graph_subscription_id: str | None
    expiration_date_time: Moment | None
    last_change_seen: Moment | None = Field(description="To ten seconds.")
    created: Moment
    notification_url: str = left_out("Direct delivery only: where Graph posts.")


class NewSubscription(Subscription):
    """A watched mailbox as the setup call answers it."""

    client_state: str = left_out("Direct delivery only: check it in every notification that Graph sends.")


class SubscriptionPage(Strict):
    """A page of subscriptions."""

    value: list[Subscription]
    next_link: str | None = Field(description="Where the next page is; null after the last.")


class WatchedMailbox(Strict):
    """A mailbox of a call for several that is watched now (201) or was before (200)."""

    mailbox: str
    status: Literal[200, 201]
    subscription: NewSubscription


class RefusedMailbox(Strict):
    """A mailbox of a call for several that could not be set up: the problem that a call for it alone would get."""

    mailbox: str
    status: int = Field(ge=400, le=599)
    code: str = ProblemCode
    title: str
    detail: str


class SetupResults(Strict):
    """An answer for each mailbox, in the order of the call."""

    value: list[WatchedMailbox | RefusedMailbox]


class AcceptedRoomList(Strict):
    """A room list whose rooms are being watched; `link` leads to the progress."""

    id: WatchId
    room_list: str
    link: str


class RoomList(Strict):
    """A watched room list."""

    id: WatchId
    room_list: str
    desired: int = Field(ge=0, description="How many of its rooms are watched.")
    not_allowed: int = Field(ge=0, description="How many the customer's allow-list keeps out.")
    checked: Moment | None = Field(description="When Graph last told its rooms.")
    last_error: str | None
    created: Moment


class RoomLists(Strict):
    """The watched room lists."""

    value: list[RoomList]


class RoomListProgress(RoomList):
    """A watched room list, and how many of its rooms are in which state."""

    live: int = Field(ge=0)
    pending: int = Field(ge=0)
    refused: int = Field(ge=0)
    gone: int = Field(ge=0)
    paused: int = Field(ge=0)


class QueuedResync(Strict):
    """A resync that will be done soon."""

    id: WatchId
    full: bool


class Health(Strict):
    """Whether the relay can do its work."""

    status: Literal["up", "down"]


class Check(Strict):
    """One check: ok, or what to do."""

    ok: bool
    detail: str


class Checks(Strict):
    """The named checks."""

    checks: dict[str, Check]
