"""The doctor's test ping: signed and sent like a delivery, through the same webhook, without calendar data."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.doctor.finding import Failed, Finding, check, inconclusive
from shared.partner.status_policy import Disposition, disposition_of
from shared.partner.webhook import NotDelivered
from shared.storage.partner_endpoint import EndpointState
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.doctor.request import DoctorRequest
    from shared.partner.webhook import Webhook
    from shared.reliability.circuit_breaker import CircuitBreaker

PING = "calendar.relay.ping"

_BY_STATUS = {
    0: "Check that PARTNER_WEBHOOK_URL is correct, that the partner's endpoint is up, and that the app can reach it.",
    401: "The partner rejects the signature: give it the signing secret in the vault "
    "(PARTNER_SIGNING_SECRET_NAME), and have its clock checked.",
    403: "The partner rejects the relay: ask it to allow the app's outbound addresses.",
    404: "Check that the path of PARTNER_WEBHOOK_URL is the one that the partner gave you.",
    410: "The partner wants no more deliveries. If that is a mistake, have the partner correct it, then resume.",
    429: "The partner is overloaded: ask it to accept more calls.",
}
_BY_DISPOSITION = {
    Disposition.REJECT: "The partner rejects the body, not the signature: ask it to answer 2xx to calendar.relay.ping.",
    Disposition.RETRY: "Ask the partner what is wrong on its side; changes wait, and none is lost.",
    Disposition.RETRY_AND_ALERT: "Ask the partner why it answers so: retries alone will not solve it.",
}
_CERTIFICATE = (
    "Have the partner's certificate fixed: valid, for the host of PARTNER_WEBHOOK_URL, from a public authority."
)
_REDIRECT = "Set PARTNER_WEBHOOK_URL to the address of the partner's endpoint itself: a redirect is never followed."


@dataclass(frozen=True)
class PartnerCheck:
    """Sends the ping."""

    webhook: Webhook
    breaker: CircuitBreaker
    now: Callable[[], datetime]

    def run(self, request: DoctorRequest) -> list[Finding]:
        """Send the ping, unless the request excludes it or deliveries are stopped."""
        return [check("partner", lambda: self._ping(request), _BY_STATUS[0])]

    def _ping(self, request: DoctorRequest) -> str:
        if not request.ping:
            raise inconclusive("no test delivery was requested")
        state = self.breaker.endpoint(fresh=True).state
        if state in (EndpointState.PAUSED, EndpointState.GONE_410):
            detail = f"no test delivery was sent: deliveries are {state}"
            raise inconclusive(detail, "Resume deliveries, and run the doctor again.")
        body = {"type": PING, "timestamp": format_utc(self.now()), "data": {}}
        try:
            self.webhook.deliver(f"msg_ping_{uuid.uuid4().hex}", json.dumps(body, separators=(",", ":")))
        except NotDelivered as error:
            raise Failed(str(error), remedy_of(error)) from None
        return "the partner accepted a signed test delivery"


def remedy_of(error: NotDelivered) -> str:
    """Return what to do about a failed delivery."""
    if error.status == 0 and ("SSL" in str(error) or "certificate" in str(error)):
        return _CERTIFICATE
    if 300 <= error.status < 400:
        return _REDIRECT
    return _BY_STATUS.get(error.status) or _BY_DISPOSITION[disposition_of(error.status)]
