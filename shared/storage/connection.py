"""How storage is reached: by a connection string, or by identity, named as the Functions host names them.

Rests on "Azure Functions: Connect to host storage with an identity": AzureWebJobsStorage, or
AzureWebJobsStorage__queueServiceUri / __tableServiceUri / __accountName with __clientId.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.errors import ConfigurationError, ServiceUnavailable

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient, TableServiceClient
    from azure.storage.queue import QueueClient, QueueServiceClient

NAME = "AzureWebJobsStorage"
# Short, so that with its retries no call holds a worker for more than 20 seconds.
LIMITS: dict[str, Any] = {"connection_timeout": 3, "read_timeout": 5, "retry_total": 2}
TABLE_LIMITS = LIMITS | {"retry_backoff_factor": 0.3}
QUEUE_LIMITS = LIMITS | {"initial_backoff": 0, "increment_base": 1.5, "random_jitter_range": 1}  # its own words for it


class StorageAccount:
    """Opens the two services of one account; `credential` is only called for when identity is used."""

    def __init__(self, environ: Mapping[str, str], credential: Callable[[], TokenCredential]) -> None:
        self._environ = environ
        self._credential = credential

    def queue(self, name: str) -> QueueClient:
        """Return a queue's client, which speaks base64 as the host does. Raises ConfigurationError."""
        from azure.storage.queue import TextBase64EncodePolicy

        return self._queues().get_queue_client(name, message_encode_policy=TextBase64EncodePolicy())

    def table(self, name: str) -> TableClient:
        """Return a table's client; the table is made when it is missing. Raises ConfigurationError or
        ServiceUnavailable.
        """
        with storage_errors():
            return self._tables().create_table_if_not_exists(name)

    def _queues(self) -> QueueServiceClient:
        """Return the queue service. Raises ConfigurationError when the settings name none."""
        from azure.storage.queue import QueueServiceClient

        if text := self._environ.get(NAME):
            with _sound_text():
                return QueueServiceClient.from_connection_string(text, **QUEUE_LIMITS)
        return QueueServiceClient(self._address("queue"), self._credential(), **QUEUE_LIMITS)

    def _tables(self) -> TableServiceClient:
        """Return the table service. Raises ConfigurationError when the settings name none."""
        from azure.data.tables import TableServiceClient

        if text := self._environ.get(NAME):
            with _sound_text():
                return TableServiceClient.from_connection_string(text, **TABLE_LIMITS)
        return TableServiceClient(self._address("table"), credential=self._credential(), **TABLE_LIMITS)

    def _address(self, service: str) -> str:
        if address := self._environ.get(f"{NAME}__{service}ServiceUri"):
            return address
        if account := self._environ.get(f"{NAME}__accountName"):
            return f"https://{account}.{service}.core.windows.net"
        raise ConfigurationError(NAME, f"is not set, and neither is {NAME}__{service}ServiceUri nor __accountName")


@contextmanager
def _sound_text() -> Iterator[None]:
    try:
        yield
    except ValueError:  # its text may quote the account key
        raise ConfigurationError(NAME, "is no connection string of a storage account") from None


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the SDK's exceptions into ours; what a caller expects (404, 409, 412) it catches within."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        if error.status_code in (401, 403) or isinstance(error, ClientAuthenticationError):
            text = "storage refuses us: grant Queue and Table Data Contributor to the app's identity"
            raise ConfigurationError(NAME, text) from None
        raise ServiceUnavailable("storage", f"answered {error.status_code}") from None
    except AzureError:
        raise ServiceUnavailable("storage") from None
