"""The partner: a receiver by the guide, which answers as it is set, and a journal of all attempts.

It drops a webhook-id that it took within eight days, and what is older than what it has of an event. When a watch ends,
it drops what it has of the mailbox, and ignores what comes later for that watch. Its answers may be 5xx, 400 for single
events, or 410; that an answer is lost is decided where it is called.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.partner.receive import DELETED, Calendars
from shared.partner.webhook import NotDelivered
from tests.simulation.world import Partner

NO_DATES = {"startDate": None, "endDate": None}  # the version before sends none, which means the same
KEPT = timedelta(days=8)


@dataclass
class Attempt:
    """One POST, or the beginning of one. `answer`: the status, 0 if the caller got none, None if it never arrived.

    `is_certain`: whether the caller got the answer. `worker`: who sent it; `etag` and `read_at`: what it had last read
    of the event, and when, by the true time. `taken`: the partner applied it, or dropped it as a repetition.
    """

    webhook_id: str
    kind: str
    data: dict[str, Any]
    timestamp: datetime
    at: datetime
    worker: str
    version: str
    etag: str | None
    read_at: datetime | None
    life: int
    answer: int | None = None
    is_certain: bool = False
    taken: bool = False
    is_repetition: bool = False
    is_outdated: bool = False

    @property
    def mailbox(self) -> str:
        """The mailbox."""
        return str(self.data["mailbox"])

    @property
    def event_id(self) -> str:
        """The event."""
        return str(self.data["event"]["id"])

    @property
    def is_deletion(self) -> bool:
        """Whether it says that the event is gone."""
        return self.kind == DELETED

    def __str__(self) -> str:
        return f"{self.kind.rpartition('.')[2]} of {self.event_id} ({self.webhook_id[4:10]}) by {self.worker}"


@dataclass
class Answers:
    """How the partner answers: `status` to all (0: no answer), `rejected` and `refused` events with 400 and 500."""

    status: int = 200
    until: float = 0.0  # in seconds since the start; afterwards 200, except 410
    retry_after: float | None = None
    rejected: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


class JudgedPartner(Partner):
    """The partner's state, and what was tried. `starting` is called before each attempt, `ended` after one arrived.

    `describe` returns the attempt that the present worker begins, from its webhook-id and body.
    """

    def __init__(self, now: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        super().__init__()
        self._now, self._seconds = now, seconds
        self.calendars = Calendars()
        self.applied: dict[str, datetime] = {}
        self.attempts: list[Attempt] = []
        self.answers = Answers()
        self.life: Callable[[str], int] = lambda _: 0  # which watch of a mailbox there is
        self.describe: Callable[[str, dict[str, Any]], Attempt]
        self.starting: Callable[[Attempt], None] = lambda _: None
        self.ended: Callable[[Attempt, Any], None] = lambda *_: None

    def begin(self, message_id: str, body: str) -> tuple[Attempt, dict[str, Any]]:
        """Record an attempt that a worker is about to make; return it with its content."""
        payload: dict[str, Any] = json.loads(body)
        event = payload["data"]["event"]
        payload["data"]["event"] = event if "start" not in event else NO_DATES | event
        attempt = self.describe(message_id, payload)
        self.attempts.append(attempt)
        self.starting(attempt)
        return attempt, payload

    def take(self, attempt: Attempt, payload: dict[str, Any]) -> int:
        """Answer an attempt that has arrived, with the status. Raises NotDelivered."""
        attempt.answer = status = self._status(attempt.event_id)
        if status != 200:
            raise NotDelivered(status, f"status {status}", self.answers.retry_after if status == 503 else None)
        if attempt.life != self.life(attempt.mailbox):
            return status
        before = self.calendars.mailboxes.get(attempt.mailbox, {}).get(attempt.event_id)
        attempt.taken = True
        taken_at = self.applied.get(attempt.webhook_id)
        attempt.is_repetition = taken_at is not None and self._now() - taken_at < KEPT
        if not attempt.is_repetition:
            self.applied[attempt.webhook_id] = self._now()
            attempt.is_outdated = not self.calendars.apply(payload)
        self.deliveries += 1
        self.ended(attempt, before)
        return status

    def forget(self, mailbox: str) -> None:
        """Drop all events of a mailbox; the webhook-ids stay."""
        self.calendars.mailboxes.pop(mailbox, None)
        for key in [key for key in self.calendars._newest if key[0] == mailbox]:
            del self.calendars._newest[key]

    def _status(self, event_id: str) -> int:
        answers = self.answers
        if answers.status not in (200, 410) and self._seconds() >= answers.until:
            answers.status, answers.retry_after = 200, None
        if answers.status != 200:
            return answers.status
        return 400 if event_id in answers.rejected else 500 if event_id in answers.refused else 200
