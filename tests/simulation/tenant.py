"""A tenant with a hundred live watches, a further instance of the relay with its own clock, and shared counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.watches.requests import WatchRequest
from tests.simulation.deletion_rule import DeletionRule
from tests.simulation.world import World

WATCHES = 100
RUN = timedelta(minutes=30)
MAILBOXES = [f"room{number}@contoso.com" for number in range(WATCHES)]


class Tenant:
    """A hundred live watches, and the numbers that tell what happened to them."""

    def __init__(self) -> None:
        self.world = World()
        self.rule: DeletionRule = self.world.deletion_rule()
        for mailbox in MAILBOXES:
            self.world.watch_setup.subscribe(WatchRequest(mailbox))
        self.first = {held.subscription.id for held in self.world.subscriptions.live()}

    def runs(self, number: int) -> None:
        """Let the timer run some times, and process what it queues."""
        for _ in range(number):
            self.world.reconciler.reconcile()
            self.between()
        self.rule.check()

    def between(self) -> None:
        """Process the queues until the next run of the timer."""
        for _ in range(6):
            self.world.process()
            self.world.time += RUN / 6

    @property
    def untouched(self) -> int:
        """How many of the first subscriptions are live and named by their rows."""
        named = {watch.subscription_id for watch in self.world.watches.all()}
        return len({held.subscription.id for held in self.world.subscriptions.live()} & self.first & named)

    @property
    def served(self) -> int:
        """How many mailboxes have a live subscription."""
        return sum(bool(self.world.subscriptions.of(mailbox)) for mailbox in MAILBOXES)

    @property
    def states(self) -> set[str]:
        """The stored states."""
        return {watch.state for watch in self.world.watches.all()}

    def book(self, mailboxes: list[str] = MAILBOXES, days: float = 30) -> None:
        """Create a meeting in each of some mailboxes, of which Graph notifies the relay."""
        for mailbox in mailboxes:
            event_id = self.world.events.put(mailbox, self.world.time + timedelta(days=days))
            self.hint(mailbox, event_id, "created")

    def hint(self, mailbox: str, event_id: str, change: str = "updated") -> None:
        """Notify the relay of a change."""
        for held in self.world.subscriptions.of(mailbox):
            self.world.hint(held, event_id, change)

    @property
    def partner_differs(self) -> set[str]:
        """The mailboxes whose calendar the partner does not know as it is."""
        knows, meetings = self.world.webhook.knows, self.world.events.meetings
        return {each for each in MAILBOXES if knows.get(each, {}).keys() != meetings.get(each, {}).keys()}


class Instance(World):
    """A further instance of the relay of another world: the same storage, queues, Graph and partner.

    Its clock is `ahead` of the true one. Like the real client, it learns that from Graph's first answer to it.
    """

    def __init__(self, first: World, ahead: timedelta = timedelta()) -> None:
        self.first, self.ahead = first, ahead
        super().__init__(**first.given)
        self._outside = first._outside
        self.keys, self.tables, self.queues = first.keys, first.tables, first.queues
        self.rows, self.ledger_rows, self.parked_rows, self.attempt_rows, self.slot_rows = first.tables
        self.change_texts, self.job_texts, self.work_texts = first.queues
        self.start()

    def start(self) -> None:
        """Start the instance's process: it has had no answer of Graph."""
        self.calls_before = sum(self.first.subscriptions.calls.values())
        super().start()

    def now(self) -> datetime:
        """Return the time by this instance's clock."""
        return self.first.time + self.ahead

    def clock_skew(self) -> timedelta | None:
        """Return by how much Graph's clock is ahead; None before Graph has answered."""
        return -self.ahead if sum(self.first.subscriptions.calls.values()) > self.calls_before else None


class Deployment(World):
    """Another deployment of the same app registration: the same Graph, and a storage, queues and keys of its own."""

    def __init__(self, first: World, **settings: str) -> None:
        self.first = first
        super().__init__(**settings)
        self._outside |= {"subscriptions": first.subscriptions, "events": first.events}
        self.start()

    def now(self) -> datetime:
        """Return the time."""
        return self.first.time
