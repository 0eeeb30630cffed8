"""Store changes that are not tried again as dead letters; replay or delete them by ids, watch or time, or all."""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from shared import problems, telemetry
from shared.errors import RequestRejected
from shared.messages import Change, ChangeMessage, Job
from shared.queues import JobQueue
from shared.reliability.parking import Parking, parked_change
from shared.storage.ledger_entry import Entry
from shared.storage.parked import DEAD, Parked, ParkedChanges, parked_id
from shared.storage.replays import Replay, Replays
from shared.utc import parse_utc

MOST_IDS = 500
AT_ONCE = 100
EVERY = 3.0  # seconds between the steps of a replay: at most 33 changes a second
REJECTED, GAVE_UP, UNREADABLE = "rejected", "gave-up", "unreadable-message"
_ID = re.compile(r"[0-9a-f]{32}")

_logger = logging.getLogger("relay.dead_letters")


class Selection(BaseModel):
    """A selection of dead letters: by `ids`, by `watch` and time (`from` inclusive, `to` exclusive), or `all`; exactly
    one way.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: list[str] | None = Field(default=None, min_length=1, max_length=MOST_IDS)
    watch: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")
    since: datetime | None = Field(default=None, alias="from")
    before: datetime | None = Field(default=None, alias="to")
    everything: bool = Field(default=False, alias="all", strict=True)

    @field_validator("since", "before", mode="before")
    @classmethod
    def _is_a_date_time(cls, value: object) -> object:
        """Reject numbers such as `to=0.5`, which pydantic would read as seconds since 1970."""
        return value if value is None else parse_utc(str(value))

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Selection:
        is_narrowed = any(each is not None for each in (self.watch, self.since, self.before))
        if sum((self.ids is not None, is_narrowed, self.everything)) != 1:
            raise ValueError("exactly one of ids, watch and from/to, and all")
        return self


def parse_selection(content: dict[str, Any]) -> Selection:
    """Return the selection of a request. Raises RequestRejected 422 when it is invalid."""
    try:
        selection = Selection.model_validate(content)
    except ValidationError:
        raise RequestRejected(
            problems.DEAD_LETTER_SELECTION_INVALID,
            f'Send {{"ids": […]}} (up to {MOST_IDS}), {{"watch": "the id of a subscription"}}, '
            '{"from": "2026-11-20T00:00Z", "to": "…"}, these two together, or {"all": true}.',
        ) from None  # fmt: skip
    if malformed := [each for each in selection.ids or () if not _ID.fullmatch(each)]:
        raise RequestRejected(
            problems.DEAD_LETTER_SELECTION_INVALID,
            f"Malformed ids: {len(malformed)}. Use the ids that GET /api/dead-letters lists.",
        )
    return selection


@dataclass(frozen=True)
class DeadLetters:
    """The dead letters. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    parked: ParkedChanges
    replays: Replays
    parking: Parking
    jobs: JobQueue
    now: Callable[[], datetime]

    def dead_letter(self, message: ChangeMessage, change: Change, reason: str, status: int) -> None:
        """Make a change a dead letter, unless its watch was removed; `status` is the partner's last response, 0 for
        none.
        """
        if self.parking.removed.names(change.watch_id):
            return
        letter = parked_change(message, change, reason, self.now())
        self.keep(replace(letter, status=status, attempts=message.attempt + 1))

    def keep(self, letter: Parked) -> None:
        """Store a dead letter, also one of a feature."""
        self.parked.put(DEAD, [letter])
        _logger.error(
            "A change of watch %s is a dead letter: %s, status %d", letter.watch_id, letter.reason, letter.status,
            extra={"watch": letter.watch_id, "event": telemetry.short(letter.event_id)},
        )  # fmt: skip
        telemetry.count("dead_letters", reason=letter.reason, status=letter.status)

    def forget_item(self, group: str, item: str) -> None:
        """Delete the dead letter of a feature's item, if there is one."""
        self.parked.forget(DEAD, parked_id(group, item))

    def dead_letter_unreadable(self, text: str) -> None:
        """Record a message that no version of the relay has written. Its content is not kept: it may be anything."""
        name = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        self.parked.put(DEAD, [Parked("", "", name, self.now(), UNREADABLE)])
        _logger.error("A queue message of %d characters cannot be read", len(text))
        telemetry.count("dead_letters", reason=UNREADABLE, status=0)

    def forget(self, entry: Entry) -> Entry:
        """Delete the dead letter of an event that was synced since; return the updated ledger entry."""
        if not entry.is_dead_lettered:
            return entry
        self.parked.forget(DEAD, parked_id(entry.watch_id, entry.event_id))
        return replace(entry, is_dead_lettered=False)

    def delete(self, selection: Selection, caller: str) -> int:
        """Delete the selected dead letters, and return how many."""
        deleted, now = 0, self.now()
        after: str | None = ""
        while after is not None:
            letters, after = self._page(selection, now, after)
            deleted += self.parked.drop(DEAD, letters)
        telemetry.audit("delete-dead-letters", caller, number=deleted, selection=_as_text(selection))
        return deleted

    def start_replay(self, selection: Selection, caller: str) -> Replay:
        """Start a replay of dead letters; those that are added later are not included."""
        replay = Replay(uuid.uuid4().hex, self.now(), _as_text(selection))
        self.replays.insert(replay)
        self.jobs.send(Job(replay.id, "replay"))
        telemetry.audit("replay-dead-letters", caller, replay=replay.id, selection=replay.selection)
        return replay

    def replay_step(self, replay_id: str) -> str:
        """Put the next dead letters of a replay on the queue, and request the next step. Safe to repeat."""
        replay = self.replays.get(replay_id)
        if replay is None or replay.done is not None:
            return "nothing-to-replay"
        selection = Selection.model_validate_json(replay.selection)
        letters, after = self._page(selection, replay.requested_at or self.now(), replay.after)
        readable = [letter for letter in letters if letter.watch_id]
        self.parking.requeue(DEAD, readable)
        done = self.now() if after is None else None
        self.replays.change(replay, queued=replay.queued + len(readable), after=after or "", done=done)
        if done is None:
            self.jobs.send(Job(replay.id, "replay"), EVERY)
        return f"replayed-{len(readable)}"

    def _page(self, selection: Selection, now: datetime, after: str) -> tuple[list[Parked], str | None]:
        """Return a page of the selected dead letters that are older than `now`, and the id to continue after; None at
        the end.
        """
        if selection.ids is not None:
            ids = sorted(each for each in set(selection.ids) if each > after)
            letters = [self.parked.get(DEAD, each) for each in ids[:AT_ONCE]]
            return [letter for letter in letters if letter is not None and letter.at < now], _last_of(ids)
        before = min(selection.before or now, now)
        watch_id = selection.watch or ""
        page = self.parked.page(DEAD, AT_ONCE, after, since=selection.since, before=before, watch_id=watch_id)
        return page, _last_of([letter.id for letter in page] if len(page) == AT_ONCE else [])


def _last_of(ids: list[str]) -> str | None:
    return ids[:AT_ONCE][-1] if len(ids) >= AT_ONCE else None


def _as_text(selection: Selection) -> str:
    return selection.model_dump_json(by_alias=True, exclude_defaults=True)
