"""The outcomes of change notifications by event: accepted by an app's endpoint, or given up."""

from collections.abc import Iterable
from typing import Any

from sandbox.tenant.graph.notifications import Notification

Key = tuple[str, str]
"""A mailbox's object id, and the id of an event (for an occurrence: of its series master)."""


class Outcomes:
    """Counts notifications by event; an event can be in both counts if one of its notifications was given up."""

    def __init__(self) -> None:
        self.accepted: dict[Key, int] = {}
        self.given_up: dict[Key, int] = {}

    def add_accepted(self, notifications: Iterable[Notification]) -> None:
        """Count notifications that an endpoint accepted with a 2xx."""
        _count(self.accepted, notifications)

    def add_given_up(self, notifications: Iterable[Notification]) -> None:
        """Count notifications that will not be sent again."""
        _count(self.given_up, notifications)

    def as_json(self, addresses: dict[str, str]) -> dict[str, Any]:
        """Return both counts for control; `addresses` are those of the mailboxes, by id."""
        return {"accepted": _listed(self.accepted, addresses), "givenUp": _listed(self.given_up, addresses)}


def _count(counts: dict[Key, int], notifications: Iterable[Notification]) -> None:
    for item in (notification.item for notification in notifications):
        if "changeType" in item:
            key = (item["resource"].split("/")[1], item["resourceData"]["id"])
            counts[key] = counts.get(key, 0) + 1


def _listed(counts: dict[Key, int], addresses: dict[str, str]) -> list[dict[str, Any]]:
    """Return one entry for each event; a mailbox that was removed in the meantime is named by its id."""
    return [
        {"mailbox": addresses.get(mailbox, mailbox), "eventId": event, "notifications": number}
        for (mailbox, event), number in counts.items()
    ]
