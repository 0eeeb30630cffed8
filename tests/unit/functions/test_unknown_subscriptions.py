"""The calls of an administrator about subscriptions that no watch names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions import auth, unknown_subscriptions
from functions.unknown_subscriptions import delete_unknown_subscriptions, list_unknown_subscriptions
from shared.auth.authenticator import Authenticator
from shared.auth.rate_limit import CallRateLimiter
from shared.errors import GraphUnavailable
from tests.support.minting import key_of
from tests.support.openapi import DOCUMENT, schema_error
from tests.support.unknown_world import UnknownWorld
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.functions.conftest import call, content_of

PATH = "relay/unknown-subscriptions"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[UnknownWorld]:
    """Return a world that the functions use as the process's relay, with one watched mailbox."""
    made = UnknownWorld()
    made.authenticator = Authenticator(made.settings, lambda: key_of, CallRateLimiter())
    for module in (auth, unknown_subscriptions):
        monkeypatch.setattr(module, "relay", lambda: made)
    made.watch()
    made.stray("s-0", MAILBOX)
    yield made
    made.end()


def listed(**params: str) -> dict[str, Any]:
    """Return the content of a page, which fits the contract."""
    answer = call(list_unknown_subscriptions, "GET", PATH, params=params)
    assert answer.status_code == 200
    return checked("UnknownSubscriptionPage", content_of(answer))


def checked(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return a response after a comparison with its schema."""
    assert name in DOCUMENT["components"]["schemas"]
    assert schema_error({"$ref": f"#/components/schemas/{name}"}, content) is None
    return content


def test_before_the_first_audit_the_list_has_no_age(world: UnknownWorld) -> None:
    """No age means that nothing was counted."""
    world.stray("lost")
    assert listed() == {"value": [], "nextLink": None, "count": 0, "asOf": None, "lastError": None}


def test_an_unknown_subscription_is_shown_with_its_times(world: UnknownWorld) -> None:
    """The list is that of the last audit, with its time."""
    world.stray("lost")
    world.stray("strange", resource="me/messages")
    world.run_audit()
    moment = f"{world.time:%Y-%m-%dT%H:%M:%SZ}"
    page = listed()
    by_id = {item["graphSubscriptionId"]: item for item in page["value"]}
    assert (page["count"], page["asOf"], page["lastError"]) == (2, moment, None)
    assert by_id["strange"]["mailbox"] is None
    assert {name: by_id["lost"][name] for name in ("mailbox", "expirationDateTime", "firstSeen", "lastSeen")} == {
        "mailbox": "lost@contoso.com", "expirationDateTime": "2026-11-26T10:00:00Z", "firstSeen": moment,
        "lastSeen": moment,
    }  # fmt: skip


def test_what_has_ended_since_the_audit_is_absent(world: UnknownWorld) -> None:
    """Its number, too."""
    world.stray("lost")
    world.run_audit()
    world.pass_by(6 * 86400)
    assert {name: listed()[name] for name in ("value", "count")} == {"value": [], "count": 0}


def test_a_void_audit_leaves_the_list_and_says_why(world: UnknownWorld) -> None:
    """The age stays that of the list."""
    world.stray("lost")
    world.run_audit()
    before = listed()
    world.subscriptions.failures = [GraphUnavailable(503, "serviceNotAvailable")]
    world.run_audit()
    after = listed()
    assert "503 serviceNotAvailable" in after["lastError"]
    assert {**after, "lastError": None} == before


def test_the_list_is_read_in_pages(world: UnknownWorld) -> None:
    """NextLink leads to the next; each page has the number of all."""
    for number in range(5):
        world.stray(f"u-{number}")
    world.run_audit()
    seen, params = [], {"pageSize": "2", "code": "canary"}
    for _ in range(3):
        page = listed(**params)
        assert page["count"] == 5
        seen += [item["id"] for item in page["value"]]
        if page["nextLink"]:
            head, _, after = page["nextLink"].rpartition("&after=")
            assert head == f"https://relay.example/api/{PATH}?pageSize=2"
            params["after"] = after
    assert (len(set(seen)), page["nextLink"]) == (5, None)


@pytest.mark.parametrize("params", [{"pageSize": "0"}, {"after": "x"}, {"after": "' or '1' eq '1"}])
def test_an_invalid_parameter_is_422(world: UnknownWorld, params: dict[str, str]) -> None:
    """It never becomes part of a query."""
    world.run_audit()
    assert call(list_unknown_subscriptions, "GET", PATH, params=params).status_code == 422


def test_they_are_deleted_by_request(world: UnknownWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The response says what was kept and why; the audit log has the caller."""
    for name in ("lost", "wanted"):
        world.stray(name, f"{name}@contoso.com")
    world.run_audit()
    world.watch("wanted@contoso.com", subscription_id="")
    answer = call(delete_unknown_subscriptions, "DELETE", PATH)
    content = checked("UnknownSubscriptionCleanup", content_of(answer))
    assert (answer.status_code, content) == (200, {
        "deleted": 1, "ended": 0, "remaining": 0,
        "kept": [{"graphSubscriptionId": "wanted", "mailbox": "wanted@contoso.com", "reason": "only-subscription"}],
    })  # fmt: skip
    assert world.subscriptions.existing.keys() == {"s-0", "wanted"}
    assert "delete-unknown-subscriptions by master key: number=1" in caplog.text


def test_a_row_that_cannot_be_read_is_409(world: UnknownWorld) -> None:
    """With a stable code, and nothing is deleted."""
    world.stray("lost")
    world.run_audit()
    world.spoil(WATCH_ID)
    answer = call(delete_unknown_subscriptions, "DELETE", PATH)
    assert (answer.status_code, content_of(answer)["code"]) == (409, "watches_unreadable")
    assert world.deleted == []
