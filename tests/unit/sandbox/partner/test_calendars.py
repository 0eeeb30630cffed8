"""The calendars that the partner derives from deliveries."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.partner.receive import Calendars, UnusablePayloadError
from tests.support.partner_process import deleted, news


def test_older_news() -> None:
    """A delivery older than the known state changes nothing; within a second the later arrival wins."""
    calendars = Calendars()
    assert calendars.apply(news(title="second"))
    assert not calendars.apply(news(title="first") | {"timestamp": "2026-11-20T10:00:03Z"})
    assert calendars.apply(news(title="third"))
    assert calendars.mailboxes["room1@contoso.com"]["AAMk1"]["title"] == "third"


def test_deleted() -> None:
    """A deletion removes the event, and an older delivery does not restore it."""
    calendars = Calendars()
    calendars.apply(deleted())
    calendars.apply(news())
    assert calendars.listed() == {"room1@contoso.com": []}


def test_earlier_watch() -> None:
    """Dropped are the mailbox's events before a moment: not those of that second, and not another mailbox's."""
    calendars = Calendars()
    elsewhere = news()
    elsewhere["data"]["mailbox"] = "room2@contoso.com"
    for payload in (news(), elsewhere, deleted("AAMk2")):
        calendars.apply(payload)
    read_at = datetime.fromisoformat(news()["timestamp"])
    calendars.drop_before("room1@contoso.com", read_at)
    assert {mailbox: len(events) for mailbox, events in calendars.listed().items()} == {
        "room1@contoso.com": 1, "room2@contoso.com": 1,
    }  # fmt: skip
    calendars.drop_before("room1@contoso.com", read_at + timedelta(seconds=5))
    calendars.drop_before("room3@contoso.com", read_at + timedelta(seconds=5))
    assert {mailbox: len(events) for mailbox, events in calendars.listed().items()} == {
        "room1@contoso.com": 0, "room2@contoso.com": 1,
    }  # fmt: skip
    assert not calendars.apply(elsewhere | {"timestamp": "2026-11-20T10:00:03Z"})


def test_ids_are_case_sensitive() -> None:
    """Two ids that differ by case are two events, as Graph's ids are."""
    calendars = Calendars()
    calendars.apply(news(id="AAMk1"))
    calendars.apply(news(id="aamk1"))
    assert len(calendars.listed()["room1@contoso.com"]) == 2


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        news(id=None),
        news() | {"timestamp": "soon"},
        news() | {"data": 1},
        {"type": "x", "timestamp": "2026-11-20T10:00:04Z", "data": None},
    ],
)
def test_unusable(payload: Any) -> None:
    """A delivery without an event or a time is rejected, and changes nothing."""
    calendars = Calendars()
    with pytest.raises(UnusablePayloadError):
        calendars.apply(payload)
    assert calendars.listed() == {}


def test_time_without_zone() -> None:
    """A delivery with a time that cannot be compared is rejected, also when the known time can be compared."""
    calendars = Calendars()
    calendars.apply(news())
    with pytest.raises(UnusablePayloadError):
        calendars.apply(news() | {"timestamp": "2026-11-20T10:00:04"})
