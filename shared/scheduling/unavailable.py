"""Mailboxes whose schedule Graph does not return: which, why, and whether it passes by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared import problems
from shared.api.graph_errors import NOT_SERVED
from shared.errors import RequestRejected
from shared.graph.answers import is_passing
from shared.problems import Problem
from shared.scheduling.availability import NO_ANSWER, NoSchedule

RETRY_SECONDS = 30.0
_WAIT = "Try again after the time in Retry-After."
_CHECK = "Check its address and its licence."
_TO_DO = {"5006": "It has too many entries: request fewer days."}  # "calendar: getSchedule"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A mailbox without a schedule: the problem, and what to do."""

    mailbox: str
    problem: Problem
    text: str


class SchedulesUnavailable(RequestRejected):
    """Graph returns no schedule for some mailboxes of a call: 503 if that passes by itself for all of them, or 422."""

    def __init__(self, unavailable: list[Unavailable]) -> None:
        passing = all(each.problem is problems.GRAPH_UNAVAILABLE for each in unavailable)
        problem = problems.GRAPH_UNAVAILABLE if passing else problems.SCHEDULE_UNAVAILABLE
        super().__init__(problem, " ".join(each.text for each in unavailable), RETRY_SECONDS if passing else None)
        self.unavailable = unavailable


def unavailable_of(reasons: Mapping[str, NoSchedule]) -> list[Unavailable]:
    """Return what is to be told of mailboxes without a schedule."""
    return [_unavailable(mailbox, reason) for mailbox, reason in reasons.items()]


def _unavailable(mailbox: str, reason: NoSchedule) -> Unavailable:
    passing = is_passing(reason.code) or reason.code in (NO_ANSWER, NOT_SERVED)
    problem = problems.GRAPH_UNAVAILABLE if passing else problems.SCHEDULE_UNAVAILABLE
    advice = reason.advice or (_WAIT if passing else _TO_DO.get(reason.code, _CHECK))
    return Unavailable(mailbox, problem, f"Graph returns no schedule for {mailbox} ({reason.code}). {advice}")
