"""Close the gate as soon as the partner's answers say so, so that no other change follows the one that was told so."""

from __future__ import annotations

import logging

from shared.errors import RelayError
from shared.messages import Job
from shared.partner.status_policy import Disposition
from shared.parts import Parts
from shared.reliability.circuit_breaker import LEASE
from shared.storage.partner_endpoint import FAILING, FLOWING, GONE

# Answers that say something about the endpoint, not one delivery.
MAY_FAIL_FOR_ALL = (Disposition.RETRY, Disposition.ALERT)

_logger = logging.getLogger("relay.heed")


def heed(parts: Parts, verdict: str, status: int, retry_after: float | None) -> None:
    """Note a failed delivery (status 0: no answer), and close the gate for good after a 410, for now after ten.

    When storage fails, the gate stays open: the next failure tries to close it again.
    """
    try:
        if verdict == Disposition.STOP:
            parts.gate.put(
                GONE, "it answered 410; POST /api/relay/resume when the partner is ready", only_from=(FLOWING, FAILING)
            )
        elif verdict in MAY_FAIL_FOR_ALL and (row := parts.gate.failed(status, retry_after)):
            _open_breaker(parts, f"too many failures in a row ({row})")
    except RelayError as error:
        _logger.warning("The gate could not be closed: %s", error)


def _open_breaker(parts: Parts, reason: str) -> None:
    if parts.gate.endpoint(fresh=True).state != FLOWING:
        return
    # One before the breaker opens: whoever ends between must not leave it open with no probe on its way. Another after
    # it, because one that comes while it still opens finds nothing to do.
    wait = parts.gate.wait_for_probe(0)
    parts.repairs.send(Job("", "probe"), (wait + LEASE).total_seconds())
    if parts.gate.put(FAILING, reason, only_from=(FLOWING,)):
        parts.repairs.send(Job("", "probe"), wait.total_seconds())
