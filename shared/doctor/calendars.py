"""The doctor's look at the features that write calendars: may the relay write where it may read?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.doctor.finding import Failed, Finding, check, inconclusive
from shared.doctor.graph import TRY_AGAIN, diagnostics_with_token
from shared.doctor.mailboxes import mailboxes_to_try
from shared.errors import GraphError, GraphForbidden, GraphNotFound
from shared.features import FEATURES, WRITE_CALENDARS

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.doctor.request import DoctorRequest
    from shared.graph.diagnostics import GraphDiagnostics
    from shared.storage.watches import Watches

WRITERS = frozenset(feature.name for feature in FEATURES if feature.writes_calendars)


@dataclass(frozen=True)
class CalendarWriteCheck:
    """Tries to write calendars, without writing anything."""

    settings: Settings
    graph_diagnostics: Callable[[], GraphDiagnostics]
    watches: Watches

    def run(self, request: DoctorRequest) -> list[Finding]:
        """Return whether calendars can be written; nothing while no feature that is on writes them."""
        if not self.settings.switched_on & WRITERS:
            return []
        return [check("calendarsWrite", lambda: self._permission(request), TRY_AGAIN)]

    def _permission(self, request: DoctorRequest) -> str:
        mailboxes = mailboxes_to_try(request, self.watches)
        if not mailboxes:
            raise inconclusive("no mailbox is watched yet", "Name a mailbox that may be written: allowed.")
        diagnostics = diagnostics_with_token(self.graph_diagnostics)
        refused = [mailbox for mailbox in mailboxes if not _may_write(diagnostics, mailbox)]
        if refused:
            features = sorted(self.settings.switched_on & WRITERS)
            raise Failed(
                f"FEATURES names {', '.join(features)}, and {', '.join(refused)} cannot be written: "
                f"{WRITE_CALENDARS} is missing",
                f"Grant it in Exchange: Grant-RelayMailboxAccess.ps1 -Feature {','.join(features)}. Exchange needs up "
                "to two hours to know. Or take the feature out of FEATURES.",
            )
        return f"{', '.join(mailboxes)} can be written"


def _may_write(diagnostics: GraphDiagnostics, mailbox: str) -> bool:
    """Return whether a mailbox's calendar can be written. Raises Failed, inconclusive, when it cannot even be read."""
    try:
        diagnostics.write_calendar(mailbox)
    except GraphForbidden:
        try:
            diagnostics.read_calendar(mailbox)
        except GraphError:
            remedy = "Put calendarsRead and exchangeScope right first."
            raise inconclusive(f"{mailbox} cannot be read either", remedy) from None
        return False
    except GraphNotFound:
        raise inconclusive(f"Graph knows no mailbox {mailbox}", "Put exchangeScope right first.") from None
    return True
