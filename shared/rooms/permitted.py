"""Which mailboxes of a query may be asked about: those that are watched, and that the customer allows.

Graph counts the members of a distribution list ("Get free/busy schedule of Outlook calendar users and resources"), and
tells their times. So an address has to be that of a mailbox: its subscription has been live, and Graph makes none for a
list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import problems
from shared.busy_times.unavailable import Unavailable
from shared.errors import RelayError, RequestRejected
from shared.threads import side_by_side_within
from shared.watches.lookup import look_up

if TYPE_CHECKING:
    from shared.policy.permission import Permission
    from shared.storage.watches import Watch, Watches

AT_ONCE = 8  # mailboxes: Graph may be asked whose calendar answers under an address
AGAIN = "Ask for it again in 30 seconds."
_NOT_WATCHED = "is not watched. Watch it first: POST /api/subscriptions."
_NEVER_LIVE = "has no live subscription yet, so it is not known to be a mailbox. Read its watch."
_UNREADABLE = "has a watch that this version of the relay cannot read. Contact the customer's IT."


@dataclass(frozen=True)
class PermittedMailboxes:
    """Separates mailboxes that may be asked about from others."""

    permission: Permission
    watches: Watches

    def objections(self, mailboxes: Sequence[str], seconds: float) -> dict[str, Unavailable]:
        """Return why mailboxes may not be asked about; what is not known within `seconds` is one of the reasons.

        Raises RequestRejected while the relay is stopped, and ConfigurationError or ServiceUnavailable.
        """
        self.permission.require_running()
        found = look_up(self.watches, mailboxes)
        watches = {watch.mailbox.lower(): watch for watch in found.watches}
        others = {mailbox: problem_with(mailbox, _NOT_WATCHED) for mailbox in found.not_watched}
        others |= {
            mailbox: problem_with(mailbox, _UNREADABLE, problems.RELAY_UNAVAILABLE) for mailbox in found.unreadable
        }
        watched = [mailbox for mailbox in mailboxes if mailbox in watches]
        checked = side_by_side_within(lambda each: self._of(watches[each]), watched, AT_ONCE, seconds, "may-read")
        for mailbox, objections in zip(watched, checked, strict=True):
            if objections is None:
                others[mailbox] = problem_with(
                    mailbox, f"could not be checked in time. {AGAIN}", problems.GRAPH_UNAVAILABLE
                )
            elif objections:
                others[mailbox] = objections[0]
        return others

    def _of(self, watch: Watch) -> list[Unavailable]:
        """Return why a watched mailbox may not be asked about; none if it may. Never raises."""
        mailbox = watch.mailbox.lower()
        decision = self.permission.may(None, mailbox, "", "partner", "read")
        if decision.allowed is not True:
            return [_refused(mailbox, decision.error)]
        has_been_live = watch.renewed is not None and watch.state in ("live", "pending")
        return [] if has_been_live else [problem_with(mailbox, _NEVER_LIVE)]


def problem_with(mailbox: str, text: str, problem: problems.Problem = problems.MAILBOX_NOT_WATCHED) -> Unavailable:
    """Return a mailbox with a problem; the text goes on after the address."""
    return Unavailable(mailbox, problem, f"{mailbox} {text}")


def _refused(mailbox: str, error: RelayError | None) -> Unavailable:
    if isinstance(error, RequestRejected):
        return Unavailable(mailbox, error.problem, str(error))
    return problem_with(mailbox, f"cannot be checked now. {AGAIN}", problems.RELAY_UNAVAILABLE)
