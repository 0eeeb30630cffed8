"""The processing of one message, with a queue that only records the calls."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from sandbox.host.invocation import InvocationFailed
from sandbox.host.outputs import OutputWriter
from sandbox.host.plan import FunctionPlan, QueueOutput
from sandbox.host.queues import QueueListener
from sandbox.host.settings import QueueOptions

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PLAN = FunctionPlan(
    name="work",
    function=print,
    is_async=True,
    trigger={"name": "msg", "queueName": "work", "connection": "S", "type": "queueTrigger"},
    bindings=(),
    out_parameters=(),
    queue_outputs=(),
    http_output=None,
    returns=False,
    takes_context=False,
)


class RecordingQueue:
    """A queue with one message; its poison queue may be out of order."""

    def __init__(self, *, dequeue_count: int = 1, poison_works: bool = True) -> None:
        self.calls: list[str] = []
        self.written: dict[str, asyncio.Event] = {"work": asyncio.Event()}
        self._poison_works = poison_works
        self.polls = 0
        self.messages = [
            SimpleNamespace(
                id="1",
                content="YQ==",
                dequeue_count=dequeue_count,
                pop_receipt="receipt 0",
                inserted_on=NOW,
                expires_on=NOW,
                next_visible_on=NOW,
            )
        ]

    def client(self, queue: str, connection: str) -> "RecordingQueue":
        """Stand in for the writer's client, too."""
        assert (queue, connection) == ("work", "S")
        return self

    async def write_encoded(self, output: Any, text: str) -> None:
        """Record a message for the poison queue."""
        if not self._poison_works:
            raise ServiceRequestError("out of order")
        self.calls.append(f"{output.queue} {text}")

    def receive_messages(self, **_: Any) -> "RecordingQueue":
        """Return the pages."""
        return self

    async def by_page(self) -> AsyncIterator[AsyncIterator[Any]]:
        """Yield the only page."""
        yield self._page()

    async def _page(self) -> AsyncIterator[Any]:
        """Yield the message once."""
        self.polls += 1
        while self.messages:
            yield self.messages.pop()

    async def update_message(self, message: Any, visibility_timeout: int) -> Any:
        """Return a new receipt for the current one."""
        self.calls.append(f"update {message.pop_receipt} {visibility_timeout}")
        await asyncio.sleep(0.01)  # the function ends meanwhile: the deletion must still use the new receipt
        return SimpleNamespace(pop_receipt=f"receipt {len(self.calls)}")

    async def delete_message(self, message: Any) -> None:
        """Record a deletion."""
        self.calls.append(f"delete {message.pop_receipt}")


class Invoker:
    """Runs until the queue has been called a number of times, then fails if `fails` is set."""

    def __init__(self, queue: RecordingQueue, calls: int, *, fails: bool = False) -> None:
        self._queue = queue
        self._calls = calls
        self._fails = fails
        self.ran = 0

    async def invoke(self, _plan: FunctionPlan, _argument: Any) -> None:
        """Wait for the renewals."""
        self.ran += 1
        while len(self._queue.calls) < self._calls:
            await asyncio.sleep(0)
        if self._fails:
            raise InvocationFailed("work")


def listener_of(invoker: Invoker, queue: RecordingQueue, options: QueueOptions) -> QueueListener:
    """Return a listener on the fakes."""
    return QueueListener(PLAN, invoker, queue, options)  # type: ignore[arg-type]  # fakes with only what it calls


async def _processed(queue: RecordingQueue, invoker: Invoker, lease: float = 600.0) -> None:
    """Listen until the message has been processed."""
    listener = listener_of(invoker, queue, QueueOptions(lease=lease, visibility_timeout=7))
    listening = asyncio.create_task(listener.listen())
    while not listener.running:
        await asyncio.sleep(0)
    listener.stop()
    await listening
    assert not listener.running


def test_a_lease_is_renewed_while_the_function_runs() -> None:
    """Each renewal uses the receipt of the previous one, and so does the deletion at the end."""
    queue = RecordingQueue()
    asyncio.run(_processed(queue, Invoker(queue, calls=2), lease=0.02))
    assert queue.calls == ["update receipt 0 0", "update receipt 1 0", "delete receipt 2"]


@pytest.mark.parametrize(
    ("dequeue_count", "expected"),
    [(4, ["update receipt 0 7"]), (5, ["work-poison YQ==", "delete receipt 0"])],
)
def test_a_failed_message_is_retried_or_moved_to_poison(dequeue_count: int, expected: list[str]) -> None:
    """The fourth failure hides the message for visibilityTimeout, the fifth moves it immediately."""
    queue = RecordingQueue(dequeue_count=dequeue_count)
    asyncio.run(_processed(queue, Invoker(queue, calls=0, fails=True)))
    assert queue.calls == expected


def test_a_write_of_this_host_wakes_the_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message written by this host is fetched immediately, however late the next poll is."""
    monkeypatch.setattr("sandbox.host.queues._FIRST_POLL", 600.0)
    queue = RecordingQueue()
    invoker = Invoker(queue, calls=0)

    async def scenario() -> None:
        kept, queue.messages = queue.messages, []
        listener = listener_of(invoker, queue, QueueOptions(max_polling_interval=600.0))
        listening = asyncio.create_task(listener.listen())
        while queue.polls < 1:
            await asyncio.sleep(0)
        queue.messages = kept
        queue.written["work"].set()
        while not queue.calls:
            await asyncio.sleep(0)
        listener.stop()
        await listening

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert queue.calls == ["delete receipt 0"]


@pytest.mark.server
def test_an_output_notifies_the_listeners_of_its_queue(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listeners of other queues are not notified."""
    monkeypatch.setenv("AzureWebJobsStorage", storage)

    async def scenario() -> dict[str, bool]:
        writer = OutputWriter(base64_encoded=True)
        await writer.write([(QueueOutput("out", "written", "AzureWebJobsStorage"), "text")])
        await writer.close()
        return {name: writer.written[name].is_set() for name in ("written", "other")}

    assert asyncio.run(scenario()) == {"written": True, "other": False}


def test_a_message_over_its_last_try_is_moved_without_a_run() -> None:
    """A host that died in each of five tries could not move it: the sixth dequeue does."""
    queue = RecordingQueue(dequeue_count=6)
    invoker = Invoker(queue, calls=0)
    asyncio.run(_processed(queue, invoker))
    assert (invoker.ran, queue.calls) == (0, ["work-poison YQ==", "delete receipt 0"])


def test_a_message_stays_when_the_poison_queue_is_out_of_order() -> None:
    """It is deleted only after it is on the poison queue."""
    queue = RecordingQueue(dequeue_count=6, poison_works=False)
    asyncio.run(_processed(queue, Invoker(queue, calls=0)))
    assert queue.calls == []
