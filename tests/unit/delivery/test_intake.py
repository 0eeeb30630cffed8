"""Claims about taking in: each item stands by itself, by its clientState alone, and only ids go on."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.delivery.intake import Intake, take_in
from shared.graph.client_state import Key, sign
from shared.graph.notification import BadBody
from shared.messages import Change, Job, read_changes, read_jobs

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEY = Key("v2", b"the secret of the relay now", NOW - timedelta(days=1))
PREVIOUS = Key("v1", b"the secret of the relay then", NOW - timedelta(days=90))
WATCH, OTHER = "a" * 32, "b" * 32


def item(event: str = "E", *, watch: str = WATCH, key: Key = KEY, **changes: Any) -> dict[str, Any]:
    """Return a notification as Graph sends it."""
    path = f"Users/u-1/Events/{event}"
    basic = {"subscriptionId": "s-1", "subscriptionExpirationDateTime": "2026-11-27T09:00:00Z", "changeType": "updated",
             "resource": path, "clientState": sign(watch, key), "tenantId": "Tenant-1", "subject": "canary",
             "resourceData": {"@odata.id": path, "id": event, "subject": "canary"}}  # fmt: skip
    return {name: value for name, value in (basic | changes).items() if value is not ...}


def taken(*items: object) -> Intake:
    """Take in a POST of these items."""
    return take_in(json.dumps({"value": items}).encode(), [KEY, PREVIOUS], "tenant-1", NOW)


def changes_of(intake: Intake) -> list[Change]:
    """Return the changes that were queued."""
    return [change for text in intake.changes for change in read_changes(text).changes]


def test_a_good_item_becomes_a_change_hinted_now() -> None:
    """Watch, user and event; the moment is when it arrived here."""
    intake = taken(item())
    [message] = [read_changes(text) for text in intake.changes]
    assert (message.notified_at, message.attempt, message.retry_token) == (NOW, 0, "")
    assert message.changes == (Change(WATCH, "u-1", "E"),)
    assert (intake.accepted, intake.dropped, intake.jobs) == (1, Counter(), [])


def test_good_items_pass_whatever_stands_beside_them() -> None:
    """Ninety-nine good ones and one of each bad kind."""
    good = [item(f"E{number}") for number in range(99)]
    bad: list[object] = [
        None, 1, "x", [], item(clientState="x"), item(clientState=...), item(clientState=None), item(clientState=7),
        item(clientState="x" * 129), item(tenantId="another"), item(tenantId=["Tenant-1"]), item(changeType="unknown"),
        item(resource="https://evil.example/users/u/events/e"), item(resource="me/messages/1"), {},
        item(clientState=sign(WATCH, KEY)[:-1]), item(organizationId="another", tenantId=...),
    ]  # fmt: skip
    intake = taken(*bad, *good)
    assert [change.event_id for change in changes_of(intake)] == [f"E{number}" for number in range(99)]
    assert intake.accepted == 99
    assert intake.dropped == Counter(
        {"not-an-object": 4, "forged-client-state": 7, "foreign-tenant": 3, "not-understood": 3}
    )


def test_the_previous_key_is_accepted_and_a_stranger_s_is_not() -> None:
    """A rotation loses nothing."""
    stranger = Key("v2", b"another secret altogether!!", NOW)
    assert taken(item(key=PREVIOUS)).accepted == 1
    assert taken(item(key=stranger)).dropped == Counter({"forged-client-state": 1})


def test_the_watch_is_the_one_that_the_client_state_names() -> None:
    """Whatever subscription id stands beside it."""
    assert changes_of(taken(item(watch=OTHER, subscriptionId="of another"))) == [Change(OTHER, "u-1", "E")]


@pytest.mark.parametrize(
    "tenant", [{}, {"tenantId": ...}, {"tenantId": None}, {"tenantId": ..., "organizationId": "TENANT-1"}]
)
def test_a_tenant_may_be_left_out_and_is_compared_in_any_case(tenant: dict[str, Any]) -> None:
    """Only one that is given has to be ours."""
    assert taken(item(**tenant)).accepted == 1


def test_several_hints_of_one_event_become_one_change() -> None:
    """One action yields two to four of them; the same event of another watch is another event."""
    intake = taken(item(), item(changeType="created"), item(), item("F"), item(watch=OTHER))
    assert changes_of(intake) == [Change(WATCH, "u-1", "E"), Change(WATCH, "u-1", "F"), Change(OTHER, "u-1", "E")]
    assert intake.accepted == 5


@pytest.mark.parametrize("order", [["updated", "deleted"], ["deleted", "updated"], ["created", "deleted", "updated"]])
def test_that_it_was_deleted_outweighs_that_it_was_changed(order: list[str]) -> None:
    """In any order."""
    assert changes_of(taken(*(item(changeType=kind) for kind in order))) == [Change(WATCH, "u-1", "E", deleted=True)]


def test_lifecycle_items_go_to_the_repairs_and_changes_do_not() -> None:
    """Whichever URL they came to; the same one twice is one repair."""
    removed = item(lifecycleEvent="subscriptionRemoved", changeType=..., resource=..., resourceData=...)
    intake = taken(removed, item(), removed, item(lifecycleEvent="of tomorrow"))
    assert [repair for text in intake.jobs for repair in read_jobs(text)] == [Job(WATCH, "subscriptionRemoved", "s-1")]
    assert (len(changes_of(intake)), intake.dropped) == (1, Counter({"not-understood": 1}))


def test_a_forged_lifecycle_item_is_dropped() -> None:
    """It could have everybody's subscriptions made anew."""
    intake = taken(item(lifecycleEvent="subscriptionRemoved", clientState="forged"))
    assert (intake.jobs, intake.dropped) == ([], Counter({"forged-client-state": 1}))


def test_nothing_in_nothing_out() -> None:
    """An empty collection is fine and makes no message."""
    assert taken() == Intake([], [], 0, Counter())


def test_a_thousand_items_are_split_below_the_queues_limit() -> None:
    """64 KB with base64; every item is in exactly one message."""
    intake = taken(*(item(f"{number:0150d}") for number in range(1_000)))
    assert len(intake.changes) > 3
    assert all(len(base64.b64encode(text.encode())) <= 65_536 for text in intake.changes)
    assert len({change.event_id for change in changes_of(intake)}) == 1_000


def test_only_ids_and_moments_are_queued() -> None:
    """No title, no clientState, no other property."""
    intake = taken(item(), item(lifecycleEvent="missed"))
    text = "".join([*intake.changes, *intake.jobs])
    assert "canary" not in text
    assert sign(WATCH, KEY).rpartition(".")[2] not in text
    assert set(json.loads(intake.changes[0])["changes"][0]) == {"watch", "user", "event"}


def test_a_bad_body_is_refused_as_a_whole() -> None:
    """There is no item to look at."""
    with pytest.raises(BadBody):
        take_in(b"{}", [KEY], "tenant-1", NOW)


def test_without_a_key_nothing_is_accepted() -> None:
    """Never an open door."""
    body = json.dumps({"value": [item()]}).encode()
    assert take_in(body, [], "tenant-1", NOW).dropped == Counter({"forged-client-state": 1})
