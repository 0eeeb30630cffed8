"""The partner's own picture of each calendar, built from deliveries alone. No network, no clock."""

from datetime import datetime
from typing import Any

DELETED = "calendar.event.deleted"


class UnusableNewsError(Exception):
    """The payload lacks what it takes to know which event it is about, or how old the news is."""


class Picture:
    """The events of each mailbox by their id, each as the newest delivery described it."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, dict[str, Any]] = {}
        # Deleted events stay here: news from before the deletion may still be on its way.
        self._newest: dict[tuple[str, str], datetime] = {}

    def apply(self, payload: Any) -> bool:
        """Apply one delivery's JSON; answers whether it was news (older news than what is known is not).

        Deliveries are not ordered: a retried one can come after its successor. The payload's own `timestamp`
        decides; of two with the same second the one that arrived later wins.
        Raises UnusableNewsError.
        """
        try:
            mailbox, event = payload["data"]["mailbox"], payload["data"]["event"]
            key = (mailbox + "", event["id"] + "")
            told = datetime.fromisoformat(payload["timestamp"])
            outdated = key in self._newest and told < self._newest[key]
            deleted = payload["type"] == DELETED
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableNewsError from error
        if outdated:
            return False
        self._newest[key] = told
        events = self.mailboxes.setdefault(mailbox, {})
        if deleted:
            events.pop(event["id"], None)
        else:
            events[event["id"]] = event
        return True

    def listed(self) -> dict[str, list[Any]]:
        """Give the events of each mailbox; a mailbox whose events were all deleted has an empty list."""
        return {mailbox: list(events.values()) for mailbox, events in self.mailboxes.items()}

    def forget(self) -> None:
        """Start again with nothing known."""
        self.mailboxes.clear()
        self._newest.clear()
