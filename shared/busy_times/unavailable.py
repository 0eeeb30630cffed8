"""Mailboxes whose schedule Graph does not return: which, why, and whether it passes by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared import problems
from shared.api.graph_errors import NOT_SERVED
from shared.busy_times.schedule_items import NO_ANSWER, NoSchedule
from shared.graph.answers import is_passing
from shared.problems import Problem

_WAIT = "Try again after the time in Retry-After."
_CHECK = "Check its address and its licence."
_TO_DO = {"5006": "It has too many entries: request fewer days."}  # "calendar: getSchedule"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A mailbox without a schedule: the problem, and what to do."""

    mailbox: str
    problem: Problem
    text: str


def unavailable_of(reasons: Mapping[str, NoSchedule], wait: str = _WAIT) -> list[Unavailable]:
    """Return what is to be told of mailboxes without a schedule; `wait` is said of those for which that passes."""
    return [_unavailable(mailbox, reason, wait) for mailbox, reason in reasons.items()]


def _unavailable(mailbox: str, reason: NoSchedule, wait: str) -> Unavailable:
    passing = is_passing(reason.code) or reason.code in (NO_ANSWER, NOT_SERVED)
    problem = problems.GRAPH_UNAVAILABLE if passing else problems.SCHEDULE_UNAVAILABLE
    advice = reason.advice or (wait if passing else _TO_DO.get(reason.code, _CHECK))
    return Unavailable(mailbox, problem, f"Graph returns no schedule for {mailbox} ({reason.code}). {advice}")
