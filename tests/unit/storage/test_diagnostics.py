"""The diagnostics of storage, on the real Azurite."""

from __future__ import annotations

from typing import NoReturn

import pytest

from shared.errors import ConfigurationError
from shared.storage.connection import NAME, StorageAccount
from shared.storage.diagnostics import PROBES, StorageDiagnostics

pytestmark = pytest.mark.server


def probe(account: StorageAccount) -> StorageDiagnostics:
    """Return the diagnostics of an account."""
    return StorageDiagnostics(lambda: account.table("probed"), lambda: account.queue(PROBES))


def no_credential() -> NoReturn:
    """Fail: the account is reached by a connection string."""
    raise AssertionError


def test_nothing_is_left_behind(account: StorageAccount) -> None:
    """Neither a row nor a message stays, also after a second run."""
    for _ in range(2):
        probe(account).row()
        probe(account).message()
    assert list(account.table("probed").list_entities()) == []
    assert account.queue(PROBES).get_queue_properties().approximate_message_count == 0


def test_a_refusal_says_what_to_grant(account: StorageAccount) -> None:
    """The error names the roles."""
    sound = account._environ[NAME]
    key = sound.partition("AccountKey=")[2].partition(";")[0]
    refused = StorageAccount({NAME: sound.replace(key, "A" * 86 + "==")}, no_credential)
    for check in (probe(refused).row, probe(refused).message):
        with pytest.raises(ConfigurationError, match="Data Contributor"):
            check()
