"""Queue triggers: polling, leases, retries and poison messages, as in the host's queue listener.

"Azure Queue storage trigger for Azure Functions": Poison messages, Polling algorithm, Concurrency, host.json.
"""

import asyncio
import base64
import contextlib
import json
import logging
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.functions.queue import QueueMessage
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueClient

from sandbox.host.invocation import InvocationFailed, Invoker
from sandbox.host.outputs import OutputWriter
from sandbox.host.plan import FunctionPlan, QueueOutput
from sandbox.host.settings import QueueOptions

_FIRST_POLL = 0.1
_POISON = "-poison"
_log = logging.getLogger("sandbox.host")


class QueueListener:
    """Runs one queue-triggered function. Raises SettingsError when its connection is not set."""

    def __init__(self, plan: FunctionPlan, invoker: Invoker, outputs: OutputWriter, options: QueueOptions) -> None:
        self._plan = plan
        self._invoker = invoker
        self._outputs = outputs
        self._options = options
        self._lease = options.lease
        self._stopping = False
        self._queue = str(plan.trigger["queueName"]).lower()
        self._connection = str(plan.trigger["connection"])
        self._client: QueueClient = outputs.client(self._queue, self._connection)
        self.running: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Poll until stopped, then finish the running messages.

        The next batch is fetched as soon as no more than newBatchThreshold messages are running.
        """
        delay = _FIRST_POLL
        written = self._outputs.written[self._queue]
        while not self._stopping:
            written.clear()
            messages = await self._receive()
            for message in messages:
                task = asyncio.create_task(self._work(message))
                self.running.add(task)
                task.add_done_callback(self.running.discard)
            while len(self.running) > self._options.new_batch_threshold:
                await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
            if messages:
                delay = _FIRST_POLL
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await written.wait()
            delay = min(delay * 2, self._options.max_polling_interval)
        if self.running:
            await asyncio.wait(self.running)

    def stop(self) -> None:
        """Stop polling, but never during a request: messages of a lost response would stay hidden for their lease."""
        self._stopping = True
        self._outputs.written[self._queue].set()

    async def _receive(self) -> list[StoredMessage]:
        """Receive up to batchSize messages; a queue that does not exist yet counts as empty."""
        pages = self._client.receive_messages(
            messages_per_page=self._options.batch_size, visibility_timeout=int(self._lease)
        ).by_page()
        try:
            return [message async for message in await anext(pages)]  # one page is one request
        except (ResourceNotFoundError, StopAsyncIteration):
            return []
        except AzureError as error:
            _log.error("polling queue %s failed: %s", self._queue, type(error).__name__)
            return []

    async def _work(self, message: StoredMessage) -> None:
        """Run the function on one message, then delete it, release it or move it to the poison queue."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(message, done))
        try:
            outcome = await self._run(message)
        finally:
            done.set()
            await renewing  # a renewal in progress changes the receipt that the last step needs
        try:
            await self._complete(message, outcome)
        except AzureError as error:
            # Another reader has the message, or storage is down: it reappears when the lease expires.
            _log.error("queue %s: completing message %s failed: %s", self._queue, message.id, error)

    async def _run(self, message: StoredMessage) -> str:
        """Run the function and return the outcome: "done", "failed" or "poison"."""
        if (message.dequeue_count or 0) > self._options.max_dequeue_count:
            return "poison"
        try:
            argument = self._argument(message)
        except ValueError:
            _log.error("queue %s: message %s is not base64 (see messageEncoding)", self._queue, message.id)
            return "poison"
        try:
            await self._invoker.invoke(self._plan, argument)
        except InvocationFailed:
            return "poison" if (message.dequeue_count or 0) >= self._options.max_dequeue_count else "failed"
        return "done"

    async def _complete(self, message: StoredMessage, outcome: str) -> None:
        """Delete the message, release it after visibilityTimeout, or copy it to the poison queue and then delete it."""
        if outcome == "failed" and not self._queue.endswith(_POISON):
            seconds = int(self._options.visibility_timeout)
            await self._client.update_message(message, visibility_timeout=seconds)
        elif outcome == "poison" and not self._queue.endswith(_POISON):
            poison = QueueOutput("", self._queue + _POISON, self._connection)
            _log.warning("queue %s: moving message %s to %s", self._queue, message.id, poison.queue)
            await self._outputs.write_encoded(poison, message.content)
            await self._client.delete_message(message)
        elif outcome == "done":
            await self._client.delete_message(message)
        # A failed message of a poison queue stays hidden for the rest of its lease, as in the host: no hot loop.

    async def _renew(self, message: StoredMessage, done: asyncio.Event) -> None:
        """Renew the lease at half its time until the work is done, and store the new receipt."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._lease / 2):
                    await done.wait()
                    return
            try:
                renewed = await self._client.update_message(message, visibility_timeout=int(self._lease))
                message.pop_receipt = renewed.pop_receipt
            except AzureError as error:
                _log.warning("queue %s: renewing message %s failed: %s", self._queue, message.id, error)

    def _argument(self, message: StoredMessage) -> QueueMessage:
        """Return the function's argument. Raises ValueError when the content has the wrong encoding."""
        body = _decoded(message.content) if self._options.base64 else message.content
        metadata: dict[str, Any] = {"id": message.id, "pop_receipt": message.pop_receipt}
        metadata |= {"dequeue_count": message.dequeue_count, "insertion_time": message.inserted_on}
        metadata |= {"expiration_time": message.expires_on, "time_next_visible": message.next_visible_on}
        return QueueMessage(body=body, **_overridden(metadata, body))  # type: ignore[no-untyped-call]  # the library's


def _decoded(content: str) -> str:
    """Decode base64; invalid UTF-8 becomes replacement characters, as in .NET."""
    return base64.b64decode(content, validate=True).decode("utf-8", "replace")


def _overridden(metadata: dict[str, Any], body: str) -> dict[str, Any]:
    """Replace the message's id by the "id" of a JSON object: the host binds properties of the body by name."""
    if not body.lstrip().startswith("{"):
        return metadata
    try:
        document = json.loads(body)
    except ValueError:
        return metadata
    own = next((value for key, value in document.items() if key.lower() == "id" and value is not None), None)
    return metadata if own is None else {**metadata, "id": str(own)}
