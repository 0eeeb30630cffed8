"""Claims about subscriptions that no watch names, on the running stack: counted, shown, and deleted only by request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError

from shared.messages import Job, write_jobs
from shared.storage.queues import WORK
from tests.support.command_line import CommandLine
from tests.support.relay import Relay
from tests.support.waiting import eventually

PATH = "/relay/unknown-subscriptions"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a separate stack, because an unknown subscription makes its health fail."""
    with Relay.running(tmp_path_factory.mktemp("unknown")) as relay:
        yield relay


def _listed(relay: Relay) -> dict[str, Any]:
    answer = relay.api.call("GET", PATH, key="master")
    assert answer.status_code == 200, answer.text
    listed: dict[str, Any] = answer.json()
    return listed


def _audit(relay: Relay) -> None:
    """Audit now: without its state an audit is due."""
    relay.table("watches").delete_entity("audit", "0" * 32)
    (text,) = write_jobs([Job("", "audit")])
    with suppress(ResourceExistsError):
        relay.queue(WORK).create_queue()
    relay.put(WORK, text)
    eventually(lambda: _listed(relay)["asOf"])


def test_a_lost_row_costs_no_subscription(relay: Relay) -> None:
    """The subscription is counted and lives on; the command deletes it by request only."""
    address, cli = relay.watched(), CommandLine(relay)
    (watch,) = relay.watches(address)
    relay.table("watches").delete_entity("watch", watch["id"])
    _audit(relay)
    (item,) = _listed(relay)["value"]
    assert (item["mailbox"], item["graphSubscriptionId"]) == (address, watch["graphSubscriptionId"])
    assert len(relay.subscriptions(address)) == 1
    check = eventually(lambda: _failed(relay))
    assert address in check["detail"]
    shown = cli("subscriptions", "--unknown", "--delete")
    assert (shown.code, address in shown.out) == (1, True)
    assert len(relay.subscriptions(address)) == 1
    done = cli("subscriptions", "--unknown", "--delete", "--yes", "--json")
    assert (done.code, done.content) == (0, {"deleted": 1, "ended": 0, "kept": [], "remaining": 0}), done.err
    assert (relay.subscriptions(address), _listed(relay)["count"]) == ([], 0)
    assert "relay.audit: delete-unknown-subscriptions by master key: number=1" in relay.stack.host.log.read_text()


def test_a_row_that_cannot_be_read_forbids_the_deletion(relay: Relay) -> None:
    """409 with a stable code."""
    (watch,) = relay.watches(relay.watched())
    row = {"PartitionKey": "watch", "RowKey": watch["id"], "created": "no time"}
    relay.table("watches").update_entity(row)
    answer = relay.api.call("DELETE", PATH, key="master")
    relay.table("watches").update_entity(row | {"created": "2026-11-20T10:00:00+00:00"})
    assert (answer.status_code, answer.json()["code"]) == (409, "watches_unreadable")


def _failed(relay: Relay) -> dict[str, Any]:
    check: dict[str, Any] = relay.api.call("GET", "/health/checks").json()["checks"]["unknownSubscriptions"]
    return check if check["ok"] is False else {}
