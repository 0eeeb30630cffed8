"""The outcome of every change whose notification was accepted. Pure: it makes no call.

An event stands for its changes: however many were notified, its last state must have reached the partner, or be parked.
A series is a single event here; the partner has its occurrences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
"""A mailbox's address, and the id of an event."""
Calendar = Mapping[str, Mapping[str, Any]]
"""Public events by their id."""


@dataclass(frozen=True)
class Collected:
    """The state of all sides at the end of a run.

    `accepted` are the events whose notifications the relay answered with 202, `given_up` those of which the tenant
    dropped a notification; `parked` those parked in the relay, with the reason; `taken` those of which the partner took
    a delivery, with the series' id for each occurrence. `deleted` are the events and series that people deleted: one
    deleted before a delivery of it, or of an occurrence, needs none. `expected` are the tenant's calendars,
    `received` the partner's. `deliveries` is the partner's journal.
    """

    accepted: frozenset[Key]
    given_up: frozenset[Key]
    parked: Mapping[Key, str]
    taken: frozenset[Key]
    deleted: frozenset[Key]
    expected: Mapping[str, Calendar]
    received: Mapping[str, Calendar]
    deliveries: Mapping[str, Any]


@dataclass
class Account:
    """The result: every accepted event is in exactly one of `delivered`, `parked` and `lost`."""

    accepted: int = 0
    delivered: set[Key] = field(default_factory=set)
    parked: set[Key] = field(default_factory=set)
    lost: set[Key] = field(default_factory=set)
    healed_later: set[Key] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)
    differing: int = 0
    attempts: int = 0
    distinct: int = 0
    duplicates: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """The reasons for which the run has failed."""
        unknown = "the partner does not know the last state of"
        lost = [f"lost: {unknown} {event} in {room}" for room, event in sorted(self.lost)]
        return lost + self.strays + self.violations


def account(collected: Collected) -> Account:
    """Evaluate a run."""
    result = Account(len(collected.accepted - collected.given_up))
    differing = {room: _differing(collected, room) for room in collected.expected.keys() | collected.received.keys()}
    result.differing = sum(len(events) for events in differing.values())
    explained: set[Key] = set()
    for key in collected.accepted | collected.given_up:
        members = {event for event, series in differing[key[0]].items() if key[1] in (event, series)}
        explained |= {(key[0], event) for event in members}
        waiting = any((key[0], event) in collected.parked for event in members | {key[1]})
        if key in collected.given_up:
            if members or key not in collected.taken:
                result.healed_later.add(key)
        elif not members and key in collected.taken | collected.deleted:
            result.delivered.add(key)  # also when an older state of it is a dead letter
        elif waiting:
            result.parked.add(key)
        else:
            result.lost.add(key)
    result.strays = [
        f"stray: {event} in {room} differs, and nobody had hinted at it"
        for room, events in sorted(differing.items()) for event in sorted(events) if (room, event) not in explained
    ]  # fmt: skip
    _count(collected.deliveries, result)
    return result


def _differing(collected: Collected, room: str) -> dict[str, str | None]:
    """Return the ids of a room's events that differ between the sides, each with its series'."""
    expected, received = collected.expected.get(room, {}), collected.received.get(room, {})
    return {
        event: (expected.get(event) or received[event]).get("seriesId")
        for event in expected.keys() | received.keys() if expected.get(event) != received.get(event)
    }  # fmt: skip


def _count(deliveries: Mapping[str, Any], result: Account) -> None:
    """Count attempts, webhook-ids, and deliveries repeated after they had been taken."""
    result.attempts, result.distinct = deliveries["count"], deliveries["distinct"]
    result.duplicates = deliveries["duplicates"]
    result.violations = [f"not by the contract: {item['violation']}" for item in deliveries["violations"]]
