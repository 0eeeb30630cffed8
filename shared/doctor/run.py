"""Examine the relay from inside: test each thing that it needs once, harmlessly, and report what to do.

The health checks (shared/health/checks.py) show cheaply whether the relay still works. The doctor shows whether it is
set up correctly: it calls login, the vault, Graph, storage and the partner, without cached results. It changes nothing
that is used elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.doctor.finding import Finding
from shared.doctor.runtime import REMEDIES
from shared.threads import side_by_side

if TYPE_CHECKING:
    from shared.doctor.bookings import BookingsPermissionCheck
    from shared.doctor.calendars import CalendarWriteCheck
    from shared.doctor.graph import GraphChecks
    from shared.doctor.mailboxes import MailboxChecks
    from shared.doctor.package import PackageCheck
    from shared.doctor.partner import PartnerCheck
    from shared.doctor.request import DoctorRequest
    from shared.doctor.runtime import RuntimeChecks
    from shared.doctor.setup import SetupChecks
    from shared.doctor.vault import VaultChecks

AT_ONCE = 12


@dataclass(frozen=True)
class Doctor:
    """All checks of everything that the relay needs."""

    setup: SetupChecks
    vault: VaultChecks
    graph: GraphChecks
    mailboxes: MailboxChecks
    calendar_write: CalendarWriteCheck
    bookings: BookingsPermissionCheck
    partner: PartnerCheck
    runtime: RuntimeChecks
    package: PackageCheck

    def examine(self, request: DoctorRequest, *, is_stopped: bool | None = False) -> list[Finding]:
        """Return the findings of all checks, prerequisites first; while the relay is stopped, or may be (None), without
        those that use a mailbox or call the partner. Never raises.
        """
        is_running = is_stopped is False
        checks: list[Callable[[], list[Finding]]] = [
            self.package.run,
            self.setup.check_settings,
            self.vault.check_secrets,
            self.graph.check_token,
            self.setup.check_storage,
            self.graph.check_clock,
            *(self._of_mailboxes(request) if is_running else [_unknown if is_stopped is None else _stopped]),
            self.setup.check_handshake,
            *([partial(self.partner.run, request)] if is_running else []),
            *(partial(self.runtime.run, name) for name in REMEDIES),
        ]
        findings = side_by_side(lambda check: check(), checks, AT_ONCE, "doctor")
        return [finding for group in findings for finding in group]

    def _of_mailboxes(self, request: DoctorRequest) -> list[Callable[[], list[Finding]]]:
        return [
            partial(self.mailboxes.check_allow_list, request),
            partial(self.mailboxes.check_calendars, request),
            partial(self.calendar_write.run, request),
            self.graph.check_room_lists,
            self.bookings.run,
            self.graph.check_rooms,
        ]


def _stopped() -> list[Finding]:
    """Return the finding in place of those that the stop rules out."""
    text = "the relay is stopped: no mailbox is read, and no delivery is tried"
    return [Finding("stop", ok=None, detail=text, remedy="Start it, then run this again.")]


def _unknown() -> list[Finding]:
    """Return the finding while nobody can say whether IT has stopped the relay: nothing new is begun."""
    text = "whether the relay is stopped is not known: no mailbox is read, and no delivery is tried"
    return [Finding("stop", ok=None, detail=text, remedy="Correct what the finding storage says, then run this again.")]
