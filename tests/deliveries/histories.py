"""Random histories of three events and one worker, whose answers are often lost and which is often killed.

The scheduler of this folder orders the calls of several workers; here many states of one event follow each other, while
most of what the partner takes is not acknowledged. `python -m tests.deliveries.histories 300` prints the seeds of the
histories that end wrong.
"""

from __future__ import annotations

import json
import logging
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sandbox.partner.receive import Calendars
from shared.errors import GraphNotFound, RelayError
from shared.messages import ChangeMessage
from shared.partner.payload import moment_of, public_event
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import parse_selection
from shared.storage.parked import DEAD
from shared.storage.watches import Watch
from tests.support.fake_graph import FakeEvents
from tests.support.world import MAILBOX, WATCH_ID, World, event

NAMES = ("A", "B", "C")
FAR: dict[str, Any] = {"start": {"dateTime": "2029-11-20T12:00:00", "timeZone": "UTC"},
                       "end": {"dateTime": "2029-11-20T13:00:00", "timeZone": "UTC"}}  # fmt: skip
ACTS = ("retitle", "answer", "move out", "make series", "make private", "delete", "notify", "hide")
NOT_FOUND = GraphNotFound(404, "ErrorItemNotFound")
WAITS = (1, 5, 15, 60, 130, 700)  # seconds between two steps


class Killed(BaseException):
    """The worker ends in the middle of its work."""


