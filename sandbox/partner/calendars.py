"""The partner's calendars, built from deliveries alone. No network, no clock."""

from datetime import datetime
from typing import Any

DELETED = "calendar.event.deleted"


class UnusablePayloadError(Exception):
    """The payload lacks the mailbox, the event id, the type or a valid timestamp."""


class Calendars:
    """The events of each mailbox by id, each as in its newest delivery."""

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
