"""The measurements of a simulated year: its results, its times without notifications, and missed changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.agenda import DAY
from tests.simulation.subscriptions import Held
from tests.simulation.world import START, World

TIMER = timedelta(minutes=30)
SOON = TIMER + timedelta(minutes=1)
WITHIN_A_DAY = DAY + SOON
NOTIFIED, UNNOTICED, EXPIRED, UNUSABLE = "removed, notified", "removed, not notified", "expired", "unusable"
NEEDLESSLY = "expired, though nothing failed"
NOT_ANSWERED, REFUSED, AFTER_REFUSAL = "a part did not answer", "Graph's false answers", "after Graph's false answers"
BRAKED = "the brake was on"
LIMITS = {NOTIFIED: SOON, EXPIRED: SOON, UNUSABLE: SOON, UNNOTICED: WITHIN_A_DAY, AFTER_REFUSAL: WITHIN_A_DAY,
          BRAKED: WITHIN_A_DAY}  # fmt: skip
NOT_OURS = (NOT_ANSWERED, REFUSED)  # these times have no limit; all others than those of LIMITS are the relay's fault


@dataclass
class Short:
    """The time with short lifetimes: its days, its calls, those that changed something, and the renewals it needs."""

    days: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    renewals: float = 0.0


@dataclass
class Results:
    """The results of a year.

    `without` are the times without a living subscription by cause, `longest` the longest of them without a break: a
    time while a part does not answer, or while Graph answers falsely, has a cause of its own, and what follows is
    measured from its end. `ours` is what exceeds LIMITS, and what has no limit because it must not happen.

    Once Graph has allowed shorter lifetimes only, the relay renews more often: `short` is about that time.
    """

    without: dict[str, timedelta] = field(default_factory=dict)
    longest: dict[str, timedelta] = field(default_factory=dict)
    ours: timedelta = timedelta()
    calls: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    views: int = 0
    reads: int = 0
    changes: int = 0
    deliveries: int = 0
    lost_hints: int = 0
    short: Short = field(default_factory=Short)
    missed: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    losses: dict[str, int] = field(default_factory=dict)
    deleted: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, number: int = 1) -> None:
        """Count a loss, an outage or a false answer."""
        self.losses[name] = self.losses.get(name, 0) + number

    def add(self, cause: str, stretch: timedelta) -> None:
        """Add a time without a living subscription."""
        if stretch <= timedelta():
            return
        self.without[cause] = self.without.get(cause, timedelta()) + stretch
        self.longest[cause] = max(self.longest.get(cause, timedelta()), stretch)
        if cause not in NOT_OURS:
            self.ours += max(timedelta(), stretch - LIMITS.get(cause, timedelta()))


@dataclass
class Gap:
    """The time of a mailbox without a living subscription: what ended it, and since when this cause is measured."""

    cause: str
    since: datetime


class Silence:
    """Measures how long mailboxes have no living subscription, by cause."""

    def __init__(self, world: World, results: Results) -> None:
        self._world, self._results = world, results
        self._gaps: dict[str, Gap] = {}
        self._refusing: Counter[str] = Counter()
        self._last_truth: dict[str, datetime] = {}
        self._braked = START - DAY
        self._unwanted: set[str] = set()
        self.all_up_since: datetime | None = START
        world.subscriptions.lost, world.subscriptions.created = self.lost, self._created

    def lost(self, held: Held, moment: datetime) -> None:
        """Begin a time, unless one has begun or the mailbox has another subscription, or nobody wants one.

        Graph has removed the subscription; one that it still holds is unusable.
        """
        graph, mailbox = self._world.subscriptions, held.mailbox
        left = graph.held.of(mailbox)
        if any(each is not held for each in left) or mailbox in self._gaps or mailbox in self._unwanted:
            return
        cause = UNUSABLE if left else graph.cause
        if cause == EXPIRED and self._is_needless(mailbox, moment):
            cause = NEEDLESSLY
        self._gaps[mailbox] = Gap(cause, moment)

    def unwanted(self, mailbox: str) -> None:
        """Stop to measure a mailbox: somebody asked for the end of its subscription."""
        self._end(mailbox)
        self._unwanted.add(mailbox)

    def wanted(self, mailbox: str) -> None:
        """Measure a mailbox again: its subscription is wanted from now on."""
        self._unwanted.discard(mailbox)
        if not self._world.subscriptions.of(mailbox):
            self._gaps[mailbox] = Gap(EXPIRED, self._world.time)

    def part_went_down(self) -> None:
        """Take in that a part does not answer any more."""
        self._mark(self._gaps)
        self.all_up_since = None

    def all_parts_answer(self) -> None:
        """Take in that all parts answer again."""
        self._mark(self._gaps)
        self.all_up_since = self._world.time

    def false_answers_began(self, mailboxes: Iterable[str]) -> None:
        """Take in that Graph answers falsely for mailboxes."""
        for mailbox in mailboxes:
            self._mark([mailbox])
            self._refusing[mailbox] += 1

    def false_answers_ended(self, mailboxes: Iterable[str]) -> None:
        """Take in that Graph tells the truth again for mailboxes."""
        for mailbox in mailboxes:
            self._mark([mailbox])
            self._refusing[mailbox] -= 1
            self._last_truth[mailbox] = self._world.time

    def brake_is_on(self) -> None:
        """Take in that the relay makes few new subscriptions now, because Graph denies too many."""
        self._braked = self._world.time

    def was_answered_falsely(self, mailbox: str, within: timedelta = timedelta()) -> bool:
        """Return whether Graph answers falsely for a mailbox, or did `within` a time."""
        last = self._last_truth.get(mailbox)
        return self._refusing[mailbox] > 0 or (last is not None and self._world.time - last < within)

    def open(self) -> list[str]:
        """Return the mailboxes without a living subscription that should have one."""
        return [*self._gaps]

    def _created(self, held: Held) -> None:
        self._end(held.mailbox)

    def _end(self, mailbox: str) -> None:
        self._mark([mailbox])
        self._gaps.pop(mailbox, None)

    def _mark(self, mailboxes: Iterable[str]) -> None:
        """Add the time so far of mailboxes that have no living subscription, and measure on from now."""
        for mailbox in mailboxes:
            gap = self._gaps.get(mailbox)
            if gap is not None:
                self._results.add(self._cause(mailbox, gap), self._world.time - gap.since)
                gap.since = self._world.time

    def _cause(self, mailbox: str, gap: Gap) -> str:
        if self.all_up_since is None:
            return NOT_ANSWERED
        if self._refusing[mailbox] > 0:
            return REFUSED
        if self.was_answered_falsely(mailbox, 2 * WITHIN_A_DAY):
            return AFTER_REFUSAL
        return BRAKED if self._braked >= gap.since else gap.cause

    def _is_needless(self, mailbox: str, moment: datetime) -> bool:
        """Return whether a subscription should have been renewed before it expired."""
        were_up = self.all_up_since is not None and moment - self.all_up_since > SOON
        return were_up and not self.was_answered_falsely(mailbox, 2 * WITHIN_A_DAY)


def missed_changes(world: World, mailboxes: Iterable[str], changed: dict[tuple[str, str], datetime], before: datetime,
                   excused: Container[str] = ()) -> list[str]:  # fmt: skip
    """List each difference between the calendars and the partner's state, for changes `before` a moment."""
    first, last = world.window().start + DAY, world.window().end - DAY
    missed = []
    for mailbox in mailboxes:
        if mailbox in excused:
            continue
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
