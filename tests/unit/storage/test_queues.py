"""The queues that the relay writes to, on the real Azurite."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import QueueClient, QueueMessage

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.storage.connection import StorageAccount
from shared.storage.queues import LONGEST_DELAY, NEVER, Queue
from tests.support.waiting import eventually

pytestmark = pytest.mark.server


@pytest.fixture
def queue(account: StorageAccount, queue_name: str) -> Queue:
    """Return a queue that does not exist yet."""
    client = account.queue(queue_name)
    return Queue(lambda: client)


def test_the_first_message_creates_the_queue(account: StorageAccount, queue: Queue, queue_name: str) -> None:
    """Nothing must be prepared; until then its depth is 0."""
    assert queue.depth() == 0
    queue.put("møte 📅")
    assert queue.depth() == 1
    message = account.queue(queue_name).receive_message()
    assert message is not None
    assert base64.b64decode(message.content).decode() == "møte 📅"  # as the host expects it


def test_a_delay_hides_a_message(account: StorageAccount, queue: Queue, queue_name: str) -> None:
    """The delay is rounded up to whole seconds, and the message still counts."""
    queue.put("later", 0.2)
    assert account.queue(queue_name).receive_message() is None
    assert queue.depth() == 1
    eventually(lambda: account.queue(queue_name).receive_message() is not None)


def test_due_messages_are_peeked(account: StorageAccount, queue: Queue, queue_name: str) -> None:
    """Each with its time; a delayed message is not due, and a queue that does not exist has none."""
    assert queue.due() == []
    before = datetime.now(UTC)
    queue.put("now")
    queue.put("later", 3600)
    [(text, since)] = queue.due()
    assert base64.b64decode(text) == b"now"
    assert abs((since - before).total_seconds()) < 60
    assert account.queue(queue_name).receive_message() is not None


class Client(QueueClient):
    """A queue's client that records what is sent, or fails."""

    def __init__(self, status: int | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.status = status

    def send_message(self, content: object, **given: Any) -> QueueMessage:
        """Record the message or fail."""
        if self.status:
            error = HttpResponseError("canary")
            error.status_code = self.status
            raise error
        self.sent.append(given)
        return QueueMessage(content)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(0, 0), (-5, 0), (0.01, 1), (1.0, 1), (59.5, 60), (1e9, LONGEST_DELAY), (LONGEST_DELAY, LONGEST_DELAY)],
)
def test_a_message_never_expires_and_its_delay_is_capped(delay: float, seconds: int) -> None:
    """Storage accepts at most seven days."""
    client = Client()
    Queue(lambda: client).put("x", delay)
    assert client.sent == [{"visibility_timeout": seconds, "time_to_live": NEVER}]
    assert LONGEST_DELAY < 7 * 24 * 3600
    assert NEVER == -1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, ConfigurationError), (401, ConfigurationError), (413, ServiceUnavailable), (500, ServiceUnavailable)],
)
def test_a_failure_becomes_an_error_of_the_relay(status: int, kind: type[Exception]) -> None:
    """The error quotes nothing."""
    with pytest.raises(kind) as caught:
        Queue(lambda: Client(status)).put("x")
    assert "canary" not in str(caught.value)
