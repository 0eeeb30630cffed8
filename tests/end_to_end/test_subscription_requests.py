"""Claims about invalid setup calls: each is refused with problem details, and no watch is stored."""

import json
from typing import Any

import pytest

from tests.support.relay import Relay

ROOM = "room1@contoso.com"
PRIVATE_URLS = (
    "https://127.0.0.1/x", "https://10.0.0.1/x", "https://192.168.1.1/x", "https://169.254.169.254/x", "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x", "https://0x7f.1/x", "https://2130706433/x", "https://intranet/x",
    "https://partner.local/x", "https://[fd00:ec2::254]/x", "https://100.64.0.1/x",
)  # fmt: skip
ODD_URLS = (
    "http://partner.example/x", "ftp://partner.example/x", "partner.example/x", "https:///x", "", "https://user:pw@localhost/x",
    "https://localhost/x#part", "https://localhost:99999/x", "https://elsewhere.example/x", "https://localhost/ x",
    "https://lócalhost/x", "https://localhost/" + "x" * 3000,
)  # fmt: skip

BAD: dict[str, tuple[Any, int, str]] = {
    "more than 64 KiB": (b"[" * 65_537, 413, "65536 bytes"),
    "no JSON": (b"mailbox=room1", 400, "JSON object"),
    "nothing": (b"", 400, "JSON object"),
    "an array": ([], 400, "JSON object"),
    "a string": ("room1@contoso.com", 400, "JSON object"),
    "null": (b"null", 400, "JSON object"),
    "truncated": (b'{"mailbox": "room1@contoso.com"', 400, "JSON object"),
    "UTF-16": ('{"mailbox": "room1@contoso.com"}'.encode("utf-16"), 400, "JSON object"),
    "no UTF-8": (b'{"mailbox": "room1@contoso.com\xff"}', 400, "JSON object"),
    "nested deeply": (b"[" * 60_000, 400, "JSON object"),
    "an empty object": ({}, 422, "mailbox"),
    "an unknown field": ({"mailbox": ROOM, "colour": "red"}, 422, "colour"),
    "a misspelt field": ({"Mailbox": ROOM}, 422, "mailbox"),
    "a number": ({"mailbox": 1}, 422, "mailbox"),
    "no address": ({"mailbox": None}, 422, "mailbox"),
    "a list of addresses": ({"mailbox": [ROOM]}, 422, "mailbox"),
    "an empty address": ({"mailbox": ""}, 422, "mailbox"),
    "no domain": ({"mailbox": "room1"}, 422, "mailbox"),
    "two at signs": ({"mailbox": "room1@x@contoso.com"}, 422, "mailbox"),
    "a name and an address": ({"mailbox": "Room <room1@contoso.com>"}, 422, "mailbox"),
    "a path": ({"mailbox": "room1@contoso.com/events"}, 422, "mailbox"),
    "a query": ({"mailbox": "room1@contoso.com?x=1"}, 422, "mailbox"),
    "two dots": ({"mailbox": "room1@contoso..com"}, 422, "mailbox"),
    "a line break": ({"mailbox": "room1@contoso.com\r\nX: y"}, 422, "mailbox"),
    "a zero byte": ({"mailbox": "room1\0@contoso.com"}, 422, "mailbox"),
    "a lone surrogate": (b'{"mailbox": "room1\\ud800@contoso.com"}', 422, "mailbox"),
    "a foreign script": ({"mailbox": "r\u0443m1@contoso.com"}, 422, "mailbox"),
    "an endless address": ({"mailbox": "r" * 60_000 + "@contoso.com"}, 422, "mailbox"),
    "an unknown delivery": ({"mailbox": ROOM, "delivery": "pigeon"}, 422, "delivery"),
    "delivery of another case": ({"mailbox": ROOM, "delivery": "Relay"}, 422, "delivery"),
    "a URL with relay": ({"mailbox": ROOM, "notificationUrl": "https://localhost/x"}, 422, "notificationUrl"),
    "direct without a URL": ({"mailbox": ROOM, "delivery": "direct"}, 422, "notificationUrl"),
    "not allowed": ({"mailbox": "room1@fabrikam.com"}, 403, "ALLOWED_MAILBOXES"),
    "below the allowed domain": ({"mailbox": "room1@sub.contoso.com"}, 403, "ALLOWED_MAILBOXES"),
    "like the allowed domain": ({"mailbox": "room1@evilcontoso.com"}, 403, "ALLOWED_MAILBOXES"),
    **{
        f"{url[:40]} for Graph to call": (
            {"mailbox": ROOM, "delivery": "direct", "notificationUrl": url}, 422, "notificationUrl"
        )
        for url in (*PRIVATE_URLS, *ODD_URLS)
    },
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_an_invalid_setup_call_is_refused(relay: Relay, name: str) -> None:
    """Each invalid body gets its status and problem details that name the field, never a 5xx."""
    body, status, mentioned = BAD[name]
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = relay.api.call("POST", "/subscriptions", data=data, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title"} <= problem.keys()
    assert mentioned in problem["detail"]
    assert len(answer.content) < 2000


def test_invalid_calls_leave_nothing_behind(relay: Relay) -> None:
    """After all invalid calls there is no watch of their mailboxes, and no subscription."""
    for mailbox in (ROOM, "room1@fabrikam.com"):
        assert relay.watches(mailbox) == relay.subscriptions(mailbox) == []


def test_a_mailbox_that_is_not_allowed_gets_the_same_response_whether_it_exists_or_not(relay: Relay) -> None:
    """The response does not reveal which mailboxes exist."""
    address = relay.mailbox(name="there").replace("contoso.com", "fabrikam.com")
    relay.tenant.control("POST", "/mailboxes", {"address": address})
    mailboxes = (address, "not-there@fabrikam.com")
    existing, missing = (relay.api.call("POST", "/subscriptions", json={"mailbox": mailbox}) for mailbox in mailboxes)
    assert existing.status_code == missing.status_code == 403
    assert existing.content == missing.content
    assert existing.headers.keys() == missing.headers.keys()
