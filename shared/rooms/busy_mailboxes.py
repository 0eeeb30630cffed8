"""When many watched mailboxes are busy, in one call. What answers in time is told, of the rest why it is unknown."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from shared import problems
from shared.api.graph_errors import scheduling_rejection_of, trace_of
from shared.busy_times.schedule_items import NoSchedule, busy_times
from shared.busy_times.spans import Span, merged, whole_minutes, within
from shared.busy_times.unavailable import Unavailable, unavailable_of
from shared.errors import GraphError, GraphForbidden, RelayError, RequestRejected
from shared.graph.schedules import MOST_MAILBOXES, MOST_TRIED, is_about_mailbox
from shared.rooms.permitted import AGAIN, problem_with
from shared.threads import side_by_side_within

if TYPE_CHECKING:
    from shared.graph.schedules import Schedules
    from shared.rooms.permitted import PermittedMailboxes
    from shared.rooms.requests import BusyQuery
    from shared.threads import MailboxLimits

SECONDS = 20.0  # of a whole query
AT_ONCE = 2  # calls to Graph
ROUNDS = 2  # of a call, each with MOST_TRIED other mailboxes, while Graph refuses those in whose name it is asked
RETRY_SECONDS = 30.0
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
        unknown = self.permitted.objections(query.mailboxes, self.seconds)
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
        late = f"has no schedule yet: Microsoft Graph did not answer in time. {AGAIN}"
        return [answer or _all_unknown(group, late) for group, answer in zip(groups, answers, strict=True)]

    def _of_group(self, group: Sequence[str], window: Span, number: int) -> BusyMailboxes:
        """Return what one call tells; an error of the call makes all its mailboxes unknown. Never raises."""
        try:
            schedules = self._schedules(group, window, number)
        except GraphForbidden as error:
            return _all_unknown(group, f"{_FORBIDDEN}{trace_of(error)}", problems.GRAPH_PERMISSION_MISSING)
        except GraphError as error:
            rejection = scheduling_rejection_of(error)
            wait = f" {AGAIN}" if rejection.retry_after is None else f" Wait {rejection.retry_after:.0f} seconds."
            return _all_unknown(group, f"has no schedule now: {rejection}{wait}", rejection.problem)
        except RelayError as error:
            return _all_unknown(group, f"has no schedule now: {error}. {AGAIN}", problems.RELAY_UNAVAILABLE)
        busy, missing = dict[str, list[Span]](), dict[str, NoSchedule]()
        for mailbox, schedule in schedules.items():
            try:
                busy[mailbox] = within(merged(map(whole_minutes, merged(busy_times(schedule)))), window)
            except NoSchedule as reason:
                missing[mailbox] = reason
        return BusyMailboxes(busy, unavailable_of(missing, AGAIN))

    def _schedules(self, group: Sequence[str], window: Span, number: int) -> dict[str, dict[str, Any]]:
        """Return the schedule of each mailbox. Raises the error of the first in whose name Graph was asked."""
        errors: list[GraphError] = []
        for tried in range(0, min(len(group), ROUNDS * MOST_TRIED), MOST_TRIED):
            begin = (number + tried) % len(group)
            ordered = [*group[begin:], *group[:begin]]
            try:
                with self.limits.of(ordered[0]):
                    return dict(zip(ordered, self.schedules.of(ordered, window.start, window.end), strict=True))
            except GraphError as error:
                errors.append(error)
                if not is_about_mailbox(error):
                    break
        raise errors[0]


def _all_unknown(
    group: Sequence[str], text: str, problem: problems.Problem = problems.GRAPH_UNAVAILABLE
) -> BusyMailboxes:
    return BusyMailboxes({}, [problem_with(mailbox, text, problem) for mailbox in group])


def _rejection_of(reason: Unavailable) -> RequestRejected:
    passes = reason.problem.status == 503
    return RequestRejected(reason.problem, reason.text, RETRY_SECONDS if passes else None)
