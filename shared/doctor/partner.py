"""The doctor's test ping: signed and sent like a delivery, by the same webhook, with nothing of a calendar in it."""

from __future__ import annotations

import json
import uuid

from shared.doctor.finding import Failed, Finding, found, untold
from shared.doctor.request import Examined, Wish
from shared.partner.status_policy import Disposition, disposition_of
from shared.partner.webhook import NotDelivered
from shared.storage.partner_endpoint import GONE, PAUSED
from shared.utc import format_utc

PING = "calendar.relay.ping"

_BY_STATUS = {
    0: "See that PARTNER_WEBHOOK_URL is right, that the partner's endpoint is up, and that the app can reach it.",
    401: "The partner refuses the signature: give it the signing secret that the vault has "
    "(PARTNER_SIGNING_SECRET_NAME), and see that its clock is right.",
    403: "The partner refuses the relay: ask it to let the app's outgoing addresses in.",
    404: "See that the path of PARTNER_WEBHOOK_URL is the one that the partner gave you.",
    410: "The partner wants nothing any more; if that is a mistake of its, have it put right there, then resume.",
    429: "The partner is overrun: ask it to take more calls.",
}
_BY_VERDICT = {
    Disposition.DEAD: "The partner refuses the body, not the signature: ask it to answer 2xx to calendar.relay.ping.",
    Disposition.RETRY: "Ask the partner what is wrong at its end; changes wait, and none is lost.",
    Disposition.ALERT: "Ask the partner why it answers so: it will not heal by itself.",
}
_CERTIFICATE = (
    "Have the partner's certificate put right: valid, for the host of PARTNER_WEBHOOK_URL, from a public authority."
)
_REDIRECT = "Set PARTNER_WEBHOOK_URL to the address that the partner really listens at: a redirect is never followed."


def partner(parts: Examined, wish: Wish) -> Finding:
    """Send the ping, unless it is not wanted, or nothing may leave."""
    return found("partner", lambda: _ping(parts, wish), _BY_STATUS[0])


def _ping(parts: Examined, wish: Wish) -> str:
    if not wish.ping:
        raise untold("no test delivery was asked for")
    state = parts.gate.endpoint(fresh=True).state
    if state in (PAUSED, GONE):
        raise untold(f"no test delivery was sent: deliveries are {state}", "Resume deliveries, and examine again.")
    body = {"type": PING, "timestamp": format_utc(parts.now()), "data": {}}
    try:
        parts.webhook.deliver(f"msg_ping_{uuid.uuid4().hex}", json.dumps(body, separators=(",", ":")))
    except NotDelivered as error:
        raise Failed(str(error), what_to_do(error)) from None
    return "the partner took a signed test delivery"


def what_to_do(error: NotDelivered) -> str:
    """Return what to do about an answer of the partner, or about none."""
    if error.status == 0 and ("SSL" in str(error) or "certificate" in str(error)):
        return _CERTIFICATE
    if 300 <= error.status < 400:
        return _REDIRECT
    return _BY_STATUS.get(error.status) or _BY_VERDICT[disposition_of(error.status)]
