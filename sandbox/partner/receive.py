"""A complete receiver, to be copied: verify, deduplicate, apply, respond.

Follows the Standard Webhooks specification (headers webhook-id, webhook-timestamp, webhook-signature) and the relay's
contract: 2xx means "received", anything else means "send it again".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.partner import contract
from sandbox.partner.calendars import Calendars, UnusablePayloadError


@dataclass(frozen=True)
class Receipt:
    """The result of a delivery: the HTTP status to return, and what was noticed."""

    status: int
    duplicate: bool = False
    violations: tuple[str, ...] = ()


class Receiver:
    """Receives deliveries. `secrets` are `whsec_…`; during a rotation there are two, and either is accepted."""

    def __init__(self, secrets: Sequence[str], calendars: Calendars) -> None:
        self.webhooks = [Webhook(secret) for secret in secrets]
        self.calendars = calendars
        # A real partner keeps these in its database for some days, written in the same transaction as the event.
        self.applied: dict[str, Any] = {}

    def receive(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Receive one delivery; `body` must be the raw bytes, since the signature covers exactly these."""
        if not any(_verifies(webhook, headers, body) for webhook in self.webhooks):
            return Receipt(401)
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            return Receipt(400, violations=("the body is not a JSON object",))
        violations = contract.violations(payload)
        kind = payload.get("type")
        if isinstance(kind, str) and kind not in contract.TYPES:  # a test delivery, or a type of a later version
            return Receipt(204, violations=violations)
        webhook_id = headers["webhook-id"]
        if webhook_id in self.applied:  # a repetition because our response was lost: accept it, change nothing
            if self.applied[webhook_id] != payload.get("data"):
                violations += ("data: differs from the previous delivery with this webhook-id",)
            return Receipt(204, duplicate=True, violations=violations)
        try:
            self.calendars.apply(payload)
        except UnusablePayloadError:
            return Receipt(422, violations=violations)
        self.applied[webhook_id] = payload["data"]
        return Receipt(204, violations=violations)


def _verifies(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether this secret signed these bytes within the last five minutes."""
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # ValueError: the library does not wrap errors from a malformed signature header (no base64, no comma).
        return False
    return True
