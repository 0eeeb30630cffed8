"""What the sender counted, for control."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.graph.callbacks import Reply


@dataclass
class Counters:
    """Since the start: hints made, POSTs tried, POSTs and hints accepted, hints dropped; answers by status."""

    hints: int = 0
    attempts: int = 0
    sent: int = 0
    hints_sent: int = 0
    dropped: int = 0
    withdrawn: int = 0
    """Hints whose subscription ended before they could be sent."""
    mixed: int = 0
    """How often an app both updated and reauthorized a subscription within ten minutes, which Graph asks not to do."""
    answers: Counter[str] = field(default_factory=Counter)
    """By status, or "timeout" or "unreachable"."""

    def note(self, reply: Reply) -> None:
        """Count one attempt by its answer."""
        self.attempts += 1
        unanswered = "timeout" if reply.failure == "timeout" else "unreachable"
        self.answers[unanswered if reply.failure else str(reply.status)] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the counters with camelCase keys."""
        return {
            "hints": self.hints,
            "attempts": self.attempts,
            "sent": self.sent,
            "hintsSent": self.hints_sent,
            "dropped": self.dropped,
            "withdrawn": self.withdrawn,
            "mixed": self.mixed,
            "answers": dict(self.answers),
        }
