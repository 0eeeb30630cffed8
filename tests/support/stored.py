"""Everything that an account of Azurite holds: the rows of all tables, the messages of all queues, and all blobs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from email.utils import formatdate

import requests
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from tests.support.traces import names_in

_NAME = re.compile(r"<Name>([^<]*)</Name>")
MOST_SHOWN = 32  # "Peek Messages"


class Stored:
    """An account. Messages that are hidden, because they are delayed or being processed, cannot be read by anybody."""

    def __init__(self, connection_string: str) -> None:
        self._text = connection_string
        self._parts = dict(part.split("=", 1) for part in connection_string.split(";") if part)

    def traces(self, names: Iterable[str]) -> list[str]:
        """Return where a name is, in any form that it can have."""
        names = list(names)
        return [place for place, content in self._everything() if names_in(f"{place}\n{content}", names)]

    def _everything(self) -> Iterator[tuple[str, str]]:
        yield from self._rows()
        yield from self._messages()
        yield from self._blobs()

    def _rows(self) -> Iterator[tuple[str, str]]:
        with TableServiceClient.from_connection_string(self._text) as service:
            for table in service.list_tables():
                for row in service.get_table_client(table.name).list_entities():
                    yield f"table {table.name}: {row['PartitionKey']}/{row['RowKey']}", str(dict(row))

    def _messages(self) -> Iterator[tuple[str, str]]:
        with QueueServiceClient.from_connection_string(self._text) as service:
            for queue in service.list_queues():
                for message in service.get_queue_client(queue.name).peek_messages(MOST_SHOWN):
                    text = str(message.content)
                    yield f"queue {queue.name}", f"{text}\n{base64.b64decode(text, validate=False)!r}"

    def _blobs(self) -> Iterator[tuple[str, str]]:
        for container in _NAME.findall(self._blob_answer("", {"comp": "list"})):
            listed = self._blob_answer(container, {"restype": "container", "comp": "list"})
            for blob in _NAME.findall(listed):
                yield f"blob {container}/{blob}", self._blob_answer(f"{container}/{blob}", {})

    def _blob_answer(self, path: str, query: dict[str, str]) -> str:
        """Return the answer to a GET, signed by the account's key ("Authorize with Shared Key")."""
        account, moment = self._parts["AccountName"], formatdate(usegmt=True)
        resource = "".join([f"/{account}/{account}/{path}", *(f"\n{name}:{query[name]}" for name in sorted(query))])
        signed = ("GET" + "\n" * 12 + f"x-ms-date:{moment}\nx-ms-version:2021-12-02\n{resource}").encode()
        key = base64.b64decode(self._parts["AccountKey"])
        signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        headers = {"x-ms-date": moment, "x-ms-version": "2021-12-02"}
        headers["Authorization"] = f"SharedKey {account}:{signature}"
        url = f"{self._parts['BlobEndpoint']}/{path}"
        answer = requests.get(url, params=query, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.text
