"""Starts one Azurite, unless AZURITE_OF_TESTS names one; each test has its own tables and queues."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableClient

from sandbox.azurite import start_azurite
from shared.storage.connection import StorageAccount

_numbers = itertools.count(1)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time

    def pass_by(self, seconds: float) -> None:
        """Move the clock forward."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture(scope="session")
def account() -> Iterator[StorageAccount]:
    """Return the account of a running Azurite."""
    with ExitStack() as stack:
        text = os.environ.get("AZURITE_OF_TESTS") or stack.enter_context(start_azurite()).connection_string
        yield StorageAccount({"AzureWebJobsStorage": text}, lambda: pytest.fail("no identity"))


@pytest.fixture
def table(account: StorageAccount) -> Callable[[], TableClient]:
    """Return a function that returns a new table."""
    made = account.table(f"table{os.getpid()}x{next(_numbers)}")
    return lambda: made


@pytest.fixture
def queue_name() -> str:
    """Return a name that no queue has."""
    return f"queue-{os.getpid()}-{next(_numbers)}"
