"""A comment of a cancellation reaches the attendees as text, whatever it looks like."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from functions.calendars import cancel_event
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld
from tests.unit.functions.calendars.conftest import at, created
from tests.unit.functions.conftest import call

pytestmark = pytest.mark.server

ATTENDEES = [{"address": "ola@contoso.com"}]


class Reader(HTMLParser):
    """Reads an HTML body as a mail program shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.elements = "", 0

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data

    def handle_starttag(self, *_: Any) -> None:
        """Count an element."""
        self.elements += 1


def mails(world: TenantWorld, body: object) -> list[str]:
    """Cancel a meeting with a body, and return the HTML that its attendees got."""
    response = call(cancel_event, body=body, route_params=at(created(attendees=ATTENDEES)))
    assert response.status_code == 202
    mails: list[dict[str, Any]] = world.control("GET", f"/calendars/{USER}/cancellations")["value"]
    return [mail["body"]["content"] for mail in mails]


@pytest.mark.parametrize(
    "comment",
    ["Moved to Friday", "5 < 6 & 7 > 6", '<a href="https://evil.example">Room</a>', "<script>x</script>", "&lt;b&gt;",
     "<!-- x -->", "AT&T", "<img src=x onerror=y>"],
)  # fmt: skip
def test_a_comment_is_text(world: TenantWorld, comment: str) -> None:
    """Exchange puts it into an HTML mail, in which no element comes from the caller."""
    (html,) = mails(world, {"comment": comment})
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert (reader.text, reader.elements) == (comment, 0)


@pytest.mark.parametrize("body", [b"", {}, {"comment": ""}, {"comment": "  "}])
def test_attendees_get_a_mail_without_a_comment(world: TenantWorld, body: object) -> None:
    """For an empty comment Exchange would send no mail."""
    assert mails(world, body) == ["This meeting has been canceled."]
