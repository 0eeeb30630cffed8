"""The meetings of all mailboxes at random: they are created, moved and deleted, and Graph notifies it, mostly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shared.errors import ServiceUnavailable
from tests.simulation.agenda import DAY
from tests.simulation.stage import RELAY, Stage
from tests.simulation.subscriptions import Held

GRAPH_RETRIES = timedelta(hours=4)
LOST_SHARE = 0.02  # of the notifications
RECENT = 10 * DAY  # two daily resyncs that find changes without a notification are rarely further apart


@dataclass
class Notified:
    """The notifications of one change: how many are on their way, and whether the relay has taken one in."""

    left: int
    arrived: bool = False


class Meetings:
    """Changes meetings. `changed` is when each was changed last, by mailbox and event."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.changed: dict[tuple[str, str], datetime] = {}
        self._unheard: dict[str, list[datetime]] = {}
        stage.reasons.is_unheard = self.is_unheard

    def plan(self) -> None:
        """Put the changes on the agenda."""
        for mailbox in self._stage.mailboxes:
            self._stage.agenda.now_and_then(0.5, partial(self._change, mailbox))

    def is_unheard(self, held: Held) -> bool:
        """Return whether the relay has reason to believe that a subscription is silent: two changes without a
        notification.
        """
        recent = self._stage.world.time - RECENT
        return sum(moment > recent for moment in self._unheard.get(held.subscription.id, ())) > 1

    def _change(self, mailbox: str) -> None:
        """Create, move or delete a meeting, and let Graph notify it."""
        world, chance = self._stage.world, self._stage.chance
        existing = list(world.events.meetings.get(mailbox, {}))
        start = world.time + timedelta(days=chance.uniform(-0.5, 200))
        self._stage.results.changes += 1
        if existing and chance.random() < 0.3:
            event_id = chance.choice(existing)
            world.events.take(mailbox, event_id)
        else:
            moved = chance.choice(existing) if existing and chance.random() < 0.5 else ""
            event_id = world.events.put(mailbox, start, moved)
        self.changed[mailbox, event_id] = world.time
        for held in self._stage.living(mailbox):
            sent = Notified(chance.randint(1, 3))
            for _ in range(sent.left):
                self._hint(held, event_id, world.time, sent)

    def _hint(self, held: Held, event_id: str, began: datetime, sent: Notified) -> None:
        """Post a notification, with Graph's retries while the relay does not accept it. Some are lost."""
        world = self._stage.world
        if self._stage.chance.random() < LOST_SHARE or held.subscription.id in world.subscriptions.silent:
            self._lose(held, sent)
        elif held.subscription.id not in world.subscriptions.held:
            return
        elif self._is_taken(held, event_id):
            sent.arrived = True
            sent.left -= 1
        elif (later := world.time + timedelta(minutes=20)) - began < GRAPH_RETRIES:
            self._stage.agenda.at(later, lambda: self._hint(held, event_id, began, sent))
        else:
            self._lose(held, sent)

    def _lose(self, held: Held, sent: Notified) -> None:
        self._stage.results.lost_hints += 1
        sent.left -= 1
        if sent.left == 0 and not sent.arrived:
            self._unheard.setdefault(held.subscription.id, []).append(self._stage.world.time)

    def _is_taken(self, held: Held, event_id: str) -> bool:
        if RELAY in self._stage.down:
            return False
        try:
            self._stage.world.hint(held, event_id)
        except ServiceUnavailable:
            return False
        return True
