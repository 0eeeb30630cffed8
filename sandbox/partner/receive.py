"""A complete receiver, to be copied: verify, deduplicate, apply, respond. It needs `pip install standardwebhooks` only.

Follows the Standard Webhooks specification (headers webhook-id, webhook-timestamp, webhook-signature) and the relay's
contract: 2xx means "received", anything else means "send it again".

    receiver = Receiver(["whsec_…"], Calendars())
    status = receiver.receive(headers, body).status
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

CREATED, UPDATED, DELETED = "calendar.event.created", "calendar.event.updated", "calendar.event.deleted"


class UnusablePayloadError(Exception):
    """The payload lacks the mailbox, the event id, the type or a valid timestamp."""


@dataclass(frozen=True)
class Receipt:
    """The result of a delivery: the HTTP status to return, and what was noticed."""

    status: int
    duplicate: bool = False
    violations: tuple[str, ...] = ()


class Calendars:
    """The events of each mailbox by id, each as in its newest delivery. A real partner keeps them in its database."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, dict[str, Any]] = {}
        # Deleted events stay here: an older delivery may still arrive after the deletion.
        self._newest: dict[tuple[str, str], datetime] = {}

    def apply(self, payload: Any) -> bool:
        """Apply one delivery's JSON; return False if a newer one was applied before.

        Deliveries are not ordered: a retry can arrive after its successor. The payload's own `timestamp` decides; with
        the same second, the later arrival wins. Raises UnusablePayloadError.
        """
        try:
            mailbox, event = payload["data"]["mailbox"], payload["data"]["event"]
            key = (mailbox + "", event["id"] + "")
            timestamp = datetime.fromisoformat(payload["timestamp"])
            outdated = key in self._newest and timestamp < self._newest[key]
            deleted = payload["type"] == DELETED
        except (KeyError, TypeError, ValueError) as error:
            raise UnusablePayloadError from error
        if outdated:
            return False
        self._newest[key] = timestamp
        events = self.mailboxes.setdefault(mailbox, {})
        if deleted:
            events.pop(event["id"], None)
        else:
            events[event["id"]] = event
        return True

    def drop_before(self, mailbox: str, created: datetime) -> None:
        """Drop the events of a mailbox's earlier watch: those older than the `created` of its present one.

        A watch that is removed delivers no deletions. A new watch delivers again what exists.
        """
        earlier = [key for key, newest in self._newest.items() if key[0] == mailbox and newest < created]
        for key in earlier:
            del self._newest[key]
            self.mailboxes[mailbox].pop(key[1], None)

    def listed(self) -> dict[str, list[Any]]:
        """Return the events of each mailbox; a mailbox whose events were all deleted has an empty list."""
        return {mailbox: list(events.values()) for mailbox, events in self.mailboxes.items()}

    def forget(self) -> None:
        """Forget all events."""
        self.mailboxes.clear()
        self._newest.clear()


def _nothing(_payload: Any) -> tuple[str, ...]:
    return ()


class Receiver:
    """Receives deliveries. `secrets` are `whsec_…`; during a rotation there are two, and either is accepted.

    `check` returns what is wrong with a payload, and changes no answer. A partner needs none: a later version may add
    fields.
    """

    def __init__(
        self, secrets: Sequence[str], calendars: Calendars, check: Callable[[Any], tuple[str, ...]] = _nothing
    ) -> None:
        self.webhooks = [Webhook(secret) for secret in secrets]
        self.calendars = calendars
        self.check = check
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
        violations = self.check(payload)
        kind = payload.get("type")
        if isinstance(kind, str) and kind not in (CREATED, UPDATED, DELETED):
            return Receipt(204, violations=violations)  # a test delivery, or a type of a later version
        return self._apply(headers["webhook-id"], payload, violations)

    def _apply(self, webhook_id: str, payload: dict[str, Any], violations: tuple[str, ...]) -> Receipt:
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
