"""A run: a plan carried out over the product, with all workers under the scheduler, and the properties checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from shared.errors import RelayError
from tests.schedules.absence import Absence
from tests.schedules.acts_lies import Lies
from tests.schedules.acts_outside import ADDRESSES, REACHABLE, OutsideActs
from tests.schedules.acts_relay import RelayActs
from tests.schedules.creations import Creations
from tests.schedules.deletions import Deletions
from tests.schedules.desires import ALL_ALLOWED, LISTS, Desires
from tests.schedules.moves import Moves
from tests.schedules.passage import DAY, QUIET_TIMER, TIMER, Passage, as_the_host
from tests.schedules.plan import FAULTS, WILD_FAULTS, WORKERS, Act, Plan, Round
from tests.schedules.process import BEFORE, PRESENT, Process
from tests.schedules.rest import Rest
from tests.schedules.scheduler import Deadlock, Killed, Scheduler, Strategy
from tests.schedules.site import Site

REST = DAY + 5400.0  # a silent loss just before is found by the daily question; then a run confirms it
ERRORS = (RelayError, Killed)


@dataclass
class Outcome:
    """What a run showed. `failures` are the properties that did not hold."""

    failures: list[str] = field(default_factory=list)
    verbs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    deletions: Counter[str] = field(default_factory=Counter)
    minutes: Counter[str] = field(default_factory=Counter)
    longest: dict[str, tuple[timedelta, str]] = field(default_factory=dict)
    points: int = 0

    @property
    def kind(self) -> str:
        """The kind of the first failure: its first words, without names of mailboxes, subscriptions and workers."""
        return kind_of(self.failures[0]) if self.failures else ""


def kind_of(failure: str) -> str:
    """Return the kind of a failure."""
    words = [each for each in failure.split() if len(each) > 2 and not any(sign in each for sign in "0123456789@[]'")]
    return " ".join(words[:5])


class History:
    """Carries out one plan."""

    def __init__(self, plan: Plan, strategy: Strategy) -> None:
        self.plan = plan
        self.scheduler = Scheduler(strategy)
        self.site = site = Site(self.scheduler)
        site.given["ALLOWED_MAILBOXES"] = ALL_ALLOWED
        self.mailboxes = [f"room{number}@contoso.com" for number in range(plan.mailboxes)]
        faults = FAULTS if plan.is_calm else WILD_FAULTS
        names = dict.fromkeys(each for each in WORKERS.values() if each != "outside")
        self.processes = {
            each: Process(each, site, BEFORE if each in plan.before else PRESENT, faults) for each in names
        }
        self.desires = Desires(site, [*self.processes.values()])
        self.relay = RelayActs(self.desires, self.mailboxes)
        self.outside = OutsideActs(site, self.processes, self.desires, self.mailboxes)
        self.lies = Lies(site, self.mailboxes, lambda skew: setattr(site, "date_skew", skew))
        self.deletions = Deletions(site, self.desires, checks_before=False)
        self.creations = Creations(site, [*self.processes.values()], self.deletions.rows, self.deletions.broken)
        self.absence = Absence(site, self.desires, self.deletions.rows, self.deletions.broken)
        self.absence.is_disturbed = self._is_disturbed
        self.lies.ended = self.absence.disturb
        self.rest = Rest(site, self.desires, self.mailboxes, self._own_urls)
        self.passage = Passage(site, self.processes, self.relay, self.lies)
        self.outcome = Outcome()
        self._ran: dict[str, Process] = {}
        self._killed: set[str] = set()
        self.scheduler.on_kill = self._killed.add
        site.graph.reachable = set(REACHABLE)
        site.graph.handshakes = self._shake
        site.graph.validates_address = plan.validates
        self.relay.claimant = self._claimant
        self.moves = Moves(site, self.deletions.broken)

    def run(self) -> Outcome:
        """Set the mailboxes up, carry out the rounds, and let everything come to rest."""
        outcome = self.outcome
        try:
            self._carry_on()
        except Exception as error:  # noqa: BLE001  (a run that cannot go on is a failure, which is shrunk like others)
            outcome.failures.append(f"error {type(error).__name__} between rounds: {error}"[:300])
        outcome.failures = self.deletions.broken + outcome.failures
        outcome.deletions, outcome.minutes = self.deletions.by_reason, self.absence.minutes
        outcome.longest, outcome.points = self.absence.longest, len(self.scheduler.trace.calls)
        return outcome

    def _carry_on(self) -> None:
        self._begin()
        for each in self.plan.rounds:
            self.passage.to(each.at, idle=2 * QUIET_TIMER)
            self._round(each)
            if self.outcome.failures or self.deletions.broken:
                return
        self._rest()

    def _is_disturbed(self) -> bool:
        """Return whether something is untrue or broken now."""
        site = self.site
        are_wrong = any(each.offset for each in self.processes.values())
        is_stopped = site.is_stopped or site.scheduler.here() is not None
        return bool(self.lies.present) or are_wrong or is_stopped or site.given["PUBLIC_BASE_URL"] not in ADDRESSES

    def _begin(self) -> None:
        for index, address in enumerate(LISTS):
            self.site.directory.rooms[address] = set(self.mailboxes[index::2][: max(2, len(self.mailboxes) // 3)])
        self.site.directory.rooms["nowhere"] = set()
        for number, mailbox in enumerate(self.mailboxes):
            if number % 3 == 0 or (number % 3 == 1 and not self.plan.has_list):
                as_the_host(self.relay.set_up, self.passage.next_process(), mailbox)
        if self.plan.has_list:
            for address in LISTS:
                as_the_host(self.relay.watch_list, self.passage.next_process(), address)
        self.desires.ending.clear()
        self.site.keep()

    def _round(self, each: Round) -> None:
        """Let all workers of a round carry out their acts side by side; then restart what was killed or redeployed."""
        tasks: dict[str, Callable[[], object]] = {}
        for worker in WORKERS:
            acts = [act for act in each.acts if act.worker == worker]
            if acts and (worker == "outside" or not self.site.is_stopped):
                tasks[worker] = partial(self._carry_out, acts)
        for name, error in self.scheduler.run(each.name, tasks, WORKERS).items():
            if isinstance(error, Deadlock) or not isinstance(error, ERRORS):
                self.outcome.failures.append(f"error {type(error).__name__} in {name}: {error}"[:300])
        for name, process in self.processes.items():
            is_old = (process.version, process.given) != (process.next_version, self.site.given)
            if name in self._killed or is_old:
                process.start()
        self._killed.clear()
        self.absence.disturb()
        self._discard_done()
        self.outside.others.live()
        self.outcome.failures += self.outside.others.changed()[:1] + self.relay.broken
        self.passage.timer_at = min(self.passage.timer_at, self.scheduler.clock.seconds + TIMER)

    def _discard_done(self) -> None:
        """Forget who might end, for mailboxes that are wanted and live."""
        for mailbox in list(self.desires.ending):
            held = self.site.graph.of(mailbox)
            if self.desires.is_wanted(mailbox) and held and not self._is_open(mailbox):
                self.desires.ending.discard(mailbox)

    def _claimant(self, mailbox: str) -> str:
        rows = self.site.tables["watches"].rows.partition("watch")
        row = next((row for row in rows if row.get("mailbox") == mailbox), None)
        claim = self.deletions.rows.claim_of(row) if row is not None and row.get("pending_since") else None
        name, _, worker = claim.actor.partition("/") if claim is not None else ("", "", "")
        return worker if name == self.scheduler.round else ""

    def _is_open(self, mailbox: str) -> bool:
        """Return whether the row is missing, not live, or not the partner's: a call about it may have failed."""
        rows = [row for row in self.site.tables["watches"].rows.values() if row.get("mailbox") == mailbox]
        is_asked = self.desires.partner.get(mailbox, False)
        return not any(row.get("state") == "live" and (row.get("asked") or not is_asked) for row in rows)

    def _carry_out(self, acts: list[Act]) -> None:
        for act in acts:
            self.scheduler.point(f"act: {act.verb}") if act.worker == "outside" else None
            self.outcome.verbs[act.verb] += 1
            as_the_host(self._act, act)

    def _act(self, act: Act) -> None:
        if act.worker == "outside":
            if act.verb.startswith("lie: "):
                self.lies.begin(act.verb.removeprefix("lie: "), act.number)
            else:
                self.outside.act(act.verb, act.number)
            return
        self.relay.verbs[act.verb](self.processes[WORKERS[act.worker]], act.number)

    def _rest(self) -> None:
        """End all faults; what is wished is asked for again; within REST everything must be at rest."""
        self.lies.end_all()
        self.outside.others.live(to_end=True)
        site = self.site
        site.stopped_until = site.idle_until = 0.0
        site.graph.reachable = set(REACHABLE)
        self.outside.correct()
        for process in self.processes.values():
            process.next_version, process.offset = PRESENT, timedelta()
            process.start()
        self._call_again()
        clock, passage = self.scheduler.clock, self.passage
        passage.timer_at = clock.seconds
        passage.to(clock.seconds + 2 * TIMER, TIMER)
        self._call_again()  # rooms that have left their lists meanwhile
        self.desires.forgotten.clear()
        passage.to(clock.seconds + 4 * TIMER, TIMER)
        self.outcome.failures += [f"rest: {each}" for each in self.rest.undone()]
        self.rest.begin()
        passage.to(clock.seconds + REST - 4 * TIMER, TIMER, idle=QUIET_TIMER)
        self.outcome.failures += self.outside.others.changed()[:1]
        self.outcome.failures += [f"rest: {each}" for each in self.rest.failures()]

    def _call_again(self) -> None:
        """The partner repeats each call whose end it does not know."""
        for mailbox in self.mailboxes:
            self._again(mailbox)
        for address, wanted in self.desires.lists.items():
            call = self.relay.watch_list if wanted else self.relay.release_list
            as_the_host(call, self.passage.next_process(), address)

    def _again(self, mailbox: str) -> None:
        wanted = self.desires.partner.get(mailbox, False)
        call = self.relay.set_up if wanted else self.relay.let_go
        if wanted or mailbox in self.desires.partner:
            as_the_host(call, self.passage.next_process(), mailbox)

    def _own_urls(self) -> Collection[str]:
        """Return the URLs that the present version takes for the relay's; a start builds its parts again."""
        urls: Collection[str] = self.processes["a"].app.addresses.own_urls()
        return urls

    def _shake(self, url: str) -> None:
        """Record Graph's validation of a URL of the relay, as the functions of the present version do."""
        app = self.processes["a"].app
        worker = self.scheduler.here()
        if worker is None and url.startswith(tuple(ADDRESSES)):
            app.handshakes.saw(url)
        elif url.startswith(tuple(ADDRESSES)):
            with self.scheduler.outside():
                app.handshakes.saw(url)
