"""Intake: each notification is checked by itself, by its clientState, and only ids are queued."""

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
WATCH, OTHER, NONCE = "a" * 32, "b" * 32, "aB3-_x9Z0q1w"


def item(event: str = "E", *, watch: str = WATCH, key: Key = KEY, **changes: Any) -> dict[str, Any]:
    """Return a notification as Graph sends it; a change to `...` removes a property."""
    path = f"Users/u-1/Events/{event}"
    basic = {"subscriptionId": "s-1", "subscriptionExpirationDateTime": "2026-11-27T09:00:00Z", "changeType": "updated",
             "resource": path, "clientState": sign(watch, key, "relay", NONCE), "tenantId": "Tenant-1",
             "subject": "canary", "resourceData": {"@odata.id": path, "id": event, "subject": "canary"}}  # fmt: skip
    return {name: value for name, value in (basic | changes).items() if value is not ...}


def taken(*items: object) -> Intake:
    """Take in a request body with these notifications."""
    return take_in(json.dumps({"value": items}).encode(), [KEY, PREVIOUS], "tenant-1", NOW)


def changes_of(intake: Intake) -> list[Change]:
    """Return the changes that were queued."""
    return [change for text in intake.changes for change in read_changes(text).changes]


def test_a_valid_notification_becomes_a_change() -> None:
    """The message has watch, user and event; its time is the time of arrival."""
    intake = taken(item())
    [message] = [read_changes(text) for text in intake.changes]
    assert (message.notified_at, message.attempt, message.retry_token) == (NOW, 0, "")
    assert message.changes == (Change(WATCH, "u-1", "E"),)
    assert (intake.accepted, intake.dropped, intake.jobs) == (1, Counter(), [])


def test_valid_notifications_pass_beside_invalid_notifications() -> None:
    """Ninety-nine valid notifications pass, and each kind of invalid one is dropped."""
    good = [item(f"E{number}") for number in range(99)]
    bad: list[object] = [
        None, 1, "x", [], item(clientState="x"), item(clientState=...), item(clientState=None), item(clientState=7),
        item(clientState="x" * 129), item(tenantId="another"), item(tenantId=["Tenant-1"]), item(changeType="unknown"),
        item(resource="https://evil.example/users/u/events/e"), item(resource="me/messages/1"), {},
        item(clientState=sign(WATCH, KEY, "relay", NONCE)[:-1]), item(organizationId="another", tenantId=...),
    ]  # fmt: skip
    intake = taken(*bad, *good)
    assert [change.event_id for change in changes_of(intake)] == [f"E{number}" for number in range(99)]
    assert intake.accepted == 99
    assert intake.dropped == Counter(
        {"not-an-object": 4, "forged-client-state": 7, "foreign-tenant": 3, "not-understood": 3}
    )


def test_the_previous_key_is_accepted_and_a_foreign_key_is_not() -> None:
    """A rotation of the key loses no notification."""
    foreign = Key("v2", b"another secret altogether!!", NOW)
    assert taken(item(key=PREVIOUS)).accepted == 1
    assert taken(item(key=foreign)).dropped == Counter({"forged-client-state": 1})


def test_the_client_state_decides_the_watch() -> None:
    """The subscription id of the notification is not used."""
    assert changes_of(taken(item(watch=OTHER, subscriptionId="of another"))) == [Change(OTHER, "u-1", "E")]


@pytest.mark.parametrize(
    "tenant", [{}, {"tenantId": ...}, {"tenantId": None}, {"tenantId": ..., "organizationId": "TENANT-1"}]
)
def test_a_tenant_id_is_optional_and_case_insensitive(tenant: dict[str, Any]) -> None:
    """A tenant id that is given must be the relay's."""
    assert taken(item(**tenant)).accepted == 1


def test_several_notifications_of_an_event_become_a_single_change() -> None:
    """Graph sends two to four for one action; the same event id of another watch is another event."""
    intake = taken(item(), item(changeType="created"), item(), item("F"), item(watch=OTHER))
    assert changes_of(intake) == [Change(WATCH, "u-1", "E"), Change(WATCH, "u-1", "F"), Change(OTHER, "u-1", "E")]
    assert intake.accepted == 5


@pytest.mark.parametrize("order", [["updated", "deleted"], ["deleted", "updated"], ["created", "deleted", "updated"]])
def test_a_deletion_outweighs_a_change_of_the_same_event(order: list[str]) -> None:
    """The order of the notifications does not matter."""
    assert changes_of(taken(*(item(changeType=kind) for kind in order))) == [Change(WATCH, "u-1", "E", deleted=True)]


def test_lifecycle_notifications_become_jobs() -> None:
    """The URL that they came to does not matter; a repeated notification becomes one job, with the time of arrival."""
    removed = item(lifecycleEvent="subscriptionRemoved", changeType=..., resource=..., resourceData=...)
    intake = taken(removed, item(), removed, item(lifecycleEvent="of tomorrow"))
    expected = [Job(WATCH, "subscriptionRemoved", "s-1", at=NOW)]
    assert [job for text in intake.jobs for job in read_jobs(text)] == expected
    assert (len(changes_of(intake)), intake.dropped) == (1, Counter({"not-understood": 1}))


def test_a_forged_lifecycle_notification_is_dropped() -> None:
    """Otherwise anyone could make the relay create subscriptions again."""
    intake = taken(item(lifecycleEvent="subscriptionRemoved", clientState="forged"))
    assert (intake.jobs, intake.dropped) == ([], Counter({"forged-client-state": 1}))


def test_an_empty_collection_makes_no_message() -> None:
    """An empty collection is valid."""
    assert taken() == Intake([], [], 0, Counter())


def test_a_thousand_notifications_are_split_below_the_queue_limit() -> None:
    """A message has at most 64 KB in base64; every change is in exactly one message."""
    intake = taken(*(item(f"{number:0150d}") for number in range(1_000)))
    assert len(intake.changes) > 3
    assert all(len(base64.b64encode(text.encode())) <= 65_536 for text in intake.changes)
    assert len({change.event_id for change in changes_of(intake)}) == 1_000


def test_only_ids_and_times_are_queued() -> None:
    """No title, no clientState and no other property is queued."""
    intake = taken(item(), item(lifecycleEvent="missed"))
    text = "".join([*intake.changes, *intake.jobs])
    assert "canary" not in text
    assert sign(WATCH, KEY, "relay", NONCE).rpartition(".")[2] not in text
    assert set(json.loads(intake.changes[0])["changes"][0]) == {"watch", "user", "event"}


def test_a_malformed_body_is_rejected_as_a_whole() -> None:
    """A body without a collection has no notification to check."""
    with pytest.raises(BadBody):
        take_in(b"{}", [KEY], "tenant-1", NOW)


def test_without_a_key_nothing_is_accepted() -> None:
    """Without a key every notification counts as forged."""
    body = json.dumps({"value": [item()]}).encode()
    assert take_in(body, [], "tenant-1", NOW).dropped == Counter({"forged-client-state": 1})
