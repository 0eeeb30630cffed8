"""What happens outside of the relay beside the calendars: the partner's answers, Graph's outages, clocks, versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.errors import GraphUnavailable
from tests.deliveries.verbs import variant_of, which_of
from tests.schedules.messages import TRIES
from tests.schedules.process import BEFORE, PRESENT

if TYPE_CHECKING:
    from tests.deliveries.process import DeliveryProcess
    from tests.deliveries.site import DeliverySite

LAST_ATTEMPT = 21  # by the retry schedule
OUTAGES = (40.0, 300.0, 1500.0)  # seconds for which the partner, or a mailbox at Graph, does not answer
LONG_OUTAGES = (300.0, 7200.0, 200_000.0)  # of a mailbox
JUMPS = (0.0, 0.5, -0.5, 600.0, -600.0)  # seconds by which a clock is wrong


class OutsideActs:
    """The acts. `rejected`: the events that the partner has rejected in the run."""

    def __init__(self, site: DeliverySite, processes: dict[str, DeliveryProcess], mailboxes: list[str]) -> None:
        self._site, self._processes, self._mailboxes = site, [*processes.values()], mailboxes
        answers = site.receiver.answers
        self.verbs: dict[str, Callable[[int], object]] = {
            "down": lambda number: self._down(number, 503),
            "silent": lambda number: self._down(number, 0),
            "up": lambda _: self.up(),
            "gone 410": self._gone,
            "reject": lambda number: answers.rejected.update(self._events(number)),
            "refuse": lambda number: answers.refused.update(self._events(number)),
            "accept": lambda _: self.accept(),
            "graph down": self._graph_down,
            "missed": lambda number: site.lifecycle(self._mailbox(number), "missed", self._process(number)),
            "upgrade": lambda number: setattr(self._process(number), "next_version", PRESENT),
            "rollback": lambda number: setattr(self._process(number), "next_version", BEFORE),
            "host gave up": self._host_gave_up,
            "clock": lambda number: self._process(number).jump(JUMPS[variant_of(number) // 4 % len(JUMPS)]),
        }

    def up(self) -> None:
        """The partner answers again."""
        self._site.receiver.answers.status = 200

    def accept(self) -> None:
        """The partner accepts each event again."""
        self._site.receiver.answers.rejected.clear()
        self._site.receiver.answers.refused.clear()

    def end_all(self) -> None:
        """End all outages."""
        self.up()
        self._site.receiver.answers.refused.clear()
        self._site.events.refusing.clear()

    def _down(self, number: int, status: int) -> None:
        answers, variant = self._site.receiver.answers, variant_of(number)
        if answers.status != 410:
            answers.status = status
            answers.until = self._site.scheduler.clock.seconds + OUTAGES[variant % len(OUTAGES)]
            answers.retry_after = 120.0 if variant // 4 % 3 == 0 else None

    def _gone(self, number: int) -> None:
        """The partner answers 410 until somebody makes it answer again."""
        self._site.receiver.answers.status = 410
        if variant_of(number) % 2:
            self._site.later(OUTAGES[1], self.up)

    def _events(self, number: int) -> list[str]:
        """Return the ids of an event and, if it is a series, of its first occurrences."""
        items = self._site.events.of(self._mailbox(number))
        if not items:
            return []
        item = items[which_of(number) // len(self._mailboxes) % len(items)]
        return [item.id, *(f"{item.id}.{each}" for each in range(2))]

    def _graph_down(self, number: int) -> None:
        """Graph answers 503 or 429 for one mailbox, for a while."""
        mailbox, variant = self._mailbox(number), variant_of(number)
        wait = 30.0 if variant % 2 else None
        self._site.events.refusing[mailbox] = GraphUnavailable(429 if wait else 503, "busy", retry_after=wait)
        outage = LONG_OUTAGES[variant // 2 % len(LONG_OUTAGES)]
        self._site.later(outage, lambda: self._graph_up(mailbox))

    def _graph_up(self, mailbox: str) -> None:
        self._site.events.refusing.pop(mailbox, None)

    def _host_gave_up(self, number: int) -> None:
        """The host has tried the next message so often that it gives up. Its last attempt may have come."""
        queue = self._site.queues["changes" if variant_of(number) % 4 else "jobs"]
        for at, each, text in sorted(queue.waiting)[:1]:
            queue.tried[each] = TRIES
            if variant_of(number) % 8 in (1, 3):
                last = json.dumps({**json.loads(text), "attempt": LAST_ATTEMPT})
                queue.waiting[queue.waiting.index((at, each, text))] = (at, each, last)

    def _mailbox(self, number: int) -> str:
        return self._mailboxes[which_of(number) % len(self._mailboxes)]

    def _process(self, number: int) -> DeliveryProcess:
        return self._processes[variant_of(number) % len(self._processes)]
