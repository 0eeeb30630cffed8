"""Which mailboxes of a query may be asked about: those that are watched, and that the customer allows.

Graph counts the members of a distribution list ("Get free/busy schedule of Outlook calendar users and resources"), and
tells their times. So an address has to be that of a mailbox: its subscription has been live, Graph makes none for a
list, and Graph has not found the mailbox under another address since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared import problems
from shared.busy_times.unavailable import Unavailable
from shared.errors import RelayError, RequestRejected
from shared.storage.watches import watch_id_of
from shared.threads import side_by_side_within
from shared.unreadable_rows import Unreadable
from shared.watches.states import is_renamed

if TYPE_CHECKING:
    from shared.policy.permission import Permission
    from shared.storage.watches import Watch
    from shared.watches.partner_watches import PartnerWatches

AT_ONCE = 8  # mailboxes: Graph may be asked whose calendar answers under an address
AGAIN = "Ask for it again in 30 seconds."
_NOT_WATCHED = "is not watched. Watch it first: POST /api/subscriptions."
_READ_IT = "Read its watch: GET /api/subscriptions."
_NEVER_LIVE = f"has no live subscription yet, so it is not known to be a mailbox. {_READ_IT}"
_RENAMED = f"is no longer the address of the mailbox that is watched. {_READ_IT}"
_LATE = f"could not be checked in time. {AGAIN}"
_UNREADABLE = "has a watch that this version of the relay cannot read. Contact the customer's IT."


@dataclass(frozen=True)
class PermittedMailboxes:
    """Separates mailboxes that may be asked about from others."""

    permission: Permission
    watches: PartnerWatches
    now: Callable[[], datetime]

    def objections(self, mailboxes: Sequence[str], seconds: float) -> dict[str, Unavailable]:
        """Return why mailboxes may not be asked about; what is not known within `seconds` is one of the reasons.

        Raises RequestRejected while the relay is stopped, and ConfigurationError or ServiceUnavailable while that is
        unknown.
        """
        self.permission.require_running()
        checked = side_by_side_within(self._of, mailboxes, AT_ONCE, seconds, "may-read")
        late = [problem_with(mailbox, _LATE, problems.GRAPH_UNAVAILABLE) for mailbox in mailboxes]
        answers = [[unchecked] if each is None else each for each, unchecked in zip(checked, late, strict=True)]
        return {objection.mailbox: objection for answer in answers for objection in answer}

    def _of(self, mailbox: str) -> list[Unavailable]:
        """Return why a mailbox may not be asked about; none if it may. Never raises."""
        try:
            watch = self.watches.find(watch_id_of(mailbox))
        except RelayError as error:
            return [_refused(mailbox, error)]
        if watch is None:
            return [problem_with(mailbox, _NOT_WATCHED)]
        if isinstance(watch, Unreadable):
            return [problem_with(mailbox, _UNREADABLE, problems.RELAY_UNAVAILABLE)]
        decision = self.permission.may(None, mailbox, "", "partner", "read")
        if decision.allowed is not True:
            return [_refused(mailbox, decision.error)]
        text = _doubt(watch, self.now())
        return [problem_with(mailbox, text)] if text else []


def _doubt(watch: Watch, now: datetime) -> str:
    """Return why an address may be none of a mailbox now; "" if it is one."""
    if watch.renewed is None:
        return _NEVER_LIVE
    if is_renamed(watch, now):
        return _RENAMED
    return "" if watch.state in ("live", "pending") else f"has a watch that is not live: {watch.state}. {_READ_IT}"


def problem_with(mailbox: str, text: str, problem: problems.Problem = problems.MAILBOX_NOT_WATCHED) -> Unavailable:
    """Return a mailbox with a problem; the text goes on after the address."""
    return Unavailable(mailbox, problem, f"{mailbox} {text}")


def _refused(mailbox: str, error: RelayError | None) -> Unavailable:
    if isinstance(error, RequestRejected):
        return Unavailable(mailbox, error.problem, str(error))
    return problem_with(mailbox, f"cannot be checked now. {AGAIN}", problems.RELAY_UNAVAILABLE)