class Events(FakeEvents):
    """Graph's events, with a view that contains no series masters and nothing outside of its times."""

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the events between two moments."""
        for each in super().calendar_view(mailbox, start, end):
            is_inside = moment_of(each, "start") < end and moment_of(each, "end") > start
            if is_inside and each["type"] != "seriesMaster":
                yield each


class History:
    """A calendar, the partner's picture of it, and the messages that wait; everything follows from the seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World({"events": Events()})
        self.world.watch()
        self.world.webhook.on_arrival = self._arrive
        self.world.ledger_rows.before = self._before_storage
        self.partner, self.ids = Calendars(), set[str]()
        self.calendar: dict[str, dict[str, Any]] = {}
        self.waiting: list[tuple[Any, ChangeMessage]] = []
        self.etags = 100
        self.is_calm = False

    def play(self) -> None:
        """Play acts, faults and deliveries, then let everything come to rest, with a night in between."""
        for _ in range(self.chance.randint(3, 25)):
            self._act(self.chance.choice(NAMES), self.chance.choice(ACTS))
            for _ in range(self.chance.randint(0, 4)):
                self.world.pass_by(self.chance.choice(WAITS))
                self._step()
            if self.chance.random() < 0.1:
                with suppress(Killed, RelayError):
                    self._resync()
        self._rest()

    def wrong(self) -> list[str]:
        """Return what is not as it should be: the partner's picture, something that is open, or work at rest."""
        has = self.partner.mailboxes.get(MAILBOX, {})
        wanted = {name: public_event(each) for name, each in self.calendar.items() if _is_visible(each)}
        seen = {name: each for name, each in has.items() if not each["start"].startswith("2029")}
        found = [f"{name}: the partner has {seen.get(name)}" for name in NAMES if seen.get(name) != wanted.get(name)]
        entries = [self.world.entry(name) for name in NAMES]
        found += [f"{each.event_id}: open" for each in entries if each.is_open or each.retry_token]
        self._resync()
        return found + ["a night makes work"] * bool(self.waiting)

    def _act(self, name: str, act: str) -> None:
        """Change the calendar, and notify the relay of it not at all, once or twice."""
        before = self.calendar.get(name)
        self.etags += 1
        if act == "hide" and before is not None:
            self.world.events.by_id[name] = NOT_FOUND  # until the next act
        elif act == "delete" and before is not None:
            del self.calendar[name]
            self.world.events.by_id.pop(name, None)
        elif act != "notify" or before is None:
            self.calendar[name] = self.world.events.by_id[name] = self._state(name, act, before)
        else:
            self.world.events.by_id[name] = before
        for _ in range(self.chance.choice([0, 1, 1, 1, 2])):
            self._put(self.world.hint(name, deleted=act == "delete"))

    def _state(self, name: str, act: str, before: dict[str, Any] | None) -> dict[str, Any]:
        etag = str(self.etags)
        if act == "answer" and before is not None:
            return before | {"@odata.etag": etag}
        changes: dict[str, Any] = {
            "move out": FAR, "make series": {"type": "seriesMaster"}, "make private": {"sensitivity": "private"},
        }.get(act, {})  # fmt: skip
        return event(name, etag, **changes)

    def _arrive(self, message_id: str, body: str) -> None:
        """Let the partner take a delivery or not, and the relay know of it or not."""
        drawn = 1.0 if self.is_calm else self.chance.random()
        faults: tuple[tuple[float, bool, BaseException | None], ...] = (
            (0.25, True, NotDelivered(0, "no answer")), (0.4, False, NotDelivered(500, "status 500")),
            (0.5, True, Killed()), (0.55, False, Killed()), (0.6, False, NotDelivered(400, "status 400")),
        )  # fmt: skip
        _, is_taken, failure = next((each for each in faults if drawn < each[0]), (1.0, True, None))
        if is_taken and message_id not in self.ids:
            self.ids.add(message_id)
            self.partner.apply(json.loads(body))
        self.world.webhook.failure = failure

    def _before_storage(self) -> None:
        """Kill the worker, or let storage fail, before a call of the ledger."""
        drawn = 1.0 if self.is_calm else self.chance.random()
        if drawn < 0.03:
            raise Killed
        self.world.ledger_rows.failing += drawn < 0.05

    def _step(self) -> None:
        """Process one of the messages that are due. That of a killed worker comes again after ten minutes."""
        due = [each for each in self.waiting if each[0] <= self.world.time]
        if not due:
            return
        chosen = self.chance.choice(due)
        self.waiting.remove(chosen)
        try:
            self.world.delivery.deliver(chosen[1])
        except (Killed, RelayError):
            self._put(chosen[1], 600)
        self.world.webhook.failure = None
        self._collect()

    def _put(self, message: ChangeMessage, delay: float = 0.0) -> None:
        self.waiting.append((self.world.time + timedelta(seconds=delay), message))

    def _collect(self) -> None:
        for message, delay in self.world.changes.take():
            self._put(message, delay)
        self.world.jobs.take_jobs()

    def _resync(self) -> None:
        watch = self.world.watches.get(WATCH_ID)
        assert isinstance(watch, Watch)
        try:
            self.world.resync.resync(watch)
        finally:
            self._collect()

    def _rest(self) -> None:
        """End the faults, replay dead letters, and process everything, before a night and after it."""
        self.is_calm, self.world.ledger_rows.failing, self.world.webhook.failure = True, 0, None
        self.world.events.by_id = dict(self.calendar)
        self.world.pass_by(700)
        for _ in range(2):
            self._until_idle(self._replay)
            self._resync()
        self._until_idle(self._replay)

    def _replay(self) -> None:
        if self.world.parked.count(DEAD):
            self.world.pass_by(1)
            replay = self.world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
            self.world.pass_by(1)
            self.world.dead_letters.replay_step(replay.id)
            self._collect()

    def _until_idle(self, then: Callable[[], None]) -> None:
        for _ in range(2):
            for _ in range(400):
                if not self.waiting:
                    break
                self.world.time = max(self.world.time, min(due for due, _ in self.waiting))
                self._step()
            assert not self.waiting, "messages go round for ever"
            then()


def wrong_ends(seeds: range) -> dict[int, list[str]]:
    """Return what is wrong at the end of histories, by their seeds."""
    ends: dict[int, list[str]] = {}
    for seed in seeds:
        history = History(seed)
        try:
            history.play()
            if wrong := history.wrong():
                ends[seed] = wrong
        finally:
            history.world.end()
    return ends


def _is_visible(each: dict[str, Any]) -> bool:
    """Return whether an event of the calendar reaches the partner: it is in the window, and no series master."""
    return each["type"] != "seriesMaster" and not str(each["start"]["dateTime"]).startswith("2029")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    ends = wrong_ends(range(int(sys.argv[1])))
    sys.stdout.writelines(f"{seed}: {'; '.join(wrong)}\n" for seed, wrong in ends.items())
    sys.stdout.write(f"{len(ends)} of {sys.argv[1]} histories end wrong\n")
