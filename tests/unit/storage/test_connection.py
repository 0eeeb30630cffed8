"""Claims about reaching storage: by connection string or by identity, within a time limit, with errors of ours."""

from __future__ import annotations

from typing import Any

import pytest
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
    """Stands for a credential."""

    def get_token(self, *_: str, **__: Any) -> Any:
        """Never asked here."""
        raise AssertionError


def test_without_a_setting_the_setting_is_named() -> None:
    """And both ways to set it."""
    account = StorageAccount({}, Identity)  # type: ignore[arg-type]  # a fake
    for open_one in (account.queue, account.table):
        with pytest.raises(ConfigurationError, match=r"AzureWebJobsStorage.*__accountName"):
            open_one("x")


@pytest.mark.parametrize("text", ["canary", "AccountName=canary", "AccountKey=canary;x", ";"])
def test_a_broken_connection_string_is_named_and_not_shown(text: str) -> None:
    """It holds the account's key."""
    with pytest.raises(ConfigurationError, match="AzureWebJobsStorage") as caught:
        StorageAccount({"AzureWebJobsStorage": text}, Identity).queue("x")  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "host"),
    [({"AzureWebJobsStorage__accountName": "acc"}, "acc.queue.core.windows.net"),
     ({"AzureWebJobsStorage__queueServiceUri": "https://q.example.net"}, "q.example.net"),
     ({"AzureWebJobsStorage__queueServiceUri": "https://q.example.net", "AzureWebJobsStorage__accountName": "a"},
     "q.example.net")],
)  # fmt: skip
def test_identity_is_named_as_the_host_names_it(settings: dict[str, str], host: str) -> None:
    """The same settings serve the host and us."""
    client = StorageAccount(settings, Identity).queue("calendar-changes")  # type: ignore[arg-type]
    assert client.url == f"https://{host}/calendar-changes"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ConfigurationError), (403, ConfigurationError), (500, ServiceUnavailable), (429, ServiceUnavailable)],
)
def test_a_status_becomes_an_error_of_ours(status: int, kind: type[Exception]) -> None:
    """An administrator's matter, or one of time; nothing of the SDK's text is in it."""
    error = HttpResponseError("canary")
    error.status_code = status
    with pytest.raises(kind) as caught, storage_errors():
        raise error
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ServiceRequestError("canary"), ServiceUnavailable), (ClientAuthenticationError("x"), ConfigurationError)],
)
def test_no_answer_and_no_token_become_errors_of_ours(error: Exception, kind: type[Exception]) -> None:
    """As above."""
    with pytest.raises(kind), storage_errors():
        raise error


@pytest.mark.parametrize("status", [404, 409, 412])
def test_an_answer_that_nobody_expected_becomes_one_of_ours(status: int) -> None:
    """Who expects a 412 catches it within; a table that was deleted under us must not end in a 500."""
    error = ResourceModifiedError("x")
    error.status_code = status
    with pytest.raises(ServiceUnavailable), storage_errors():
        raise error


def test_nobody_there_is_unavailable_within_20_seconds() -> None:
    """A table that does not answer holds no worker for long."""
    with pytest.raises(ServiceUnavailable):
        StorageAccount({"AzureWebJobsStorage": NOBODY}, Identity).table("x")  # type: ignore[arg-type]


def test_the_tries_of_a_queue_end_within_20_seconds() -> None:
    """Its library's own schedule would hold a worker for forty."""
    client: Any = StorageAccount({"AzureWebJobsStorage": NOBODY}, Identity).queue("x")  # type: ignore[arg-type]
    retry = client._config.retry_policy
    waits = [retry.get_backoff_time({"count": number}) for number in range(retry.total_retries)]
    assert sum(waits) <= 5
