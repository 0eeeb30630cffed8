"""Claims about the calendars of the runs: Graph's answers for series, soft deletions and new events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphNotFound, GraphRejected
from tests.deliveries.calendar import DAY, EventCalendars, Item
from tests.simulation.world import START

MAILBOX = "room0@contoso.com"


def calendars(**changes: object) -> tuple[EventCalendars, Item]:
    """Return calendars with one event."""
    events = EventCalendars(lambda: START)
    item = Item("E1", MAILBOX, "Ola Nordmann", START + DAY)
    for name, value in changes.items():
        setattr(item, name, value)
    events.items["E1"] = item
    return events, item


def test_a_soft_deleted_event_is_readable_and_not_in_the_view() -> None:
    """As by its immutable id."""
    events, _ = calendars(state="soft")
    assert events.get(MAILBOX, "E1")["id"] == "E1"
    assert [*events.calendar_view(MAILBOX, START, START + 3 * DAY)] == []
    assert events.expected(MAILBOX) == {}


def test_an_event_that_is_gone_or_not_yet_readable_answers_404() -> None:
    """With the code that says that it is about the event."""
    for changes in ({"state": "gone"}, {"readable_at": START + timedelta(seconds=5)}):
        events, _ = calendars(**changes)
        with pytest.raises(GraphNotFound, match="ErrorItemNotFound"):
            events.get(MAILBOX, "E1")


def test_a_series_is_listed_as_its_occurrences() -> None:
    """Each with its own id, and the etag of the series; one that was moved is an exception."""
    events, item = calendars(days=3, moved={1: timedelta(hours=2)}, dropped={2})
    occurrences = [*events.instances(MAILBOX, "E1", START, START + 9 * DAY)]
    assert [each["id"] for each in occurrences] == ["E1.0", "E1.1"]
    assert [each["type"] for each in occurrences] == ["occurrence", "exception"]
    assert {each["@odata.etag"] for each in occurrences} == {events.get(MAILBOX, "E1")["@odata.etag"]}
    assert events.expected(MAILBOX)["E1.1"]["start"] == "2026-01-03T02:00:00Z"
    events.changed(item)
    assert events.get(MAILBOX, "E1.0")["@odata.etag"] == 'W/"2"'


def test_a_single_event_has_no_occurrences() -> None:
    """Graph rejects the call, and does not know the id of an occurrence."""
    events, _ = calendars()
    with pytest.raises(GraphRejected):
        [*events.instances(MAILBOX, "E1", START, START + DAY)]
    with pytest.raises(GraphNotFound):
        events.get(MAILBOX, "E1.0")


def test_a_private_event_is_expected_without_its_title() -> None:
    """With its times."""
    events, _ = calendars(is_private=True)
    assert events.expected(MAILBOX)["E1"]["title"] == "Private"
