"""The calendars that the partner derives from deliveries."""

from typing import Any

import pytest

from sandbox.partner.calendars import Calendars, UnusablePayloadError
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
