"""When many watched mailboxes are busy, in one call. What answers in time is told, of the rest why it is unknown."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from shared import problems
from shared.api.graph_errors import scheduling_rejection_of, trace_of
from shared.busy_times.schedule_items import NoSchedule, busy_times
from shared.busy_times.spans import Span, merged, whole_minutes, within
from shared.busy_times.unavailable import Unavailable, unavailable_of
from shared.errors import GraphError, GraphForbidden, RelayError, RequestRejected
from shared.graph.schedules import MOST_MAILBOXES, is_about_mailbox
from shared.rooms.permitted import AGAIN, problem_with
from shared.threads import side_by_side_within

if TYPE_CHECKING:
    from shared.graph.schedules import Schedules
    from shared.rooms.permitted import PermittedMailboxes
    from shared.rooms.requests import BusyQuery
    from shared.threads import MailboxLimits

SECONDS = 20.0  # of a whole query
CHECK_SHARE = 0.4  # of them for the checks: what is late there must not use up the time of the others
AT_ONCE = 2  # calls to Graph
MOST_NAMES = 6  # mailboxes in whose name the same is asked, one after the other, while Graph refuses them
RETRY_SECONDS = 30.0
_PASSING, _FORBIDDEN_TO_READ = problems.GRAPH_UNAVAILABLE, problems.GRAPH_PERMISSION_MISSING
_LATE = f"has no schedule yet: Microsoft Graph did not answer in time. {AGAIN}"
_UNASKED = f"has no schedule yet: Microsoft Graph refuses other mailboxes, in whose name the relay asked. {AGAIN}"
_FORBIDDEN = (
    "cannot be read: the customer's IT has to grant the relay Calendars.Read in Exchange, or extend its scope to it."
)


@dataclass(frozen=True, slots=True)
class BusyMailboxes:
    """The busy times of the mailboxes that answered, in the order of the query, and why others are unknown."""

    busy: dict[str, list[Span]]
    unknown: list[Unavailable]


@dataclass(frozen=True)
class BusyMailboxFinder:
    """Finds busy times. One instance for all calls, so that the mailboxes in whose name Graph is asked take turns.

    `clock` measures the time of a query, in seconds.
    """

    permitted: PermittedMailboxes
    schedules: Schedules
    limits: MailboxLimits
    clock: Callable[[], float] = time.monotonic
    seconds: float = SECONDS
    _queries: Iterator[int] = field(default_factory=itertools.count, init=False)

    def find(self, query: BusyQuery) -> BusyMailboxes:
        """Return the busy times in the window of a query: merged, in whole minutes, without what makes them busy.

        Raises RequestRejected if none of the mailboxes may be asked about, with the reason of the first;
        ConfigurationError or ServiceUnavailable.
        """
        end = self.clock() + self.seconds
        unknown = self.permitted.objections(query.mailboxes, CHECK_SHARE * self.seconds)
        allowed = [mailbox for mailbox in query.mailboxes if mailbox not in unknown]
        if not allowed:
            raise _rejection_of(unknown[query.mailboxes[0]])
        busy = dict[str, list[Span]]()
        for found in self._answers(allowed, query.window, end - self.clock()):
            busy |= found.busy
            unknown |= {each.mailbox: each for each in found.unknown}
        in_order = {mailbox: busy[mailbox] for mailbox in query.mailboxes if mailbox in busy}
        return BusyMailboxes(in_order, [unknown[mailbox] for mailbox in query.mailboxes if mailbox in unknown])

    def _answers(self, mailboxes: Sequence[str], window: Span, seconds: float) -> list[BusyMailboxes]:
        """Ask Graph for MOST_MAILBOXES at a time."""
        groups = [mailboxes[first : first + MOST_MAILBOXES] for first in range(0, len(mailboxes), MOST_MAILBOXES)]
        number = next(self._queries)
        ask = partial(self._of_group, window=window, number=number)
        answers = side_by_side_within(ask, groups, AT_ONCE, max(0.0, seconds), "busy")
        return [
            answer or BusyMailboxes({}, [problem_with(mailbox, _LATE, _PASSING) for mailbox in group])
            for group, answer in zip(groups, answers, strict=True)
        ]

    def _of_group(self, group: Sequence[str], window: Span, number: int) -> BusyMailboxes:
        """Return what Graph tells of up to MOST_MAILBOXES. Never raises.

        An error about the mailbox in whose name Graph was asked concerns that one; another error all of them.
        """
        refused = dict[str, Unavailable]()
        for name in _names(group, number):
            try:
                return self._in_name_of(name, group, window)
            except RelayError as error:
                if not isinstance(error, GraphError) or not is_about_mailbox(error):
                    return BusyMailboxes({}, [_unavailable(mailbox, error) for mailbox in group])
                refused[name] = _unavailable(name, error)
        is_forbidden = {each.problem for each in refused.values()} == {_FORBIDDEN_TO_READ}
        problem = _FORBIDDEN_TO_READ if is_forbidden else _PASSING
        return BusyMailboxes({}, [refused.get(each) or problem_with(each, _UNASKED, problem) for each in group])

    def _in_name_of(self, name: str, group: Sequence[str], window: Span) -> BusyMailboxes:
        """Return what one call tells. Raises GraphError, ServiceUnavailable or ConfigurationError."""
        with self.limits.of(name):
            schedules = self.schedules.in_name_of(name, group, window.start, window.end)
        busy, missing = dict[str, list[Span]](), dict[str, NoSchedule]()
        for mailbox, schedule in zip(group, schedules, strict=True):
            try:
                busy[mailbox] = _in_minutes(busy_times(schedule), window)
            except NoSchedule as reason:
                missing[mailbox] = reason
        return BusyMailboxes(busy, unavailable_of(missing, AGAIN))


def _names(group: Sequence[str], number: int) -> list[str]:
    """Return the mailboxes in whose name Graph is asked: not neighbours, which are often refused together."""
    begin = number % len(group)
    return [*group[begin:], *group[:begin]][:: max(1, len(group) // MOST_NAMES)][:MOST_NAMES]


def _in_minutes(spans: list[Span], window: Span) -> list[Span]:
    """Return the part of spans in a window, merged, in whole minutes. Cut first: an event may last until year 9999."""
    return within(merged(map(whole_minutes, within(merged(spans), window))), window)


def _unavailable(mailbox: str, error: RelayError) -> Unavailable:
    """Return a mailbox that an error of a call leaves unknown."""
    if isinstance(error, GraphForbidden):
        return problem_with(mailbox, f"{_FORBIDDEN}{trace_of(error)}", _FORBIDDEN_TO_READ)
    if not isinstance(error, GraphError):
        return problem_with(mailbox, f"has no schedule now: {error}. {AGAIN}", problems.RELAY_UNAVAILABLE)
    rejection = scheduling_rejection_of(error)
    if rejection.retry_after is None:
        return problem_with(mailbox, f"has no schedule: {rejection}", rejection.problem)
    text = f"has no schedule now: {rejection.problem.title}{trace_of(error)}."
    return problem_with(mailbox, f"{text} Ask for it again in {rejection.retry_after:.0f} seconds.", rejection.problem)


def _rejection_of(reason: Unavailable) -> RequestRejected:
    passes = reason.problem.status == 503
    return RequestRejected(reason.problem, reason.text, RETRY_SECONDS if passes else None)
