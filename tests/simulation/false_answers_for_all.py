"""The false answers of Graph (see lies.py) at random, each about all mailboxes. Each kind occurs in a run of a month.

docs/sandbox-lies.md names each in its row; tests/architecture/test_lies_table.py compares the names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from shared.errors import GraphError, GraphForbidden, GraphRejected, GraphUnauthorized, GraphUnavailable
from shared.graph.subscriptions import resource_of
from tests.simulation import lies
from tests.simulation.agenda import DAY, Act
from tests.simulation.false_answers import Spells, is_whole
from tests.simulation.measures import TIMER
from tests.simulation.stage import Stage

LISTINGS: dict[str, lies.Listing] = {
    "list empty": lies.empty, "list partial": lies.partial(3), "list with expired ones": lies.with_expired,
    "list repeating": lies.repeating(2), "list failing": lies.failing(GraphUnavailable(500, "UnknownError"), after=50),
    "link expired": lies.failing(GraphRejected(400, "Directory_ExpiredPageToken"), after=50),
}  # fmt: skip
REFUSALS: dict[str, GraphError] = {
    "401 for all": GraphUnauthorized(401, "InvalidAuthenticationToken"),
    "403 for all": GraphForbidden(403, "ErrorAccessDenied"),
}
LOST = (GraphUnavailable(0, "NoAnswer.ReadTimeout"), GraphUnavailable(200, "Unreadable"))
SPELLINGS: Sequence[Callable[[str], str]] = (
    lambda mailbox: f"Users('{mailbox}')/Events", lambda mailbox: resource_of(mailbox).swapcase(),
    lambda mailbox: f"/{resource_of(mailbox)}/",
)  # fmt: skip
LOWER = (4230, 1440, 60)  # minutes
DAYS = 48  # hours at most, so that subscriptions are renewed meanwhile
SKEWS = (-7200, -400, 400, 7200)  # seconds
DENIED, UNANSWERED, LOWERED = "404 for all", "PATCH without an answer", "lower maximum"
SPELLED, SKEWED, UNREADABLE = "resource spelled otherwise", "Date skewed", "new events not found"
HIDDEN = timedelta(days=2)
UNREADABLE_FOR = timedelta(seconds=30)  # shorter than until the relay reads an event again that it did not find
NAMES_FOR_ALL = (*LISTINGS, *REFUSALS, DENIED, UNANSWERED, LOWERED, SPELLED, SKEWED, UNREADABLE)


class FalseAnswersForAll:
    """Switches false answers about all mailboxes on, and off again after some hours.

    A wrong list, another spelling, a lost answer and a lower maximum excuse no loss of a subscription.
    """

    def __init__(self, stage: Stage, spells: Spells) -> None:
        self._stage = stage
        self._spells = spells
        self._graph, self._calendars = stage.world.subscriptions, stage.world.events
        self._skew = timedelta()
        self._refusals: list[GraphError] = []
        self._denials = 0
        self._minutes = stage.world.settings.subscription_lifetime_minutes  # the lifetime that the relay asks for
        self._calls, self._done = self._graph.calls.copy(), stage.results.done.copy()
        for part in (self._graph, self._calendars):
            part.before = self._with_date(part.before)

    def plan(self) -> None:
        """Put all false answers on the agenda."""
        lists: Sequence[Act] = [partial(self._list, *each) for each in LISTINGS.items()]
        refusals: Sequence[Act] = [partial(self._refuse, *each) for each in REFUSALS.items()]
        others: Sequence[Act] = (self._lose_answers, self._lower, self._spell, self._shift)
        agenda = self._stage.agenda
        plan = agenda.at_least_once if is_whole(agenda) else agenda.now_and_then
        for act in (*lists, *refusals, *others):
            plan(1 / 60, act)
        agenda.at_least_once(1 / 180, self._deny)  # each time every subscription is read in each run of the timer
        agenda.every(TIMER, TIMER, self._measure)
        agenda.every(10 * HIDDEN, HIDDEN, self._hide)

    def _with_date(self, before: Callable[[str], None]) -> Callable[[str], None]:
        """Return what runs before a call: if Graph answers, its Date is compared with the relay's clock."""

        def call(verb: str) -> None:
            before(verb)
            self._stage.world.skew = self._skew

        return call

    def _measure(self) -> None:
        """Take in the calls since the last measurement, if the relay knew then that lifetimes are short."""
        results, graph, world = self._stage.results, self._graph, self._stage.world
        if self._minutes < world.settings.subscription_lifetime_minutes:
            renew_before = min(world.settings.renew_before_minutes, self._minutes / 2)
            needed = TIMER / timedelta(minutes=self._minutes - renew_before)
            results.short.days += TIMER / DAY
            results.short.renewals += needed * len(self._stage.mailboxes)
            results.short.calls += graph.calls - self._calls
            results.short.done += results.done - self._done
        self._calls, self._done = graph.calls.copy(), results.done.copy()
        if not self._stage.down:
            self._minutes = world.lifetimes.minutes()

    def _list(self, name: str, listing: lies.Listing) -> None:
        self._graph.listing = listing
        self._spells.begin(name, (), lambda: setattr(self._graph, "listing", lambda living, _: living))

    def _refuse(self, name: str, error: GraphError) -> None:
        """Answer every call with an error: the last one that has begun and not ended."""
        self._refusals.append(error)
        self._set_refusal()

        def end() -> None:
            self._refusals.remove(error)
            self._set_refusal()

        self._spells.begin(name, self._stage.mailboxes, end)

    def _set_refusal(self) -> None:
        self._graph.refuse_all = self._calendars.refuse_all = self._refusals[-1] if self._refusals else None

    def _deny(self) -> None:
        """Answer 404 for all living subscriptions."""
        self._denials += 1
        self._graph.denies_all = True

        def end() -> None:
            self._denials -= 1
            self._graph.denies_all = self._denials > 0

        self._spells.begin(DENIED, self._stage.mailboxes, end)

    def _lose_answers(self) -> None:
        """Carry out each PATCH without an answer, or with one that is not readable."""
        self._graph.unreadable_answers, self._graph.unreadable = lies.EVERY, self._stage.chance.choice(LOST)
        self._spells.begin(UNANSWERED, (), lambda: setattr(self._graph, "unreadable_answers", set()), DAYS)

    def _lower(self) -> None:
        """Lower the maximum lifetime, which the refusal names or does not."""
        self._graph.longest = timedelta(minutes=self._stage.chance.choice(LOWER))
        self._graph.names_longest = self._stage.chance.random() < 0.5
        self._spells.begin(LOWERED, (), lambda: setattr(self._graph, "longest", lies.LONGEST), DAYS)

    def _spell(self) -> None:
        """Write the resources in answers in another form."""
        self._graph.spelled = self._stage.chance.choice(SPELLINGS)
        self._spells.begin(SPELLED, (), lambda: setattr(self._graph, "spelled", resource_of), DAYS)

    def _shift(self) -> None:
        """Let the header Date be wrong, by more than five minutes: then the relay does no work that is due."""
        self._skew = timedelta(seconds=self._stage.chance.choice(SKEWS))
        self._spells.begin(SKEWED, self._stage.mailboxes, lambda: setattr(self, "_skew", timedelta()))

    def _hide(self) -> None:
        """Let a GET not find a new event for a while. It excuses no difference between partner and calendar."""
        self._stage.results.count(UNREADABLE)
        self._calendars.unreadable = UNREADABLE_FOR
        truth = partial(setattr, self._calendars, "unreadable", timedelta())
        self._stage.agenda.at(self._stage.world.time + HIDDEN, truth)
