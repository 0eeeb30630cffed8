"""What holds after each edit on either side, before any repair, when both sides are written."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.properties.both_acts import DATES, Act, Edits, Located
from tests.properties.both_journal import Journal
from tests.properties.pair_acts import booking_in

NAMES = uuid.UUID("6c1c4f0e-9d0a-4f6b-8a52-5b8f6f2f3f61")  # as the design derives ids; not read from the product
GENERATIONS = 40
CAUSES = {
    "POST": ("book", "linked", "back", "reassign", "delete", "discard", "undelete", "invite"),
    "PATCH": ("move", "rename", "reassign", "back", "undelete"),
    "DELETE": ("end", "reassign", "undelete", "back", "travel"),
}
PUT_BACK = ("drag", "all-day", "shift")
REPEATS_OF_LAG = 4  # attempts until lists show what was made


class Invariants:
    """Checks what the sandbox's two sides show after each act."""

    def __init__(self, edits: Edits, journal: Journal) -> None:
        self.edits, self.journal = edits, journal
        self.before: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, tuple[str, ...]] = {}
        """Event or date by the ids that its bookings may have."""

    def look(self) -> None:
        """Note what is in the calendars before the relay does anything."""
        located = self.edits.events()
        self.before = {event["immutableId"]: event for _, event in located if not event["transactionId"]}
        for mailbox, event in located:
            self._derive(mailbox, event)

    def check(self, acts: Sequence[Act]) -> None:
        """Assert that all hold after these acts."""
        located = self.edits.events()
        self._events_are_single(located)
        self._bookings_are_single(located)
        self._visits_are_kept()
        self._persons_events_are_kept(located)
        self._writes_are_bounded(acts)

    def _events_are_single(self, located: Sequence[Located]) -> None:
        """A booking has one event of the relay, apart from those that a person made her meetings."""
        plain = Counter(booking_in(event) for _, event in located if event["transactionId"] and not event["attendees"])
        assert not {booking: number for booking, number in plain.items() if number > 1}

    def _bookings_are_single(self, located: Sequence[Located]) -> None:
        """An event, or a date of a series, has one living booking of the relay; each of these is some event's."""
        for mailbox, event in located:
            self._derive(mailbox, event)
        living: Counter[tuple[str, ...]] = Counter()
        for row in self.edits.rows():
            booking = row["bookableresourcebookingid"]
            if row["_createdby_value"] == self.journal.relay:
                assert booking in self.sources, "a booking of no event"
                is_counted = self.journal.is_living(row) and booking not in self.edits.revived
                living[self.sources[booking]] += is_counted
        assert not {source: number for source, number in living.items() if number > 1 and len(source) == 1}
        dates = Counter({series: 0 for series, *_ in living})
        for (series, *_), number in living.items():
            dates[series] += number
        assert not {series: number for series, number in dates.items() if number > DATES}

    def _visits_are_kept(self) -> None:
        """The relay deletes no booking, and cancels none that has a work order, a requirement or a project."""
        assert self.journal.of_relay("Delete") == []
        assert self.journal.visits_canceled() == []

    def _persons_events_are_kept(self, located: Sequence[Located]) -> None:
        """A person's event stays, with its title, and moves only to where a booking was moved by others."""
        now = {event["immutableId"]: event for _, event in located}
        starts = self.journal.starts()
        for event_id, before in self.before.items():
            assert event_id in now, "a person's event is gone"
            after = now[event_id]
            for name in ("subject", "showAs", "sensitivity", "attendees", "isCancelled"):
                assert after[name] == before[name], name
            moved = after["start"]["dateTime"][:16]
            assert moved in (before["start"]["dateTime"][:16], *starts), "a person's event was moved"

    def _writes_are_bounded(self, acts: Sequence[Act]) -> None:
        """Each edit costs one write of the other side at most; again only after a trouble."""
        edits = sum(DATES if act.kind in ("series", "shift") else 1 for act in acts if act.kind != "night")
        repeats = sum(map(_repeats, acts))
        assert len(self.journal.of_relay()) <= edits + repeats
        asked = Counter(method for method, _ in self.edits.world.to_graph.writes)
        is_at_work = any(act.kind == "travel" for act in acts)  # then a drag is put back
        for method, kinds in CAUSES.items():
            causes = (*kinds, *PUT_BACK) if is_at_work else kinds
            assert asked[method] <= sum((act.kind in causes) + _repeats(act) for act in acts), method

    def _derive(self, mailbox: str, event: dict[str, Any]) -> None:
        """Note the ids that bookings of an event may have."""
        world = self.edits.world
        series = event["seriesMasterImmutableId"]
        start = event["originalStart"][:19] + "Z" if series else ""
        source = (series, start) if series else (event["immutableId"],)
        if source in self.sources.values():
            return
        user = world.dataverse.tenant.mailboxes[mailbox].id
        for generation in range(1, GENERATIONS + 1):
            parts = ["booking of an event", world.dataverse.organization.organization_id, user, source[0], start,
                     generation]  # fmt: skip
            self.sources[str(uuid.uuid5(NAMES, json.dumps(parts)))] = source


def _repeats(act: Act) -> int:
    """Return how often a write may be asked for again because of an act's troubles."""
    faults = act.fault["times"] if act.fault else 0
    by_field_service = 2 * (act.kind == "travel")
    return int((act.killed_at is not None) + faults + (REPEATS_OF_LAG if act.lag else 0) + by_field_service)
