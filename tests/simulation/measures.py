"""What a simulated year came to: its figures, its silences, and what the partner was not told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.subscriptions import Held
from tests.simulation.world import START, World

DAY = timedelta(days=1)


@dataclass
class Figures:
    """What a year came to. `silent` is the longest stretch without a live subscription while all parts answered."""

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
    """Measures how long mailboxes are without a live subscription. An outage ends every stretch that it interrupts."""

    def __init__(self, world: World, figures: Figures) -> None:
        self._world, self._figures = world, figures
        self._since: dict[str, datetime] = {}
        self.all_up_since: datetime | None = START
        world.subscriptions.lost, world.subscriptions.created = self.lost, self._created

    def lost(self, held: Held, moment: datetime) -> None:
        """Begin a stretch, unless one is under way."""
        self._since.setdefault(held.mailbox, moment)

    def part_went_down(self) -> None:
        """End every stretch: from here on not all parts answer."""
        for mailbox in self._since:
            self._measure(mailbox)
        self.all_up_since = None

    def all_parts_answer(self) -> None:
        """Let the stretches of those who still wait begin now."""
        self.all_up_since = self._world.time

    def _created(self, held: Held) -> None:
        self._measure(held.mailbox)
        self._since.pop(held.mailbox, None)

    def _measure(self, mailbox: str) -> None:
        since = self._since.get(mailbox)
        if since is None or self.all_up_since is None:
            return
        stretch = self._world.time - max(since, self.all_up_since)
        self._figures.silent = max(self._figures.silent, stretch)


def missed_changes(world: World, mailboxes: list[str], changed: dict[tuple[str, str], datetime],
                   before: datetime) -> list[str]:  # fmt: skip
    """Name every difference between calendars and what the partner was told, of what was changed `before` a moment."""
    first, last = world.window().start + DAY, world.window().end - DAY
    missed = []
    for mailbox in mailboxes:
        truth = {one["id"]: one["start"]["dateTime"] + "Z" for one in world.events.shown(mailbox, first, last)}
        told = world.webhook.knows.get(mailbox, {}).values()
        known = {
            event["id"]: event["start"]
            for event in told
            if _text(first) < event["end"] and event["start"] < _text(last)
        }
        for event_id in truth.keys() | known.keys():
            if changed[mailbox, event_id] < before and truth.get(event_id) != known.get(event_id):
                times = f"is {truth.get(event_id)}, told {known.get(event_id)}"
                missed.append(f"{world.time:%Y-%m-%d %H:%M} {mailbox} {event_id} {times}")
    return missed


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
