"""Before each write to a calendar it is asked whether its mailbox may be written: an answer holds for one write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.dataverse.decision import ChangeEvent, MakeEvent
from shared.dataverse.flow.writing import DUPLICATE, PairWriter
from shared.dataverse.ids import mark_of
from shared.dataverse.reading.events import EventReader
from shared.errors import GraphConflict, GraphUnavailable
from shared.graph.client import GraphClient
from shared.graph.marked_events.events import PROPERTY, MarkedEvents
from shared.reliability.mailbox_holds import MailboxHolds
from shared.storage.pairs.pair import Former
from tests.unit.dataverse.scene import BOOKING, HOUR, NOW, ORGANIZATION, START

MARK = mark_of(ORGANIZATION, BOOKING)
MAKES = MakeEvent(
    watch_id="watch-here", transaction_id="t-1", mark=MARK, subject="Visit", start=START, end=START + HOUR,
    show_as="busy",
)  # fmt: skip
CHANGES = ChangeEvent(watch_id="watch-here", event_id="event-1", etag="e1", subject="Visit")


class Calendar(GraphClient):
    """Two events of one booking, which an earlier attempt made; `acts`: writes and questions in order.

    `is_used`: the transactionId of a creation is used up.
    """

    def __init__(self, *, is_used: bool = False) -> None:
        self.acts: list[str] = []
        self.is_used = is_used

    def call(self, method: str, path: str, **_: Any) -> dict[str, Any]:
        """Answer with an event that has another subject than the booking's."""
        if method != "GET":
            self.acts.append(method)
        if method == "POST" and self.is_used:
            raise GraphConflict(409, DUPLICATE, existing_id="event-1")
        time = {"dateTime": f"{START:%Y-%m-%dT%H:%M:%S}.0000000"}
        marked = [{"id": PROPERTY, "value": MARK}]
        event_id = path.rpartition("/")[2].replace("events", "event-1")
        return {"id": event_id, "start": time, "end": time, "transactionId": "t-1", "subject": "Earlier",
                "singleValueExtendedProperties": marked}  # fmt: skip

    def pages(self, *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        """Yield both events."""
        return iter([self.call("GET", f"/events/event-{number}") for number in (1, 2)])


class Permitted:
    """Permits a mailbox the first times, and not again."""

    def __init__(self, acts: list[str], times: int = 99) -> None:
        self.acts, self.times = acts, times

    def mailbox(self, watch_id: str) -> str:
        """Return the mailbox while it may be written."""
        assert watch_id == "watch-here"
        self.acts.append("ask")
        return "ola@contoso.com" if self.acts.count("ask") <= self.times else ""


def writer_of(calendar: Calendar, times: int = 99) -> PairWriter:
    """Return what writes the calendar while it is permitted."""
    events = MarkedEvents(calendar, MailboxHolds(), lambda: NOW)
    return PairWriter(events, EventReader(events, lambda: NOW), Permitted(calendar.acts, times))


@pytest.mark.parametrize(
    ("write", "is_used", "acts"),
    [(MAKES, False, ["POST", "PATCH"]), (MAKES, True, ["POST", "PATCH"]), (CHANGES, False, ["PATCH"])],
    ids=["an earlier attempt answers", "an earlier attempt is named", "a change"],
)
def test_each_write_of_an_event_is_permitted(write: MakeEvent | ChangeEvent, acts: list[str], *, is_used: bool) -> None:
    """The question comes right before each, also before the second one of a creation."""
    calendar = Calendar(is_used=is_used)
    writer_of(calendar).write(write)
    assert calendar.acts == [each for act in acts for each in ("ask", act)]


@pytest.mark.parametrize("event_id", ["event-1", ""], ids=["by its id", "by its mark"])
def test_each_removal_is_permitted(event_id: str) -> None:
    """After the event was read again, which takes a while."""
    calendar = Calendar()
    formers = [Former("watch-here", event_id, "t-1")]
    assert writer_of(calendar).remove(formers, ORGANIZATION, BOOKING) == []
    asked = [before for before, act in zip(calendar.acts, calendar.acts[1:], strict=False) if act == "DELETE"]
    assert asked == ["ask"] * (1 if event_id else 2)


@pytest.mark.parametrize("is_used", [False, True])
def test_a_creation_ends_when_its_mailbox_is_not_permitted_any_more(*, is_used: bool) -> None:
    """Its hint is put back, and its pair knows what was begun."""
    calendar = Calendar(is_used=is_used)
    with pytest.raises(GraphUnavailable):
        writer_of(calendar, times=1).write(MAKES)
    assert [act for act in calendar.acts if act != "ask"] == ["POST"]


def test_a_removal_ends_when_its_mailbox_is_not_permitted_any_more() -> None:
    """The first of two events is removed, the second one is not."""
    calendar = Calendar()
    with pytest.raises(GraphUnavailable):
        writer_of(calendar, times=2).remove([Former("watch-here", "", "t-1")], ORGANIZATION, BOOKING)
    assert [act for act in calendar.acts if act != "ask"] == ["DELETE"]
