"""Models of the requests and responses about deliveries and dead letters."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from shared.delivery.pause import LONGEST_REASON
from shared.reliability.dead_letters import Selection
from tools.openapi.fields import Moment, Strict, WatchId
from tools.openapi.version import Commit, PackageHash, ReleaseVersion

_SELECTION: dict[str, Any] = {
    "oneOf": [
        {"required": ["ids"], "properties": {"ids": {"type": "array", "items": {"pattern": "^[0-9a-f]{32}$"}}}},
        {"required": ["all"], "properties": {"all": {"const": True}}},
        {"anyOf": [
            {"required": ["watch"], "properties": {"watch": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}},
            {"required": ["from"], "properties": {"from": {"type": "string"}}},
            {"required": ["to"], "properties": {"to": {"type": "string"}}},
        ]},
    ],
    "examples": [{"all": True}, {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}, {"watch": "0" * 32},
                 {"ids": ["0" * 32]}],
}  # fmt: skip


class StateChange(Strict):
    """Why deliveries are paused or resumed, or the relay stopped or started; in the log and in GET /api/relay."""

    reason: str = Field(max_length=LONGEST_REASON, min_length=1, description="One line.")


class DeadLetterSelection(Selection):
    """Selects dead letters: by `ids`; by `watch` and time (`from` inclusive, `to` exclusive), together or alone; or
    `all`. Exactly one of these.
    """

    model_config = ConfigDict(json_schema_extra=_SELECTION)


class RelayState(Strict):
    """State of deliveries: flowing, failing (only probes are sent), gone (the partner returned 410), or paused."""

    state: Literal["flowing", "failing", "gone", "paused"]
    since: Moment | None
    reason: str | None
    waiting: int = Field(ge=0, description="Number of parked changes.")
    dead_letters: int = Field(ge=0)
    counted_to: int = Field(description="A number as large as this means this many or more.")
    late: bool = Field(description="20 or 1 % of the last hour's deliveries are more than ten minutes late.")
    retried: int = Field(ge=0, description="Number of changes whose delivery is retried, beside the parked ones.")
    retried_since: Moment | None = Field(description="When the oldest of them was notified.")
    stopped_since: Moment | None = Field(description="Since when the whole relay is stopped; null if it runs.")
    stop_reason: str | None = Field(description="Why it is stopped; null if it runs.")
    outgoing_address: str | None = Field(
        description="The fixed IP address from which the relay calls the partner; null if it has none."
    )
    version: str = ReleaseVersion
    commit: str | None = Commit
    package_hash: str | None = PackageHash


class DeadLetter(Strict):
    """A change whose deliveries all failed. It can be replayed. It holds no title."""

    id: WatchId
    subscription_id: str | None
    event_id: str | None
    died: Moment
    reason: str
    status: int | None = Field(description="The partner's last response status; null without a response.")
    attempts: int = Field(ge=0)


class DeadLetterPage(Strict):
    """A page of dead letters."""

    value: list[DeadLetter]
    next_link: str | None = Field(description="URL of the next page; null on the last.")


class DeletedDeadLetters(Strict):
    """How many dead letters were deleted."""

    deleted: int = Field(ge=0)


class Replay(Strict):
    """Progress of a replay: how many changes are queued again, and when it was done."""

    id: WatchId
    link: str
    requested: Moment | None = Field(alias="asked")
    queued: int = Field(ge=0)
    done: Moment | None
