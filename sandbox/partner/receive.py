"""The whole of a partner's work, to be copied: verify, deduplicate, apply, answer.

Rests on the Standard Webhooks specification (headers webhook-id, webhook-timestamp, webhook-signature) and on
the relay's own contract: any 2xx means "I have it", and anything else means "send it again".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.partner import contract
from sandbox.partner.picture import Picture, UnusableNewsError


@dataclass(frozen=True)
class Receipt:
    """What a delivery came to: the HTTP status to answer, and what was noticed on the way."""

    status: int
    duplicate: bool = False
    violations: tuple[str, ...] = ()


class Receiver:
    """Takes deliveries in. `secrets` are `whsec_…`: two during a rotation, and either may have signed."""

    def __init__(self, secrets: Sequence[str], picture: Picture) -> None:
        self.webhooks = [Webhook(secret) for secret in secrets]
        self.picture = picture
        # A real partner keeps these in its database, in the same transaction as the event, for some days.
        self.applied: dict[str, Any] = {}

    def receive(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Take one delivery; `body` must be the raw bytes, because the signature covers just those."""
        if not any(_verifies(webhook, headers, body) for webhook in self.webhooks):
            return Receipt(401)
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            return Receipt(400, violations=("the body is not a JSON object",))
        violations = contract.violations(payload)
        if payload.get("type") == contract.PING:  # nothing to apply: that it arrived and was verified is all
            return Receipt(204, violations=violations)
        webhook_id = headers["webhook-id"]
        if webhook_id in self.applied:  # sent again because our answer got lost: say yes, do nothing
            if self.applied[webhook_id] != payload.get("data"):
                violations += ("data: not what this webhook-id said before",)
            return Receipt(204, duplicate=True, violations=violations)
        try:
            self.picture.apply(payload)
        except UnusableNewsError:
            return Receipt(422, violations=violations)
        self.applied[webhook_id] = payload["data"]
        return Receipt(204, violations=violations)


def _verifies(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether this secret signed these bytes within the last five minutes."""
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # ValueError: a signature header that is no base64, or has no comma, is not wrapped by the library.
        return False
    return True
