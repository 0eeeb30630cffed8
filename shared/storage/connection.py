"""Connects to the storage account, by connection string or identity, from the Functions host's own settings.

Based on "Azure Functions: Connect to host storage with an identity": AzureWebJobsStorage, or
AzureWebJobsStorage__queueServiceUri / __tableServiceUri / __accountName with __clientId.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.http.session import USER_AGENT

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient, TableServiceClient
    from azure.storage.queue import QueueClient, QueueServiceClient

NAME = "AzureWebJobsStorage"
# Short: with its retries a call blocks a worker for at most 20 seconds.
OPTIONS: dict[str, Any] = {"connection_timeout": 3, "read_timeout": 5, "retry_total": 2, "user_agent": USER_AGENT}
TABLE_OPTIONS = OPTIONS | {"retry_backoff_factor": 0.3}
QUEUE_OPTIONS = OPTIONS | {"initial_backoff": 0, "increment_base": 1.5, "random_jitter_range": 1}


class StorageAccount:
    """Opens the table and queue services of one account; `credential` is called only for identity sign-in."""

    def __init__(self, environ: Mapping[str, str], credential: Callable[[], TokenCredential]) -> None:
        self._environ = environ
        self._credential = credential

    def queue(self, name: str) -> QueueClient:
        """Return a queue's client; messages are in base64, as the host expects. Raises ConfigurationError."""
        from azure.storage.queue import TextBase64EncodePolicy

        return self._queues().get_queue_client(name, message_encode_policy=TextBase64EncodePolicy())

    def table(self, name: str) -> TableClient:
        """Return a table's client; create the table if missing. Raises ConfigurationError or ServiceUnavailable."""
        with storage_errors():
            return self._tables().create_table_if_not_exists(name)

    def _queues(self) -> QueueServiceClient:
        """Return the queue service. Raises ConfigurationError without a setting for it."""
        from azure.storage.queue import QueueServiceClient

        if text := self._environ.get(NAME):
            with _valid_connection_string():
                return QueueServiceClient.from_connection_string(text, **QUEUE_OPTIONS)
        return QueueServiceClient(self._address("queue"), self._credential(), **QUEUE_OPTIONS)

    def _tables(self) -> TableServiceClient:
        """Return the table service. Raises ConfigurationError without a setting for it."""
        from azure.data.tables import TableServiceClient

        if text := self._environ.get(NAME):
            with _valid_connection_string():
                return TableServiceClient.from_connection_string(text, **TABLE_OPTIONS)
        return TableServiceClient(self._address("table"), credential=self._credential(), **TABLE_OPTIONS)

    def _address(self, service: str) -> str:
        if address := self._environ.get(f"{NAME}__{service}ServiceUri"):
            return address
        if account := self._environ.get(f"{NAME}__accountName"):
            return f"https://{account}.{service}.core.windows.net"
        raise ConfigurationError(NAME, f"is not set, and neither is {NAME}__{service}ServiceUri nor __accountName")


@contextmanager
def _valid_connection_string() -> Iterator[None]:
    try:
        yield
    except ValueError:  # drop its text, which may quote the account key
        raise ConfigurationError(NAME, "is not a connection string of a storage account") from None


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translate the SDK's exceptions. Callers catch the ones that they expect (404, 409, 412) inside the block."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        if error.status_code in (401, 403) or isinstance(error, ClientAuthenticationError):
            text = "access to storage is denied: grant Queue and Table Data Contributor to the app's identity"
            raise ConfigurationError(NAME, text) from None
        raise ServiceUnavailable("storage", f"answered {error.status_code}") from None
    except AzureError:
        raise ServiceUnavailable("storage") from None
