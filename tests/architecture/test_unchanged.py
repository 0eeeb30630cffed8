"""What the host reads, messages, stored rows and every derived id are the same as before the restructure.

The reference files were written from the code of commit 7627993 (before/collect.py). Renamed fields are compared by
position. A message or row of the previous version must have the same meaning for the next one.
"""

from __future__ import annotations

from typing import Any

import pytest

from shared.calendars.requests import read_event_query
from shared.graph.client_state import Key, Verified, verified
from tests.architecture.outward import as_json, in_order, reference
from tests.architecture.outward_functions import functions_now
from tests.architecture.outward_ids import KINDS, NOON, id_of
from tests.architecture.outward_messages import digests_of, read_by, written_by

# The functions that the relay has since; tests/architecture/test_import.py has their bindings.
ADDED = {
    "work_on_subscriptions", "keep_poisoned_work", "list_unknown_subscriptions", "delete_unknown_subscriptions",
    "list_unknown_subscriptions_entra", "delete_unknown_subscriptions_entra", "version",
    "stop_relay", "stop_relay_entra", "start_relay", "start_relay_entra",
    "forget_mailbox", "forget_mailbox_entra",
    "create_many_subscriptions", "create_many_subscriptions_entra", "create_room_list", "create_room_list_entra",
    "query_subscriptions", "query_subscriptions_entra", "query_slots", "query_slots_entra",
    "query_booking_availability", "query_booking_availability_entra", "follow_appointments",
    "get_problem", "zz_unknown",
}  # fmt: skip
# An event that the partner never had is no longer reported as deleted.
NOT_DELIVERED = [{"kind": "deliveries", "given": ["AAMkAGI1AAAt9AHjAAA=", ""]}]
FUNCTIONS, IDS, MESSAGES = reference("functions"), reference("ids"), reference("messages")


def ids_of(kind: str) -> list[dict[str, Any]]:
    """Return the examples of a kind."""
    return [example for example in IDS if example["kind"] == kind]


def test_the_host_indexes_the_same_functions() -> None:
    """With all features: names, triggers, routes, methods, levels, queues, connections, schedules and outputs."""
    now = functions_now("relay,calendars,scheduling,bookings")
    assert {name: bindings for name, bindings in now.items() if name not in ADDED} == FUNCTIONS["all"]
    assert now.keys() - FUNCTIONS["all"].keys() == ADDED


def test_without_features_the_host_indexes_the_same_functions() -> None:
    """Each with the same metadata as with all features."""
    now = {name: bindings for name, bindings in functions_now("").items() if name not in ADDED}
    assert sorted(now) == FUNCTIONS["none"]
    assert now == {name: FUNCTIONS["all"][name] for name in FUNCTIONS["none"]}


@pytest.mark.parametrize("example", IDS, ids=lambda example: f"{example['kind']}-{len(example['given'])}")
def test_every_derived_id_stays(example: dict[str, Any]) -> None:
    """A different id would be delivered twice, stored twice, or never read again."""
    is_delivered = {name: example[name] for name in ("kind", "given")} not in NOT_DELIVERED
    assert as_json(id_of(example["kind"], example["given"])) == (example["id"] if is_delivered else [])


def test_there_is_an_example_of_every_kind_of_id() -> None:
    """And two with different ids for each kind, so that the inputs matter."""
    assert {example["kind"] for example in IDS} == set(KINDS)
    assert all(ids_of(kind)[0]["id"] != ids_of(kind)[-1]["id"] for kind in KINDS)


def test_a_client_state_of_before_still_verifies() -> None:
    """That of an existing subscription; one that differs by a letter does not."""
    for example in ids_of("client state"):
        (watch_id, version, secret), text = example["given"], example["id"]
        keys = [Key("v0", b"another", NOON), Key(version, secret.encode(), NOON)]
        assert verified(text, keys) == Verified(watch_id, None)
        assert verified(text.swapcase(), keys) is None


def test_a_page_token_of_before_still_works() -> None:
    """A caller may hold a nextLink during an update."""
    window = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-21T12:00:00Z"}
    for example in ids_of("page"):
        name, value = example["given"]
        assert in_order(read_event_query({**window, "after": example["id"]}, 10))[-1] == {name: value}


@pytest.mark.parametrize("example", MESSAGES["written"], ids=lambda example: example["kind"])
def test_a_message_is_written_and_read_as_before(example: dict[str, Any]) -> None:
    """Messages stay on the queues for up to seven days, across an update and a rollback."""
    assert written_by(example["kind"], example["given"]) == example["texts"]
    for text in example["texts"]:
        assert read_by(example["kind"], text) == example["read"]


@pytest.mark.parametrize("example", MESSAGES["older"], ids=lambda example: example["kind"])
def test_an_older_message_is_read_as_before(example: dict[str, Any]) -> None:
    """One without a key, or with an extra one."""
    assert as_json(read_by(example["kind"], example["text"])) == example["read"]


def test_many_changes_are_split_as_before() -> None:
    """Into the same texts."""
    assert digests_of(MESSAGES["many"]["number"]) == MESSAGES["many"]["digests"]
    assert len(MESSAGES["many"]["digests"]) > 1
