"""The measurements of a simulated year: its results, its times without notifications, and missed changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.subscriptions import Held
from tests.simulation.world import START, World

DAY = timedelta(days=1)


@dataclass
class Results:
    """The results of a year. `silent` is the longest time without a live subscription while all parts worked."""

    silent: timedelta = timedelta()
    writes: int = 0
    lists: int = 0
    views: int = 0
    reads: int = 0
    changes: int = 0
    deliveries: int = 0
    lost_hints: int = 0
    missed: list[str] = field(default_factory=list)
    losses: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> None:
        """Count a loss or an outage."""
        self.losses[name] = self.losses.get(name, 0) + 1


class Silence:
    """Measures how long mailboxes have no live subscription. An outage ends each measurement that it interrupts."""

    def __init__(self, world: World, results: Results) -> None:
        self._world, self._results = world, results
        self._since: dict[str, datetime] = {}
        self.all_up_since: datetime | None = START
        world.subscriptions.lost, world.subscriptions.created = self.lost, self._created

    def lost(self, held: Held, moment: datetime) -> None:
        """Start a measurement, unless one is running."""
        self._since.setdefault(held.mailbox, moment)

    def part_went_down(self) -> None:
        """End every measurement: a part does not work."""
        for mailbox in self._since:
            self._measure(mailbox)
        self.all_up_since = None

    def all_parts_answer(self) -> None:
        """Start the measurements of the mailboxes that have no subscription now."""
        self.all_up_since = self._world.time

    def _created(self, held: Held) -> None:
        self._measure(held.mailbox)
        self._since.pop(held.mailbox, None)

    def _measure(self, mailbox: str) -> None:
        since = self._since.get(mailbox)
        if since is None or self.all_up_since is None:
            return
        stretch = self._world.time - max(since, self.all_up_since)
        self._results.silent = max(self._results.silent, stretch)


def missed_changes(world: World, mailboxes: list[str], changed: dict[tuple[str, str], datetime],
                   before: datetime) -> list[str]:  # fmt: skip
    """List each difference between the calendars and the partner's state, for changes `before` a moment."""
    first, last = world.window().start + DAY, world.window().end - DAY
    missed = []
    for mailbox in mailboxes:
        expected = {event["id"]: event["start"]["dateTime"] + "Z" for event in world.events.shown(mailbox, first, last)}
        delivered = world.webhook.knows.get(mailbox, {}).values()
        received = {
            event["id"]: event["start"]
            for event in delivered
            if _text(first) < event["end"] and event["start"] < _text(last)
        }
        for event_id in expected.keys() | received.keys():
            if changed[mailbox, event_id] < before and expected.get(event_id) != received.get(event_id):
                times = f"is {expected.get(event_id)}, told {received.get(event_id)}"
                missed.append(f"{world.time:%Y-%m-%d %H:%M} {mailbox} {event_id} {times}")
    return missed


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
