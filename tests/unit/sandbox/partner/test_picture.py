"""What the partner believes after deliveries."""

from typing import Any

import pytest

from sandbox.partner.picture import Picture, UnusableNewsError
from tests.support.partner_process import deleted, news


def test_older_news() -> None:
    """News older than what is known changes nothing; of the same second, the later arrival wins."""
    picture = Picture()
    assert picture.apply(news(title="second"))
    assert not picture.apply(news(title="first") | {"timestamp": "2026-11-20T10:00:03Z"})
    assert picture.apply(news(title="third"))
    assert picture.mailboxes["room1@contoso.com"]["AAMk1"]["title"] == "third"


def test_deleted() -> None:
    """A deletion removes the event, and news from before it does not bring it back."""
    picture = Picture()
    picture.apply(deleted())
    picture.apply(news())
    assert picture.listed() == {"room1@contoso.com": []}


def test_ids_are_case_sensitive() -> None:
    """Two ids that differ by case are two events, as Graph's ids are."""
    picture = Picture()
    picture.apply(news(id="AAMk1"))
    picture.apply(news(id="aamk1"))
    assert len(picture.listed()["room1@contoso.com"]) == 2


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
    """News that names no event or no time is refused, and leaves no trace."""
    picture = Picture()
    with pytest.raises(UnusableNewsError):
        picture.apply(payload)
    assert picture.listed() == {}


def test_time_without_zone() -> None:
    """News with a time that cannot be compared is refused even when a comparable one is known."""
    picture = Picture()
    picture.apply(news())
    with pytest.raises(UnusableNewsError):
        picture.apply(news() | {"timestamp": "2026-11-20T10:00:04"})
