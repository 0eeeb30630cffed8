"""Counters of the sender, for control."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.graph.callbacks import Reply


@dataclass
class Counters:
    """Counts since the start: notifications created, POSTs attempted, POSTs and notifications accepted, dropped, …"""

    notifications: int = 0
    attempts: int = 0
    sent: int = 0
    notifications_sent: int = 0
    dropped: int = 0
    withdrawn: int = 0
    """Notifications whose subscription ended before they were sent."""
    swallowed: int = 0
    """Notifications that are never sent, because control made their subscription silent."""
    mixed: int = 0
    """How often an app both updated and reauthorized a subscription within ten minutes, which Graph advises against."""
    answers: Counter[str] = field(default_factory=Counter)
    """Responses by status, or "timeout" or "unreachable"."""

    def note(self, reply: Reply) -> None:
        """Count one attempt by its response."""
        self.attempts += 1
        unanswered = "timeout" if reply.failure == "timeout" else "unreachable"
        self.answers[unanswered if reply.failure else str(reply.status)] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the counters with camelCase keys."""
        return {
            "hints": self.notifications,
            "attempts": self.attempts,
            "sent": self.sent,
            "hintsSent": self.notifications_sent,
            "dropped": self.dropped,
            "withdrawn": self.withdrawn,
            "swallowed": self.swallowed,
            "mixed": self.mixed,
            "answers": dict(self.answers),
        }
