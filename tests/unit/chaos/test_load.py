"""The load: a seed repeats its changes, and every field holds a canary."""

import random
from typing import Any

from tests.chaos.canaries import Canaries
from tests.chaos.load import Load

ROOMS = [f"room{number}@contoso.com" for number in range(3)]


class Calendars:
    """A tenant that records the calls of the load."""

    def __init__(self) -> None:
        self.acts: list[tuple[Any, ...]] = []
        self.alive: set[str] = set()

    def book(self, address: str, **event: Any) -> dict[str, Any]:
        """Record a new event."""
        self.acts.append(("book", address, event))
        self.alive.add(f"event{len(self.acts)}")
        return {"id": f"event{len(self.acts)}", "immutableId": f"immutable{len(self.acts)}"}

    def change(self, address: str, event_id: str, **event: Any) -> dict[str, Any]:
        """Record a change of an existing event."""
        assert event_id in self.alive
        self.acts.append(("change", address, event_id, event))
        return {}

    def cancel(self, address: str, event_id: str) -> None:
        """Record a cancellation of an existing event."""
        assert event_id in self.alive
        self.acts.append(("cancel", address, event_id))

    def remove(self, address: str, event_id: str) -> None:
        """Record a deletion of an existing event."""
        self.alive.remove(event_id)
        self.acts.append(("remove", address, event_id))

    def soft_delete(self, address: str, event_id: str) -> None:
        """Record a move to Deleted Items."""
        self.alive.remove(event_id)
        self.acts.append(("soft-delete", address, event_id))


def _played(seed: int, changes: int = 600) -> tuple[Load, Calendars]:
    calendars = Calendars()
    load = Load(calendars, ROOMS, Canaries("run"), random.Random(seed))
    for _ in range(changes):
        load.change()
    return load, calendars


def test_a_seed_gives_the_same_changes_again() -> None:
    """Another seed gives other changes."""
    assert _played(1)[1].acts == _played(1)[1].acts
    assert _played(1)[1].acts != _played(2)[1].acts


def test_every_kind_of_change_happens_and_is_counted() -> None:
    """Each call changes an event that exists at that time."""
    load, calendars = _played(3)
    assert set(load.changes) == {
        "booked",
        "series",
        "moved",
        "retitled",
        "made private or public",
        "cancelled",
        "deleted",
    }
    assert sum(load.changes.values()) == len(calendars.acts) == 600


def test_every_field_of_a_booking_holds_a_canary() -> None:
    """A private subject holds the secret canary, a public one the title canary."""
    booked = [act[2] for act in _played(4)[1].acts if act[0] == "book"]
    for event in booked:
        hidden = (event["body"], event["location"], *event["categories"], *event["attendees"][0].values(),
                  event["organizer"]["address"])  # fmt: skip
        assert all("hiddenrun" in text for text in hidden)
        private = event["sensitivity"] == "private"
        assert ("hiddenrun" if private else "shownrun") in event["subject"]
        assert ("hiddenrun" if event["direct"] else "shownrun") in event["organizer"]["name"]
        assert not (private and not event["direct"]), "a room makes public what was booked with it"
    assert {event["sensitivity"] for event in booked} == {"normal", "private"}


def test_a_meeting_that_becomes_private_gets_a_secret_title() -> None:
    """The title changes together with the sensitivity."""
    changed = [act[3] for act in _played(5)[1].acts if act[0] == "change" and "sensitivity" in act[3]]
    for event in changed:
        assert ("hiddenrun" if event["sensitivity"] == "private" else "shownrun") in event["subject"]
    assert len(changed) > 5


def test_deleted_events_are_recorded() -> None:
    """Each by the id that notifications name, and a series as a whole."""
    calendars = Calendars()
    load = Load(calendars, ROOMS, Canaries("x"), random.Random(3))
    for _ in range(3000):
        load.change()
    booked = {f"immutable{number}": act for number, act in enumerate(calendars.acts, 1) if act[0] == "book"}
    removed = {
        f"immutable{act[2].removeprefix('event')}" for act in calendars.acts if act[0] in ("remove", "soft-delete")
    }
    deleted = {(booked[event][1], event) for event in removed}
    assert any("rrule" in booked[event][2] for event in removed)
    assert load.deleted == deleted
