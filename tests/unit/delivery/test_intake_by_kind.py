"""What a clientState opens, by the kind of delivery that it names."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.delivery.intake import Intake, take_in
from shared.graph.client_state import Key, new_nonce, sign
from shared.graph.notification import LIFECYCLE_EVENTS
from shared.messages import Change, Job, read_changes, read_jobs

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEY = Key("v2", b"the secret of the relay now", NOW - timedelta(days=1))
WATCH = "a" * 32
DIRECT = sign(WATCH, KEY, "direct", "aB3-_x9Z0q1w")
RELAY = sign(WATCH, KEY, "relay", "q1w-_x9Z0aB3")
FORMER = sign(WATCH, KEY, "direct", "")  # of an earlier version, told to the partner or not


def change(state: str, kind: str = "updated", subscription: str = "s-1") -> dict[str, Any]:
    """Return a change notification."""
    return {"subscriptionId": subscription, "clientState": state, "changeType": kind, "tenantId": "tenant-1",
            "resource": "Users/u-1/Events/E", "resourceData": {"id": "E"}}  # fmt: skip


def lifecycle(state: str, kind: str, subscription: str = "s-1") -> dict[str, Any]:
    """Return a lifecycle notification."""
    return {"subscriptionId": subscription, "clientState": state, "lifecycleEvent": kind, "tenantId": "tenant-1"}


def taken(*items: object) -> Intake:
    """Take in a request body with these notifications."""
    return take_in(json.dumps({"value": items}).encode(), [KEY], "tenant-1", NOW)


def kinds_of(intake: Intake) -> list[str]:
    """Return the kinds of the jobs that were queued."""
    return [job.kind for text in intake.jobs for job in read_jobs(text)]


@pytest.mark.parametrize("kind", ["created", "updated", "deleted"])
def test_a_change_with_a_direct_client_state_is_dropped_and_counted(kind: str) -> None:
    """The partner knows that clientState, and Graph never sends changes of such a subscription to the relay."""
    assert taken(change(DIRECT, kind)) == Intake([], [], 0, Counter({"direct-watch": 1}))


def test_a_lifecycle_event_with_a_direct_client_state_becomes_a_job() -> None:
    """The relay renews and recreates the subscription with direct delivery, too."""
    intake = taken(*(lifecycle(DIRECT, kind) for kind in ("reauthorizationRequired", "subscriptionRemoved")))
    jobs = [job for text in intake.jobs for job in read_jobs(text)]
    assert jobs == [Job(WATCH, kind, "s-1", at=NOW) for kind in ("reauthorizationRequired", "subscriptionRemoved")]
    assert (intake.accepted, intake.dropped) == (2, Counter())


def test_missed_with_a_direct_client_state_is_accepted_and_queues_nothing() -> None:
    """The partner reads the calendar itself. Graph does send it, so it is no attack and is not counted as dropped."""
    assert taken(lifecycle(DIRECT, "missed")) == Intake([], [], 1, Counter())


def test_an_item_with_both_kinds_does_not_pass_a_change() -> None:
    """With a lifecycle event it is a lifecycle event, whatever else it has."""
    intake = taken(change(DIRECT) | {"lifecycleEvent": "missed"}, change(DIRECT) | {"lifecycleEvent": "exploded"})
    assert intake == Intake([], [], 1, Counter({"not-understood": 1}))


@pytest.mark.parametrize("state", [RELAY, FORMER])
def test_with_delivery_by_the_relay_everything_is_accepted(state: str) -> None:
    """And with the form of earlier versions, which names no kind, so that their subscriptions go on."""
    intake = taken(change(state), *(lifecycle(state, kind) for kind in sorted(LIFECYCLE_EVENTS)))
    assert [read_changes(text).changes for text in intake.changes] == [(Change(WATCH, "u-1", "E"),)]
    assert kinds_of(intake) == sorted(LIFECYCLE_EVENTS)
    assert (intake.accepted, intake.dropped) == (4, Counter())


def test_a_single_post_may_hold_items_of_every_kind() -> None:
    """Each is judged by its own clientState, also for one watch and one event."""
    intake = taken(change(DIRECT, "deleted"), change(RELAY), change("forged"), lifecycle(DIRECT, "missed"))
    assert [read_changes(text).changes for text in intake.changes] == [(Change(WATCH, "u-1", "E"),)]
    assert (intake.accepted, intake.dropped) == (2, Counter({"direct-watch": 1, "forged-client-state": 1}))


def test_a_former_subscription_of_a_watch_still_notifies() -> None:
    """Neither the nonce nor the subscription's id is compared, because that would need a read of storage."""
    states = [sign(WATCH, KEY, "relay", new_nonce()) for _ in range(3)]
    intake = taken(*(change(state, subscription=f"s-{number}") for number, state in enumerate([*states, FORMER])))
    assert (intake.accepted, intake.dropped) == (4, Counter())


def test_a_direct_client_state_of_another_tenant_or_shape_is_dropped_for_its_own_reason() -> None:
    """The kind is the last thing that is checked."""
    intake = taken(change(DIRECT) | {"tenantId": "other"}, change(DIRECT) | {"resource": "me/messages/1"})
    assert intake.dropped == Counter({"foreign-tenant": 1, "not-understood": 1})
