"""Queue output bindings: convert values to messages and put them on the queue."""

import asyncio
import base64
import contextlib
import json
import os
from collections import defaultdict
from typing import Any

import azure.functions as func
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from sandbox.host.plan import QueueOutput
from sandbox.host.settings import SettingsError

_MAX_ENCODED = 64 * 1024


class OutputWriter:
    """Writes queue outputs, and wakes this host's own listeners of that queue.

    `base64_encoded` is host.json's messageEncoding.
    """

    def __init__(self, *, base64_encoded: bool) -> None:
        self.written: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._base64 = base64_encoded
        self._clients: dict[tuple[str, str], QueueClient] = {}

    async def write(self, values: list[tuple[QueueOutput, Any]]) -> None:
        """Put each message of each output's value on its queue; all are encoded before the first is sent.

        Raises ValueError for an invalid message (over 64 KiB once encoded, broken JSON), TypeError for an unsupported
        value, and the storage library's errors.
        """
        texts = [(out, self._encode(message)) for out, value in values for message in messages_of(value)]
        for output, text in texts:
            await self.write_encoded(output, text)

    async def write_encoded(self, output: QueueOutput, text: str) -> None:
        """Put a message on a queue unchanged: a poison message keeps its encoding, valid or not."""
        await self._send(self.client(output.queue, output.connection), text)
        self.written[output.queue].set()

    def client(self, queue: str, connection: str = "AzureWebJobsStorage") -> QueueClient:
        """Return the shared client of a queue, which sends and receives texts unchanged. Raises SettingsError."""
        client = self._clients.get((queue, connection))
        if client is None:
            if not os.environ.get(connection):
                raise SettingsError(f"the app setting {connection!r} (a storage connection string) is not defined")
            # Retry for about six seconds like the host's own library, instead of this library's default of a minute.
            client = QueueClient.from_connection_string(
                os.environ[connection],
                queue,
                retry_total=2,
                initial_backoff=0,
                increment_base=2,
                random_jitter_range=0,
            )
            self._clients[queue, connection] = client
        return client

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.close()

    def _encode(self, message: str | bytes) -> str:
        """Encode by host.json's messageEncoding. Raises ValueError above the service's size limit."""
        raw = message.encode() if isinstance(message, str) else message
        text = base64.b64encode(raw).decode() if self._base64 else raw.decode()
        if len(text.encode()) > _MAX_ENCODED:
            raise ValueError(f"a queue message of {len(text)} bytes is over the limit of 64 KiB")
        return text

    async def _send(self, client: QueueClient, text: str) -> None:
        """Send, and create the queue if it does not exist, as the host does."""
        try:
            await client.send_message(text)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                await client.create_queue()
            await client.send_message(text)


class DroppingWriter(OutputWriter):
    """Encodes and checks like OutputWriter, then drops the messages: for measurements without storage."""

    async def write_encoded(self, output: QueueOutput, text: str) -> None:
        """Drop a message."""


def messages_of(value: Any) -> list[str | bytes]:
    """Split an output's value into messages, as the host does.

    Text in {} or [] is parsed as JSON: each element of an array is a message, an object is written indented. Raises
    ValueError for invalid JSON, TypeError for an unsupported value.
    """
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, str):
        text = value.strip()
        if (text[:1], text[-1:]) not in (("{", "}"), ("[", "]")):
            return [value]
        parsed = json.loads(text)
        return [_text_of(item) for item in (parsed if isinstance(parsed, list) else [parsed])]
    if isinstance(value, func.QueueMessage):
        raise TypeError("a QueueMessage as output loses its type in the worker: use strings")
    if isinstance(value, list | tuple):
        return [_text_of(item) for item in value]
    raise TypeError(f"a {type(value).__name__} is not a queue output")


def _text_of(item: Any) -> str:
    """Return one element of a list as a message."""
    return item if isinstance(item, str) else json.dumps(item, indent=2, ensure_ascii=False)
