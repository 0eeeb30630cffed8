"""Claims about the queues that we write to ourselves, on the real Azurite."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.storage.connection import StorageAccount
from shared.storage.queues import LONGEST_DELAY, NEVER, Queue

pytestmark = pytest.mark.server


@pytest.fixture
def queue(account: StorageAccount, queue_name: str) -> Queue:
    """Return a queue that has not been made yet."""
    client = account.queue(queue_name)
    return Queue(lambda: client)


def test_a_queue_is_made_when_the_first_message_is_put(account: StorageAccount, queue: Queue, queue_name: str) -> None:
    """Nobody has to prepare anything; before that its depth is 0."""
    assert queue.depth() == 0
    queue.put("møte 📅")
    assert queue.depth() == 1
    message = account.queue(queue_name).receive_message()
    assert message is not None
    assert base64.b64decode(message.content).decode() == "møte 📅"  # as the host expects it


def test_a_delay_hides_a_message(account: StorageAccount, queue: Queue, queue_name: str) -> None:
    """It is rounded up to whole seconds, and still counts as there."""
    queue.put("later", 0.2)
    assert account.queue(queue_name).receive_message() is None
    assert queue.depth() == 1
    deadline = time.monotonic() + 5
    while (message := account.queue(queue_name).receive_message()) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert message is not None


def test_what_is_due_is_seen_and_not_taken(account: StorageAccount, queue: Queue, queue_name: str) -> None:
    """With its moment; what is delayed is not due, and a queue that is not made yet holds nothing."""
    assert queue.due() == []
    before = datetime.now(UTC)
    queue.put("now")
    queue.put("later", 3600)
    [(text, since)] = queue.due()
    assert base64.b64decode(text) == b"now"
    assert abs((since - before).total_seconds()) < 60
    assert account.queue(queue_name).receive_message() is not None


class Client:
    """A queue's client that notes what is sent, or fails."""

    def __init__(self, status: int | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.status = status

    def send_message(self, _text: str, **given: Any) -> None:
        """Note or fail."""
        if self.status:
            error = HttpResponseError("canary")
            error.status_code = self.status
            raise error
        self.sent.append(given)

    def get_queue_properties(self) -> Any:
        """Tell no depth."""
        return SimpleNamespace(approximate_message_count=None)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(0, 0), (-5, 0), (0.01, 1), (1.0, 1), (59.5, 60), (1e9, LONGEST_DELAY), (LONGEST_DELAY, LONGEST_DELAY)],
)
def test_a_message_never_runs_out_and_no_delay_is_too_long(delay: float, seconds: int) -> None:
    """Seven days are the longest that storage takes."""
    client = Client()
    Queue(lambda: client).put("x", delay)  # type: ignore[arg-type, return-value]  # a fake
    assert client.sent == [{"visibility_timeout": seconds, "time_to_live": NEVER}]
    assert LONGEST_DELAY < 7 * 24 * 3600
    assert NEVER == -1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, ConfigurationError), (401, ConfigurationError), (413, ServiceUnavailable), (500, ServiceUnavailable)],
)
def test_a_failure_is_one_of_ours(status: int, kind: type[Exception]) -> None:
    """And quotes nothing."""
    with pytest.raises(kind) as caught:
        Queue(lambda: Client(status)).put("x")  # type: ignore[arg-type, return-value]  # a fake
    assert "canary" not in str(caught.value)
