"""Compare public events with the fingerprints in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.graph.client_state import Key
from shared.partner import fingerprint
from shared.storage.ledger_entry import Entry


@dataclass(frozen=True)
class Fingerprints:
    """Knows what the partner sees of an event. The keys are those of the clientState; a new one changes nothing.

    Methods raise ConfigurationError or ServiceUnavailable when the keys cannot be read.
    """

    keys: Callable[[], list[Key]]
    now: Callable[[], datetime]

    def fingerprint(self, public: dict[str, Any]) -> str:
        """Return the fingerprint of a public event."""
        return fingerprint.fingerprint(public, self.keys(), self.now())

    def is_same(self, entry: Entry, public: dict[str, Any]) -> bool:
        """Return whether the partner has an event as it is now. False if the fingerprint is not known."""
        return bool(entry.fingerprint) and fingerprint.is_same(entry.fingerprint, public, self.keys())
