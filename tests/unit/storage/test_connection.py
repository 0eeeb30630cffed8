"""Storage is reached by connection string or identity, within a time limit; its errors become the relay's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ServiceRequestError,
)

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.storage.connection import StorageAccount, storage_errors

NOBODY = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a"


class Identity:
    """Stands in for a credential."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        """Fail: these tests need no token."""
        raise AssertionError


def test_without_a_setting_the_setting_is_named() -> None:
    """The error names both ways to set it."""
    account = StorageAccount({}, Identity)
    openers: tuple[Callable[[str], object], ...] = (account.queue, account.table)
    for open_client in openers:
        with pytest.raises(ConfigurationError, match=r"AzureWebJobsStorage.*__accountName"):
            open_client("x")


@pytest.mark.parametrize("text", ["canary", "AccountName=canary", "AccountKey=canary;x", ";"])
def test_a_broken_connection_string_is_named_and_not_shown(text: str) -> None:
    """It has the account's key."""
    with pytest.raises(ConfigurationError, match="AzureWebJobsStorage") as caught:
        StorageAccount({"AzureWebJobsStorage": text}, Identity).queue("x")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "host"),
    [({"AzureWebJobsStorage__accountName": "acc"}, "acc.queue.core.windows.net"),
     ({"AzureWebJobsStorage__queueServiceUri": "https://q.example.net"}, "q.example.net"),
     ({"AzureWebJobsStorage__queueServiceUri": "https://q.example.net", "AzureWebJobsStorage__accountName": "a"},
     "q.example.net")],
)  # fmt: skip
def test_identity_is_named_as_the_host_names_it(settings: dict[str, str], host: str) -> None:
    """The host and the relay read the same settings."""
    client = StorageAccount(settings, Identity).queue("calendar-changes")
    assert client.url == f"https://{host}/calendar-changes"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ConfigurationError), (403, ConfigurationError), (500, ServiceUnavailable), (429, ServiceUnavailable)],
)
def test_a_status_becomes_an_error_of_the_relay(status: int, kind: type[Exception]) -> None:
    """The error is about configuration or availability, and has nothing of the SDK's text."""
    error = HttpResponseError("canary")
    error.status_code = status
    with pytest.raises(kind) as caught, storage_errors():
        raise error
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ServiceRequestError("canary"), ServiceUnavailable), (ClientAuthenticationError("x"), ConfigurationError)],
)
def test_a_missing_response_or_token_becomes_an_error_of_the_relay(error: Exception, kind: type[Exception]) -> None:
    """The error has nothing of the SDK's text."""
    with pytest.raises(kind), storage_errors():
        raise error


@pytest.mark.parametrize("status", [404, 409, 412])
def test_an_unexpected_status_becomes_an_error_of_the_relay(status: int) -> None:
    """Callers that expect a 412 catch it themselves; a table deleted meanwhile must not cause a 500."""
    error = ResourceModifiedError("x")
    error.status_code = status
    with pytest.raises(ServiceUnavailable), storage_errors():
        raise error


def test_an_unreachable_table_fails_within_20_seconds() -> None:
    """A table that does not respond does not hold a worker for long."""
    with pytest.raises(ServiceUnavailable):
        StorageAccount({"AzureWebJobsStorage": NOBODY}, Identity).table("x")


def test_the_retries_of_a_queue_end_within_20_seconds() -> None:
    """The library's default schedule would hold a worker for forty."""
    client: Any = StorageAccount({"AzureWebJobsStorage": NOBODY}, Identity).queue("x")
    retry = client._config.retry_policy
    waits = [retry.get_backoff_time({"count": number}) for number in range(retry.total_retries)]
    assert sum(waits) <= 5
