"""Claims about two versions that run side by side or one after the other: work that one does not know is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Stack
from tests.support.relay import REPAIRS, WORK, ago
from tests.support.restartable_relay import free_port, relay_with
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

PORT = free_port()  # of all versions: they share an address
OLDER = {"AzureWebJobs.work_on_subscriptions.Disabled": "true"}  # as a version without the queue subscription-work


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack whose hosts the tests start, one after the other."""
    with Stack(tmp_path_factory.mktemp("rolling"), {"SETTLE_SECONDS": "1"}, host=False) as stack:
        yield stack


def _text_of(watch: dict[str, Any], kind: str, **more: str) -> str:
    """Return a message with one job."""
    job = {"watch": watch["id"], "kind": kind, "subscription": watch["graphSubscriptionId"], "attempt": 0, **more}
    return json.dumps({"v": 1, "repairs": [job]})


def test_work_that_an_older_version_does_not_read_is_done_by_the_newer(stack: Stack) -> None:
    """The evidence of a loss stays on its queue, nothing is deleted, and the newer version makes the new one."""
    with relay_with(stack, PORT, **OLDER) as older:
        watch = older.api.watch(older.mailbox())
        older.lose(watch)
        older.put(WORK, _text_of(watch, "lookup"))
        assert (older.depth(WORK) >= 2, older.has_due(WORK)) == (True, True)
        older.tenant.control("DELETE", "/calls")
    with relay_with(stack, PORT) as newer:
        eventually(lambda: newer.watches(watch["mailbox"])[0]["state"] == "live")
        assert newer.writes() == {"POST /subscriptions": 1}
        newer.book(watch["mailbox"])
        newer.in_step(watch["mailbox"])
        newer.queue(WORK).clear_messages()


def test_a_job_of_a_later_version_is_put_back_on_its_queue(stack: Stack) -> None:
    """On either queue it has no effect, and waits for a version that knows it."""
    with relay_with(stack, PORT) as relay:
        watch = relay.api.watch(relay.mailbox())
        relay.quiet()
        relay.tenant.control("DELETE", "/calls")
        for queue in (REPAIRS, WORK):
            relay.put(queue, _text_of(watch, "kind-of-later", field="of later"))
        eventually(lambda: not relay.has_due(REPAIRS) and not relay.has_due(WORK))
    for queue in (REPAIRS, WORK):  # the host has stopped: it holds none
        assert (relay.depth(queue), relay.has_due(queue)) == (1, False)
        relay.queue(queue).clear_messages()
    assert relay.tenant.control("GET", "/calls") == {}
    assert [each["id"] for each in relay.subscriptions(watch["mailbox"])] == [watch["graphSubscriptionId"]]


def test_a_job_that_no_version_knew_for_two_days_is_listed(stack: Stack) -> None:
    """As a dead letter; its queue is empty."""
    with relay_with(stack, PORT) as relay:
        watch = relay.api.watch(relay.mailbox())
        relay.put(WORK, _text_of(watch, "kind-of-later", since=ago(days=2)))
        listed = eventually(lambda: relay.api.call("GET", "/dead-letters", key="master").json()["value"])
        assert [item["reason"] for item in listed] == ["unreadable-message"]
        eventually(lambda: relay.depth(WORK) == 0)
