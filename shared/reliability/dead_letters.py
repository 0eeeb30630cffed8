"""List dead letters, delete them, and replay them: by their ids, by the time they died, or all."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from shared import telemetry
from shared.errors import RequestRejected
from shared.messages import Job
from shared.parts import Parts
from shared.reliability.parking import requeue
from shared.storage.parked import DEAD, Parked
from shared.storage.replays import Replay
from shared.utc import parse_utc

MOST_IDS = 500
AT_ONCE = 100
EVERY = 3.0  # seconds between the steps of a replay: 33 changes a second
_ID = re.compile(r"[0-9a-f]{32}")


class Selection(BaseModel):
    """Which dead letters are meant: `ids`, those that died from `from` until before `to`, or `all`; exactly one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: list[str] | None = Field(default=None, min_length=1, max_length=MOST_IDS)
    since: datetime | None = Field(default=None, alias="from")
    before: datetime | None = Field(default=None, alias="to")
    everything: bool = Field(default=False, alias="all", strict=True)

    @field_validator("since", "before", mode="before")
    @classmethod
    def _is_written_out(cls, value: object) -> object:
        """Refuse numbers, which would be taken for seconds since 1970: `to=0.5` is a slip."""
        return value if value is None else parse_utc(str(value))

    @model_validator(mode="after")
    def _is_one(self) -> Selection:
        if sum((self.ids is not None, self.since is not None or self.before is not None, self.everything)) != 1:
            raise ValueError("one of the three")
        return self


def read_selection(content: dict[str, Any]) -> Selection:
    """Return the selection of a request. Raises RequestRejected 422 when it is none."""
    try:
        selection = Selection.model_validate(content)
    except ValidationError:
        raise RequestRejected(
            422, "Which dead letters?",
            f'Send {{"ids": […]}} (up to {MOST_IDS}), {{"from": "2026-11-20T00:00Z", "to": "…"}} or {{"all": true}}.',
        ) from None  # fmt: skip
    if wrong := [one for one in selection.ids or () if not _ID.fullmatch(one)]:
        raise RequestRejected(
            422, "Not the id of a dead letter", f"{len(wrong)} of the ids are none: GET /api/dead-letters lists them."
        )
    return selection


def delete(parts: Parts, selection: Selection, caller: str) -> int:
    """Delete dead letters, and return how many."""
    deleted, now = 0, parts.now()
    after: str | None = ""
    while after is not None:
        letters, after = _page(parts, selection, now, after)
        deleted += parts.parked.drop(DEAD, letters)
    telemetry.audit("delete-dead-letters", caller, number=deleted, selection=_as_text(selection))
    return deleted


def ask_for_replay(parts: Parts, selection: Selection, caller: str) -> Replay:
    """Begin to replay dead letters; those that die from now on are not meant."""
    replay = Replay(uuid.uuid4().hex, parts.now(), _as_text(selection))
    parts.replays.insert(replay)
    parts.repairs.send(Job(replay.id, "replay"))
    telemetry.audit("replay-dead-letters", caller, replay=replay.id, selection=replay.selection)
    return replay


def replay_some(parts: Parts, replay_id: str) -> str:
    """Put the next dead letters of a replay on the queue, and ask for the step after it. Twice does no harm."""
    replay = parts.replays.get(replay_id)
    if replay is None or replay.done is not None:
        return "nothing-to-replay"
    selection = Selection.model_validate_json(replay.selection)
    letters, after = _page(parts, selection, replay.asked or parts.now(), replay.after)
    readable = [letter for letter in letters if letter.watch_id]
    requeue(parts, DEAD, readable)
    done = parts.now() if after is None else None
    parts.replays.change(replay, queued=replay.queued + len(readable), after=after or "", done=done)
    if done is None:
        parts.repairs.send(Job(replay.id, "replay"), EVERY)
    return f"replayed-{len(readable)}"


def _page(parts: Parts, selection: Selection, now: datetime, after: str) -> tuple[list[Parked], str | None]:
    """Return selected letters that are older than `now`, and after which id the next ones come, None at the end."""
    if selection.ids is not None:
        ids = sorted(one for one in set(selection.ids) if one > after)
        found = [parts.parked.get(DEAD, one) for one in ids[:AT_ONCE]]
        return [one for one in found if one is not None and one.at < now], _last_of(ids)
    before = min(selection.before or now, now)
    letters = parts.parked.page(DEAD, AT_ONCE, after, since=selection.since, before=before)
    return letters, _last_of([letter.id for letter in letters] if len(letters) == AT_ONCE else [])


def _last_of(ids: list[str]) -> str | None:
    return ids[:AT_ONCE][-1] if len(ids) >= AT_ONCE else None


def _as_text(selection: Selection) -> str:
    return selection.model_dump_json(by_alias=True, exclude_defaults=True)
