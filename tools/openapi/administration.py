"""What an administrator is answered about deliveries, and asks for, as models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from shared.delivery.pause import LONGEST_REASON
from shared.reliability.dead_letters import Selection
from tools.openapi.fields import Moment, Strict, WatchId

_SELECTION: dict[str, Any] = {
    "oneOf": [
        {"required": ["ids"], "properties": {"ids": {"type": "array", "items": {"pattern": "^[0-9a-f]{32}$"}}}},
        {"required": ["all"], "properties": {"all": {"const": True}}},
        {"anyOf": [
            {"required": ["from"], "properties": {"from": {"type": "string"}}},
            {"required": ["to"], "properties": {"to": {"type": "string"}}},
        ]},
    ],
    "examples": [{"all": True}, {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}, {"ids": ["0" * 32]}],
}  # fmt: skip


class Reason(Strict):
    """Why deliveries are paused or let go on; it stands in the log and in GET /api/relay."""

    reason: str = Field(max_length=LONGEST_REASON, min_length=1, description="One line.")


class DeadLetterSelection(Selection):
    """Which dead letters are meant: `ids`, those that died from `from` until before `to`, or `all`; exactly one."""

    model_config = ConfigDict(json_schema_extra=_SELECTION)


class RelayState(Strict):
    """Whether deliveries leave: flowing, failing (the partner's endpoint is tried now and then), gone, or paused."""

    state: Literal["flowing", "failing", "gone", "paused"]
    since: Moment | None
    reason: str | None
    waiting: int = Field(ge=0, description="Changes that wait.")
    dead_letters: int = Field(ge=0)
    counted_to: int = Field(description="A number as large as this means: that many or more.")


class DeadLetter(Strict):
    """A change whose deliveries all failed. It can be replayed, and holds no title."""

    id: WatchId
    subscription_id: str | None
    event_id: str | None
    died: Moment
    reason: str
    status: int | None = Field(description="The partner's last answer; null when there was none.")
    attempts: int = Field(ge=0)


class DeadLetterPage(Strict):
    """A page of dead letters."""

    value: list[DeadLetter]
    next_link: str | None = Field(description="Where the next page is; null after the last.")


class DeletedDeadLetters(Strict):
    """How many were deleted."""

    deleted: int = Field(ge=0)


class Replay(Strict):
    """How far a replay is: how many changes are back on the queue, and when it was done."""

    id: WatchId
    link: str
    requested: Moment | None = Field(alias="asked")
    queued: int = Field(ge=0)
    done: Moment | None
