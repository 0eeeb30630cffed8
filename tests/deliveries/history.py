"""A run: a plan carried out over the product, with all workers under the scheduler, and the properties checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from shared.errors import RelayError
from shared.storage.watches import watch_id_of
from tests.deliveries.acts_calendar import CalendarActs
from tests.deliveries.acts_outside import OutsideActs
from tests.deliveries.acts_relay import RelayActs
from tests.deliveries.journal import Journal
from tests.deliveries.passage import Passage
from tests.deliveries.plan import WORKERS, Act, Plan, Round
from tests.deliveries.process import DeliveryProcess
from tests.deliveries.rest import Rest
from tests.deliveries.site import DeliverySite
from tests.deliveries.verbs import CALM_FAULTS, FAULTS, WHICH
from tests.schedules.passage import DAY, as_the_host
from tests.schedules.process import BEFORE, PRESENT
from tests.schedules.scheduler import Deadlock, Killed, Scheduler, Strategy

ERRORS = (RelayError, Killed)
BEGINNING = 60.0
REST, LARGEST_SKEW = DAY, 700.0
QUIET = 16 * 3600.0  # after which each change is tried again, at the latest


@dataclass
class Outcome:
    """What a run showed. `failures` are the properties that did not hold."""

    failures: list[str] = field(default_factory=list)
    verbs: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)  # of attempts
    work: Counter[str] = field(default_factory=Counter)
    points: int = 0


class History:
    """Carries out one plan."""

    def __init__(self, plan: Plan, strategy: Strategy) -> None:
        self.plan = plan
        self.scheduler = Scheduler(strategy)
        self.site = site = DeliverySite(self.scheduler, plan.settle_seconds)
        self.mailboxes = [f"room{number}@contoso.com" for number in range(plan.mailboxes)]
        faults = CALM_FAULTS if plan.is_calm else FAULTS
        names = dict.fromkeys(each for each in WORKERS.values() if each != "outside")
        self.processes = {
            each: DeliveryProcess(
                each, site, BEFORE if each in plan.before else PRESENT, faults, plan.offsets.get(each, 0.0),
                knows_date=plan.knows_date,
            )
            for each in names
        }  # fmt: skip
        site.processes = self.processes
        self.relay = RelayActs(site, self.mailboxes)
        self.passage = Passage(site, self.processes, self.relay)
        self.journal = Journal(site, is_calm=plan.is_calm)
        self.calendar = CalendarActs(site, self.mailboxes, self.passage.next_process, loses=not plan.is_calm)
        self.outside = OutsideActs(site, self.processes, self.mailboxes)
        self.relay.has_version_before = plan.has_version_before
        self.rest = Rest(site, self.relay, self.journal, self.mailboxes)
        self.outcome = Outcome()
        self.relay.force, self.relay.restart = self._force, self._restart
        self._killed: set[str] = set()
        self.scheduler.on_kill = self._killed.add

    def run(self) -> Outcome:
        """Set the mailboxes up, carry out the rounds, and let everything come to rest."""
        outcome = self.outcome
        try:
            self._begin()
            for each in self.plan.rounds:
                self.passage.to(each.at)
                self._round(each)
            self._rest()
        except Exception as error:  # noqa: BLE001  (a run that cannot go on is a failure, which is shrunk like others)
            outcome.failures.append(f"error {type(error).__name__} between rounds: {error}"[:300])
        outcome.failures = self.relay.broken + self.journal.broken + outcome.failures
        outcome.work = self._work()
        outcome.points, outcome.kinds = len(self.scheduler.trace.calls), self.journal.kinds
        return outcome

    def _work(self) -> Counter[str]:
        """Return how much work was done."""
        site = self.site
        counts = {"notifications": site.hints, "attempts": len(site.receiver.attempts), "nights": self.passage.nights}
        return Counter(counts | {f"{name} messages": number for name, number in site.puts.items()} | site.events.calls)

    def _begin(self) -> None:
        """Set up all mailboxes, and let them be delivered. In half of the runs the version before does that, and the
        processes are upgraded then.
        """
        for number in range(self.plan.events):
            self.calendar.create(number + WHICH * (self.plan.seed % 1000 + number), is_hinted=False)
        for process in self.processes.values():
            self._become(process, BEFORE if self.plan.began_before else process.version)
        process = self.processes["a"]
        for mailbox in self.mailboxes:
            self.relay.set_up(process, mailbox)
            process.app.catch_up.queue_resync(watch_id_of(mailbox))
        self.passage.to(BEGINNING)
        self.site.born_before.clear()  # no watch was removed yet
        for name, each in self.processes.items():
            self._become(each, BEFORE if name in self.plan.before else PRESENT)

    def _become(self, process: DeliveryProcess, version: str) -> None:
        process.next_version = version
        if process.version != version:
            process.start()

    def _force(self, mailbox: str) -> None:
        self.journal.forced |= {(mailbox, event_id) for event_id in self.site.events.expected(mailbox)}

    def _restart(self) -> None:
        self.journal.restarted_at = self.site.now()

    def _round(self, each: Round) -> None:
        """Let all workers of a round carry out their acts side by side; then restart what was killed or redeployed."""
        tasks: dict[str, Callable[[], object]] = {}
        for worker in WORKERS:
            acts = [act for act in each.acts if act.worker == worker]
            if acts:
                tasks[worker] = partial(self._carry_out, acts)
        for name, error in self.scheduler.run(each.name, tasks, WORKERS).items():
            if isinstance(error, Deadlock) or not isinstance(error, ERRORS):
                self.outcome.failures.append(f"error {type(error).__name__} in {name}: {error}"[:300])
        for name, process in self.processes.items():
            if name in self._killed or process.version != process.next_version:
                process.start()
        self._killed.clear()
        self.journal.remember()
        self.outcome.failures += self.rest.multiplied()[: 1 - len(self.outcome.failures)]

    def _carry_out(self, acts: list[Act]) -> None:
        for act in acts:
            if act.worker == "outside":
                self.scheduler.point(f"act: {act.verb}")
                self.site.catch_up()
            self.outcome.verbs[act.verb] += 1
            as_the_host(self._act, act)

    def _act(self, act: Act) -> None:
        if act.worker != "outside":
            self.relay.verbs[act.verb](self.processes[WORKERS[act.worker]], act.number)
        elif act.verb in self.outside.verbs:
            self.outside.verbs[act.verb](act.number)
        else:
            self.calendar.act(act.verb, act.number)

    def _rest(self) -> None:
        """End all faults; what is wanted is requested again; within REST everything must be at rest."""
        self.outside.end_all()
        for process in self.processes.values():
            process.jump(0.0)
            process.next_version = PRESENT
            process.start()
        for mailbox in self.mailboxes:
            call = self.relay.set_up if mailbox in self.relay.wanted else self.relay.let_go
            as_the_host(call, self.passage.next_process(), mailbox)
        as_the_host(self.relay.resume, self.processes["a"])
        clock = self.scheduler.clock
        self.passage.to(clock.seconds + LARGEST_SKEW)  # dead letters of clocks ahead are older than the replay then
        as_the_host(self.relay.replay, self.processes["a"])
        self.passage.no_night_for(QUIET + 3600.0)
        self.passage.to(clock.seconds + QUIET)
        self.outcome.failures += self.rest.before_night()
        self.passage.to(clock.seconds + REST - QUIET)
        self.outcome.failures += [*self.rest.failures(), *self.rest.secrets()]
        self.rest.begin_night()
        self.passage.night()
        self.passage.to(clock.seconds + 7200.0)
        self.outcome.failures += self.rest.after_night()
