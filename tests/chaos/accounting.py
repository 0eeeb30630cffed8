"""The accounting: what became of every change whose hint was accepted. Pure; the judge of a run.

An event stands for its changes: however many were hinted, its last state has to have reached the partner, or to be
parked. A series is one event here, and its occurrences are what the partner has of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
"""A mailbox's address, and the id of an event."""
Calendar = Mapping[str, Mapping[str, Any]]
"""Public events by their id."""


@dataclass(frozen=True)
class Evidence:
    """What was found at the end of a run.

    `accepted` are the events whose hints the relay answered with 202, `given_up` those of which the tenant gave a hint
    up; `parked` those that wait in the relay, by the reason; `told` those of which the partner has taken a delivery,
    with the series' id beside each occurrence's. `series_gone` are the series that people deleted: of one that went
    before any of its occurrences was told there is nothing to tell. `deliveries` is the partner's journal.
    """

    accepted: frozenset[Key]
    given_up: frozenset[Key]
    parked: Mapping[Key, str]
    told: frozenset[Key]
    series_gone: frozenset[Key]
    truth: Mapping[str, Calendar]
    picture: Mapping[str, Calendar]
    deliveries: Mapping[str, Any]


@dataclass
class Account:
    """What came of it: every accepted event is in exactly one of `delivered`, `parked` and `lost`."""

    accepted: int = 0
    delivered: set[Key] = field(default_factory=set)
    parked: set[Key] = field(default_factory=set)
    lost: set[Key] = field(default_factory=set)
    healed_later: set[Key] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)
    differing: int = 0
    attempts: int = 0
    distinct: int = 0
    again: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Everything for which the run has failed."""
        unknown = "the partner does not know the last state of"
        lost = [f"lost: {unknown} {event} in {room}" for room, event in sorted(self.lost)]
        return lost + self.strays + self.violations


def account(found: Evidence) -> Account:
    """Judge a run."""
    result = Account(len(found.accepted - found.given_up))
    differing = {room: _differing(found, room) for room in found.truth.keys() | found.picture.keys()}
    result.differing = sum(len(events) for events in differing.values())
    explained: set[Key] = set()
    for key in found.accepted | found.given_up:
        members = {event for event, series in differing[key[0]].items() if key[1] in (event, series)}
        explained |= {(key[0], event) for event in members}
        waiting = any((key[0], event) in found.parked for event in members | {key[1]})
        if key in found.given_up:
            if members or key not in found.told:
                result.healed_later.add(key)
        elif not members and key in found.told | found.series_gone:
            result.delivered.add(key)  # also when an older state of it is a dead letter
        elif waiting:
            result.parked.add(key)
        else:
            result.lost.add(key)
    result.strays = [
        f"stray: {event} in {room} differs, and nobody had hinted at it"
        for room, events in sorted(differing.items()) for event in sorted(events) if (room, event) not in explained
    ]  # fmt: skip
    _count(found.deliveries, result)
    return result


def _differing(found: Evidence, room: str) -> dict[str, str | None]:
    """Return the ids of a room's events that are not the same on both sides, each with its series'."""
    truth, picture = found.truth.get(room, {}), found.picture.get(room, {})
    return {
        event: (truth.get(event) or picture[event]).get("seriesId")
        for event in truth.keys() | picture.keys() if truth.get(event) != picture.get(event)
    }  # fmt: skip


def _count(deliveries: Mapping[str, Any], result: Account) -> None:
    """Count attempts, webhook-ids, and how often one came again although it had been taken."""
    result.attempts, result.distinct = deliveries["count"], deliveries["distinct"]
    result.again = deliveries["duplicates"]
    result.violations = [f"not by the contract: {one['violation']}" for one in deliveries["violations"]]
