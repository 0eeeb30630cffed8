"""The functions of the two queues of jobs and of their poison queues."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from functions import jobs, poison
from shared.messages import Job, write_jobs
from tests.support.fake_queues import FakeJobs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MESSAGE = [Job("w", "lookup", "s"), Job("w", "audit")]


class Relay:
    """Records what the functions hand on, and to which queue it belongs."""

    def __init__(self) -> None:
        self.jobs, self.work = FakeJobs(), FakeJobs()
        self.job_runner = self.poison_messages = self.overdue_run = self
        self.ran: list[tuple[object, object]] = []
        self.looks = 0

    def run_jobs(self, wanted: list[Job], queue: FakeJobs | None = None, queued_at: object = None) -> None:
        """Record jobs."""
        assert queued_at == NOON
        self.ran.append((wanted, queue or self.jobs))

    def keep_jobs(self, text: str, queue: FakeJobs | None = None) -> None:
        """Record a message."""
        self.ran.append((text, queue or self.jobs))

    def ensure(self) -> None:
        """Count a look at the time of the timer's last run."""
        self.looks += 1


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Relay:
    """Return the relay that the functions use."""
    made = Relay()
    for module in (jobs, poison):
        monkeypatch.setattr(module, "relay", lambda: made)
    return made


class Message:
    """A message as the host passes it on."""

    def __init__(self, body: bytes) -> None:
        self.body, self.insertion_time = body, NOON

    def get_body(self) -> bytes:
        """Return the body."""
        return self.body


def run(function: Any, body: bytes) -> None:
    """Run a queue-triggered function as the host does."""
    user_function: Callable[[Message], None] = function._function.get_user_function()
    user_function(Message(body))


def test_each_queue_of_jobs_has_its_function(relay: Relay) -> None:
    """A job that must wait goes back to the queue that it came from. Each message leads to a look at the timer."""
    [text] = write_jobs(MESSAGE)
    run(jobs.repair_mailboxes, text.encode())
    run(jobs.work_on_subscriptions, text.encode())
    assert relay.ran == [(MESSAGE, relay.jobs), (MESSAGE, relay.work)]
    assert relay.looks == 2


@pytest.mark.parametrize(("body", "text"), [(b"{}", "{}"), (b"\xff", "\ufffd")])
def test_each_poison_queue_of_jobs_has_its_function(relay: Relay, body: bytes, text: str) -> None:
    """Bytes that are no UTF-8 do not fail: the message would never leave the poison queue."""
    run(poison.keep_poisoned_repairs, body)
    run(poison.keep_poisoned_work, body)
    assert relay.ran == [(text, relay.jobs), (text, relay.work)]
