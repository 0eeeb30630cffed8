"""The doctor's check of the features that write calendars: may the relay write where it may read?"""

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
READS_ONLY = "to-dataverse"  # DATAVERSE_DIRECTION with which the feature dataverse only reads calendars


@dataclass(frozen=True)
class CalendarWriteCheck:
    """Tests whether calendars can be written, without writing anything."""

    settings: Settings
    graph_diagnostics: Callable[[], GraphDiagnostics]
    watches: Watches

    def run(self, request: DoctorRequest) -> list[Finding]:
        """Return whether calendars can be written; empty if no active feature writes them."""
        if not self.settings.switched_on & WRITERS:
            return []
        return [check("calendarsWrite", lambda: self._permission(request), TRY_AGAIN)]

    def _permission(self, request: DoctorRequest) -> str:
        features = self._writing()
        if not features:
            return f"DATAVERSE_DIRECTION is {READS_ONLY}: no calendar is written, so Calendars.Read is enough"
        mailboxes = mailboxes_to_try(request, self.watches)
        if not mailboxes:
            raise inconclusive("no mailbox is watched yet", "Set allowed to a mailbox that may be written.")
        diagnostics = diagnostics_with_token(self.graph_diagnostics)
        refused = [mailbox for mailbox in mailboxes if not _may_write(diagnostics, mailbox)]
        if refused:
            raise Failed(
                f"FEATURES includes {', '.join(features)}, but {', '.join(refused)} cannot be written: "
                f"{WRITE_CALENDARS} is missing",
                f"Grant it in Exchange: infra/exchange/Grant-RelayMailboxAccess.ps1 -Feature {','.join(features)}. It "
                "can take up to two hours to take effect. Or remove the feature from FEATURES.",
            )
        return f"{', '.join(mailboxes)} can be written"

    def _writing(self) -> list[str]:
        """Return the features that are on and write calendars. Raises ConfigurationError for an unknown direction."""
        features = self.settings.switched_on & WRITERS
        reads_only = "dataverse" in features and self.settings.dataverse_direction == READS_ONLY
        return sorted(features - ({"dataverse"} if reads_only else set()))


def _may_write(diagnostics: GraphDiagnostics, mailbox: str) -> bool:
    """Return whether a mailbox's calendar can be written. Raises Failed (inconclusive) if it cannot even be read."""
    try:
        diagnostics.write_calendar(mailbox)
    except GraphForbidden:
        try:
            diagnostics.read_calendar(mailbox)
        except GraphError:
            remedy = "Fix the findings calendarsRead and exchangeScope first."
            raise inconclusive(f"{mailbox} cannot be read either", remedy) from None
        return False
    except GraphNotFound:
        raise inconclusive(
            f"Graph does not know the mailbox {mailbox}", "Fix the finding exchangeScope first."
        ) from None
    return True
