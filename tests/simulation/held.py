"""The subscriptions that a Graph in memory holds: by id, by mailbox, and the next one to expire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.graph.subscriptions import Subscription

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Held:
    """A subscription as Graph holds it; `own` is false when another deployment created it with the same app."""

    subscription: Subscription
    mailbox: str
    client_state: str
    own: bool = True


class HeldById(dict[str, Held]):
    """Subscriptions by id, oldest first. Finding those of a mailbox, or that none has expired, takes no walk."""

    def __init__(self) -> None:
        super().__init__()
        self._of_mailbox: dict[str, dict[str, None]] = {}
        self._soonest = NEVER  # nothing expires before

    def __setitem__(self, subscription_id: str, held: Held) -> None:
        """Add or change a subscription."""
        super().__setitem__(subscription_id, held)
        self._of_mailbox.setdefault(held.mailbox, {})[subscription_id] = None
        self._soonest = min(self._soonest, held.subscription.expires)

    def __delitem__(self, subscription_id: str) -> None:
        """Remove a subscription."""
        del self._of_mailbox[self[subscription_id].mailbox][subscription_id]
        super().__delitem__(subscription_id)

    def pop(self, subscription_id: str, *_: Any) -> Held:
        """Remove a subscription and return it. Raises KeyError."""
        held = self[subscription_id]
        del self[subscription_id]
        return held

    def of(self, mailbox: str) -> Sequence[Held]:
        """Return the subscriptions of a mailbox."""
        return [self[each] for each in self._of_mailbox.get(mailbox, ())]

    def expired(self, now: datetime) -> Sequence[Held]:
        """Return those whose end has passed."""
        if now < self._soonest:
            return ()
        over = [held for held in self.values() if held.subscription.expires <= now]
        ends = (held.subscription.expires for held in self.values() if held.subscription.expires > now)
        self._soonest = min(ends, default=NEVER) if not over else now
        return over
