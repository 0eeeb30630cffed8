"""The doctor's look at the features that write calendars: may the relay write where it may read?"""

from __future__ import annotations

from shared.doctor.finding import Failed, Finding, found, untold
from shared.doctor.graph import WRITE, WRITERS, probe_with_token, wished_or_live
from shared.doctor.request import Examined, Wish
from shared.errors import GraphError, GraphForbidden, GraphNotFound
from shared.graph.diagnostics import GraphDiagnostics

_AGAIN = "Try again soon; Microsoft 365's service health tells whether Graph is away."


def writing(parts: Examined, wish: Wish) -> list[Finding]:
    """Tell whether calendars can be written; nothing while no feature that is on writes them."""
    if not parts.settings.switched_on & WRITERS:
        return []
    return [found("calendarsWrite", lambda: _look(parts, wish), _AGAIN)]


def _look(parts: Examined, wish: Wish) -> str:
    mailboxes = wished_or_live(parts, wish)
    if not mailboxes:
        raise untold("no mailbox is watched yet", "Name a mailbox that may be written: allowed.")
    probe = probe_with_token(parts)
    refused = [mailbox for mailbox in mailboxes if not _may_write(probe, mailbox)]
    if refused:
        features = sorted(parts.settings.switched_on & WRITERS)
        raise Failed(
            f"FEATURES names {', '.join(features)}, and {', '.join(refused)} cannot be written: {WRITE} is missing",
            f"Grant it in Exchange: Grant-RelayMailboxAccess.ps1 -Feature {','.join(features)}. Exchange needs up to "
            "two hours to know. Or take the feature out of FEATURES.",
        )
    return f"{', '.join(mailboxes)} can be written"


def _may_write(probe: GraphDiagnostics, mailbox: str) -> bool:
    """Return whether a mailbox's calendar can be written. Raises what says that it cannot even be read."""
    try:
        probe.write_calendar(mailbox)
    except GraphForbidden:
        try:
            probe.read_calendar(mailbox)
        except GraphError:
            to_do = "Put calendarsRead and exchangeScope right first."
            raise untold(f"{mailbox} cannot be read either", to_do) from None
        return False
    except GraphNotFound:
        raise untold(f"Graph knows no mailbox {mailbox}", "Put exchangeScope right first.") from None
    return True
