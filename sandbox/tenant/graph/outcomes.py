"""What became of the change notifications, event by event: taken by an app's endpoint, or given up."""

from collections.abc import Iterable
from typing import Any

from sandbox.tenant.graph.hints import Hint

Key = tuple[str, str]
"""A mailbox's object id, and the id of an event (of a series' master, for an occurrence)."""


class Outcomes:
    """Counts notifications by event; one event may be in both, when an earlier notification of it was given up."""

    def __init__(self) -> None:
        self.accepted: dict[Key, int] = {}
        self.given_up: dict[Key, int] = {}

    def took(self, hints: Iterable[Hint]) -> None:
        """Note notifications that an endpoint answered with a 2xx."""
        _count(self.accepted, hints)

    def lost(self, hints: Iterable[Hint]) -> None:
        """Note notifications that will not be sent any more."""
        _count(self.given_up, hints)

    def as_json(self, addresses: dict[str, str]) -> dict[str, Any]:
        """Return both for control; `addresses` are those of the mailboxes, by id."""
        return {"accepted": _listed(self.accepted, addresses), "givenUp": _listed(self.given_up, addresses)}


def _count(counts: dict[Key, int], hints: Iterable[Hint]) -> None:
    for hint in hints:
        if "changeType" in hint.item:
            key = (hint.item["resource"].split("/")[1], hint.item["resourceData"]["id"])
            counts[key] = counts.get(key, 0) + 1


def _listed(counts: dict[Key, int], addresses: dict[str, str]) -> list[dict[str, Any]]:
    """Return one line for each event; a mailbox that was removed meanwhile is named by its id."""
    return [
        {"mailbox": addresses.get(mailbox, mailbox), "eventId": event, "notifications": number}
        for (mailbox, event), number in counts.items()
    ]
