"""The look-up of watches by address: in a body, so that no address is in a URL."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.many_subscriptions import query_subscriptions
from functions.subscriptions import create_subscription, list_subscriptions
from shared.storage.watches import watch_id_of
from tests.unit.functions.conftest import HostWorld, call, content_of

ROOMS = [f"hall{number}@contoso.com" for number in range(5)]


def test_a_watch_is_returned_as_the_list_returns_it(world: HostWorld) -> None:
    """In the order of the call, each once; the addresses without a watch are named."""
    for room in ROOMS[:3]:
        call(create_subscription, body={"mailbox": room})
    mailboxes = [ROOMS[2], "nobody@contoso.com", ROOMS[0].upper(), f" {ROOMS[2]} ", ROOMS[4]]
    content = content_of(call(query_subscriptions, body={"mailboxes": mailboxes}))
    listed = {each["mailbox"]: each for each in content_of(call(list_subscriptions, "GET"))["value"]}
    assert content == {
        "value": [listed[ROOMS[2]], listed[ROOMS[0]]], "notWatched": ["nobody@contoso.com", ROOMS[4]],
        "unreadable": [],
    }  # fmt: skip


def test_a_row_that_cannot_be_read_is_a_watch(world: HostWorld) -> None:
    """It is named, not reported as missing, and hides no other watch."""
    for room in ROOMS[:2]:
        call(create_subscription, body={"mailbox": room})
    world.rows.rows[("watch", watch_id_of(ROOMS[0]))]["created"] = "yesterday"
    answer = call(query_subscriptions, body={"mailboxes": ROOMS[:3]})
    content = content_of(answer)
    assert (answer.status_code, [each["mailbox"] for each in content["value"]]) == (200, [ROOMS[1]])
    assert (content["notWatched"], content["unreadable"]) == ([ROOMS[2]], [ROOMS[0]])


@pytest.mark.parametrize(
    ("body", "named"),
    [({}, "mailboxes"), ({"mailboxes": []}, "mailboxes"), ({"mailboxes": ["a@contoso.com"] * 101}, "mailboxes"),
     ({"mailboxes": ["canary"]}, "mailboxes: "), ({"mailboxes": "canary@contoso.com"}, "mailboxes"),
     ({"mailboxes": ["a@contoso.com"], "mailbox": "canary@contoso.com"}, "mailbox"),
     ({"mailboxes": [None]}, "mailboxes.0")],
    ids=["without", "none", "101", "no address", "a text", "another field", "null"],
)  # fmt: skip
def test_an_invalid_body_is_422_with_its_field(world: HostWorld, body: dict[str, object], named: str) -> None:
    """Without the value."""
    answer = call(query_subscriptions, body=body)
    content = content_of(answer)
    assert (answer.status_code, content["code"]) == (422, "invalid_request")
    assert content["detail"].startswith(named)
    assert "canary" not in content["detail"]


def test_no_address_is_taken_from_the_url(world: HostWorld) -> None:
    """An unknown parameter is 422, so that nobody begins to send addresses there."""
    answer = call(query_subscriptions, body={"mailboxes": ROOMS}, params={"mailbox": ROOMS[0]})
    assert (answer.status_code, content_of(answer)["code"]) == (422, "unknown_parameter")


def test_each_mailbox_counts_as_a_call(world: HostWorld) -> None:
    """For CALLS_PER_MINUTE: otherwise one call could read a hundred rows as often as one reads one."""
    world.settings = world.settings.model_copy(update={"calls_per_minute": 6})
    mailboxes = [f"a{number}@contoso.com" for number in range(8)]
    assert call(query_subscriptions, body={"mailboxes": mailboxes}).status_code == 200
    refused = call(query_subscriptions, body={"mailboxes": ROOMS})
    assert (refused.status_code, content_of(refused)["code"]) == (429, "too_many_calls")
    world.time += timedelta(minutes=1)
    assert call(query_subscriptions, body={"mailboxes": ROOMS}).status_code == 200


def test_storage_that_fails_reports_nothing_as_missing(world: HostWorld) -> None:
    """503: nothing is known of any mailbox."""
    world.rows.failing = len(ROOMS)
    answer = call(query_subscriptions, body={"mailboxes": ROOMS})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
