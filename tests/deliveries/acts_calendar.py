"""What people do in their calendars in a run, and Graph's notifications of it: each, later, twice, or never."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.deliveries.calendar import HOUR, Item
from tests.deliveries.verbs import which_of

if TYPE_CHECKING:
    from tests.deliveries.process import DeliveryProcess
    from tests.deliveries.site import DeliverySite

CANARY = "Ola Nordmann"  # in each title
AVAILABILITIES = ("free", "tentative", "busy", "oof")
LATE = (2.0, 8.0, 40.0, 400.0)  # seconds until a notification comes
FAR = timedelta(days=60)  # beyond the window
LATE_SHARE, LOST_SHARE, TWICE_SHARE = 0.3, 0.05, 0.15


class CalendarActs:
    """The acts in calendars. What the act's number selects is drawn from it, so that it stays when others are left out.

    `loses`: whether notifications may be lost. `intake` returns the process that takes the next notification in.
    """

    def __init__(
        self, site: DeliverySite, mailboxes: list[str], intake: Callable[[], DeliveryProcess], *, loses: bool
    ) -> None:
        self._site, self._mailboxes, self._intake, self._loses = site, mailboxes, intake, loses
        self._created = 0
        self._undo: dict[str, timedelta] = {}
        self.touched: set[str] = set()
        self.verbs: dict[str, Callable[[Item, random.Random], object]] = {
            "retitle": self._retitle, "move": self._move, "availability": self._availability, "answer": self._answer,
            "move out": self._move_out, "move in": self._move_in, "make series": self._make_series,
            "make single": self._make_single, "move occurrence": self._move_occurrence,
            "drop occurrence": self._drop_occurrence, "delete": self._delete, "soft delete": self._soft_delete,
            "restore": self._restore, "private": self._private, "cancel": self._cancel,
            "away and back": self._away_and_back, "hint again": lambda item, _: self._hint(item, "updated"),
            "hint lost": self._hint_lost,
        }  # fmt: skip

    def act(self, verb: str, number: int) -> None:
        """Carry out one act on an item, or create one."""
        chance = random.Random(number)
        if verb == "create":
            self.create(number)
            return
        item = self._item(number)
        if item is not None:
            self.verbs[verb](item, chance)
            self.touched.add(item.id)

    def create(self, number: int, *, is_hinted: bool = True) -> None:
        """Create an event. It may not be readable for some seconds after its notification."""
        chance, site = random.Random(number), self._site
        mailbox = self._mailboxes[which_of(number) % len(self._mailboxes)]
        self._created += 1
        start = site.now().replace(minute=0, second=0) + timedelta(hours=chance.choice((-22, -12, 1, 3, 30, 200, 500)))
        item = Item(f"E{self._created}", mailbox, f"{CANARY} {self._created}", start, modified=site.now())
        item.days = chance.choice((0, 0, 0, 2, 4))
        if is_hinted and chance.random() < 0.4:
            item.readable_at = site.now() + timedelta(seconds=chance.choice((12, 20, 40)))
        site.events.items[item.id] = item
        self.touched.add(item.id)
        if is_hinted:
            self._hint(item, "created", chance)

    def _item(self, number: int) -> Item | None:
        """Return the item of a number: often the last one, so that acts meet."""
        mailbox = self._mailboxes[which_of(number) % len(self._mailboxes)]
        items = self._site.events.of(mailbox)
        return items[which_of(number) // len(self._mailboxes) % len(items)] if items else None

    def _write(self, item: Item, chance: random.Random, kind: str = "updated") -> None:
        self._site.events.changed(item)
        self._hint(item, kind, chance)

    def _retitle(self, item: Item, chance: random.Random) -> None:
        item.title = f"{CANARY} {item.version}"
        self._write(item, chance)

    def _move(self, item: Item, chance: random.Random) -> None:
        item.start += timedelta(hours=chance.choice((-1, 1, 2)))
        self._write(item, chance)

    def _availability(self, item: Item, chance: random.Random) -> None:
        item.availability = AVAILABILITIES[(AVAILABILITIES.index(item.availability) + 1) % len(AVAILABILITIES)]
        self._write(item, chance)

    def _answer(self, item: Item, chance: random.Random) -> None:
        """An attendee answers: another etag, and nothing that the partner can see."""
        self._write(item, chance)

    def _move_out(self, item: Item, chance: random.Random) -> None:
        if item.id not in self._undo:
            self._undo[item.id] = FAR
            item.start += FAR
        self._write(item, chance)

    def _move_in(self, item: Item, chance: random.Random) -> None:
        item.start -= self._undo.pop(item.id, timedelta())
        self._write(item, chance)

    def _away_and_back(self, item: Item, chance: random.Random) -> None:
        self._move_out(item, chance)
        self._site.scheduler.point("act: back")
        self._move_in(item, chance)

    def _make_series(self, item: Item, chance: random.Random) -> None:
        item.days = item.days or 3
        self._write(item, chance)

    def _make_single(self, item: Item, chance: random.Random) -> None:
        item.days = 0
        item.moved.clear()
        item.dropped.clear()
        self._write(item, chance)

    def _move_occurrence(self, item: Item, chance: random.Random) -> None:
        item.days = item.days or 3
        item.moved[1] = HOUR * chance.choice((2, 4, 0))
        self._write(item, chance)

    def _drop_occurrence(self, item: Item, chance: random.Random) -> None:
        item.days = item.days or 3
        item.dropped.add(chance.choice((0, 1)))
        self._write(item, chance)

    def _delete(self, item: Item, chance: random.Random) -> None:
        self._site.events.deleted(item, "gone")
        self._hint(item, "deleted", chance)

    def _soft_delete(self, item: Item, chance: random.Random) -> None:
        if item.state == "live":
            self._site.events.deleted(item, "soft")
            self._hint(item, "deleted", chance)

    def _restore(self, item: Item, chance: random.Random) -> None:
        """An event comes back, under its id. One that is live is deleted before, for a moment."""
        if item.state == "live":
            self._soft_delete(item, chance)
            self._site.scheduler.point("act: restore")
        if item.state == "soft":
            item.state = "live"
            self._write(item, chance, chance.choice(("created", "updated")))

    def _private(self, item: Item, chance: random.Random) -> None:
        item.is_private = not item.is_private
        self._write(item, chance)

    def _cancel(self, item: Item, chance: random.Random) -> None:
        item.is_cancelled = True
        self._write(item, chance)

    def _hint_lost(self, item: Item, _: random.Random) -> None:
        """A change without a notification."""
        item.title = f"{CANARY} {item.version}"
        self._site.events.changed(item)

    def _hint(self, item: Item, kind: str, chance: random.Random | None = None) -> None:
        """Notify, now or later, and now and then twice. Changes of a series are notified for its master."""

        def notify() -> None:
            self._site.notify(item.mailbox, item.id, kind, self._intake())

        drawn = chance.random() if chance is not None else 1.0
        if chance is None or drawn >= LATE_SHARE + LOST_SHARE:
            notify()
        elif drawn >= LOST_SHARE or not self._loses:
            self._site.later(chance.choice(LATE), notify)
        if chance is not None and chance.random() < TWICE_SHARE:
            self._site.later(chance.choice(LATE), notify)
