"""How a feature has mailboxes watched: with a subscription at Graph, but without a delivery to the partner."""

from __future__ import annotations

from typing import Protocol

from shared.storage.watches import Watch


class Watching(Protocol):
    """Holds watches for one feature. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def hold(self, mailbox: str) -> Watch:
        """Have a mailbox watched, and return its watch, which may not be live yet. Idempotent.

        Raises RequestRejected when the customer's settings do not permit it, MOST_WATCHES is reached, or its
        subscription posts to the partner directly.
        """

    def release(self, mailbox: str) -> None:
        """Hold a mailbox no longer. Its watch is removed unless something else holds it."""

    def held(self) -> list[Watch]:
        """Return the watches that the feature holds and that can be read."""
