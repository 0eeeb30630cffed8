"""The doctor's checks of the running relay: the health checks that it reuses, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.doctor.finding import Finding

if TYPE_CHECKING:
    from shared.health.checks import Check

REMEDIES = {
    "reconciler": "Start the app, and check that renew_subscriptions is not disabled and that RENEWAL_SCHEDULE is set. "
    "Run it manually: POST /admin/functions/renew_subscriptions, or read its errors in the log.",
    "watches": "Read lastError of the watches that are refused or gone: it says what to do about each.",
    "oldestSubscriptionExpiry": "Run renew_subscriptions manually, and look for its warnings in the log.",
    "queueDepth": "Check whether the partner's endpoint is slow or down; changes wait, and none is lost.",
    "deliveries": "See what the partner answers (the check partner), then resume deliveries.",
    "deadLetters": "List the dead letters, have their cause fixed, and replay them.",
    "directDelivery": "Name the host in ALLOWED_NOTIFICATION_HOSTS to keep these watches, or none to end them.",
    "mailboxOwners": "Name the mailbox's own address in ALLOWED_MAILBOXES if it is meant, or delete the subscription; "
    "OWNER_CHECK=enforce pauses it. Exchange's scope is the sure way (docs/mailbox-owner.md).",
}
_HEALTH_NAMES = {"deliveries": "partner"}


@dataclass(frozen=True)
class RuntimeChecks:
    """Runs health checks by name. `health_check` does not raise."""

    health_check: Callable[[str], Check]

    def run(self, name: str) -> list[Finding]:
        """Return the finding of a health check, by its name in REMEDIES."""
        result = self.health_check(_HEALTH_NAMES.get(name, name))
        text = result.text.removeprefix("ok; ")  # the health checks' prefix
        return [Finding(name, result.ok, text, "" if result.ok else REMEDIES[name])]
