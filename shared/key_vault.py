"""Secrets from Key Vault, kept for a while and served stale while the vault is away.

Rests on "Key Vault: Secrets" and "Azure Key Vault throttling guidance" (cache, at least for minutes). Role needed: Key
Vault Secrets User, which also reads the list of versions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from shared.errors import ConfigurationError, ServiceUnavailable

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

PAUSE_SECONDS = 3.0  # between tries while the vault is away, so that a stale secret costs no waiting
T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Secret:
    """One version of a secret. It has no repr, so that no log or traceback can show the value."""

    value: str
    version: str
    created: datetime


class Secrets:
    """Reads secrets through a cache of `keep_seconds`; safe for use from several threads."""

    def __init__(
        self,
        client: Callable[[], SecretClient],
        keep_seconds: Callable[[], float],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._keep_seconds = keep_seconds
        self._now = now
        self._kept: dict[tuple[str, str], tuple[float, object]] = {}
        self._failures: dict[tuple[str, str], tuple[float, Exception]] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def get(self, name: str, *, fresh: bool = False) -> Secret:
        """Return the newest version. `fresh` asks the vault even if the cache holds one (a rejected secret).

        Raises ConfigurationError when the secret is missing or may not be read, ServiceUnavailable when the vault is
        away and nothing was read before.
        """
        return self._cached(("value", name), lambda: self._read(name, None), fresh=fresh)

    def latest_two(self, name: str) -> list[Secret]:
        """Return the two newest enabled versions, newest first; errors as for `get`."""
        return self._cached(("versions", name), lambda: self._read_latest_two(name))

    def peek_latest_two(self, name: str) -> list[Secret] | None:
        """Return `latest_two` without ever waiting: what is known, however old, or None before the first read.

        A new reading starts in the background when the known one is due, so that a slow vault slows no caller.
        """
        due, kept = self._kept.get(("versions", name), (0.0, None))
        if kept is not None and self._now() >= due:
            threading.Thread(target=self.latest_two, args=(name,), daemon=True).start()
        return kept  # type: ignore[return-value]  # each key is written by one reader only

    def _cached(self, key: tuple[str, str], read: Callable[[], T], *, fresh: bool = False) -> T:
        lock = self._locks.setdefault(key, threading.Lock())
        due, kept = self._kept.get(key, (0.0, None))
        reading = lock.acquire(blocking=kept is None or fresh)
        if not reading:  # somebody reads it anew at this moment: what is known will do
            return kept  # type: ignore[return-value]  # as above
        try:
            due, kept = self._kept.get(key, (0.0, None))
            if kept is not None and self._now() < due and not fresh:
                return kept  # type: ignore[return-value]  # as above
            until, failure = self._failures.get(key, (0.0, None))
            if kept is None and failure is not None and self._now() < until:
                raise failure.with_traceback(None)
            return self._renew(key, kept, read, fresh=fresh)
        finally:
            lock.release()

    def _renew(self, key: tuple[str, str], kept: object, read: Callable[[], T], *, fresh: bool) -> T:
        try:
            value, keep = read(), self._keep_seconds()
        except (ConfigurationError, ServiceUnavailable) as error:
            self._failures[key] = (self._now() + PAUSE_SECONDS, error)
            if kept is None or fresh:
                raise
            value, keep = kept, PAUSE_SECONDS  # type: ignore[assignment]  # as above
        self._kept[key] = (self._now() + keep, value)
        return value

    def _read_latest_two(self, name: str) -> list[Secret]:
        with _translate_errors(name):
            versions = [v for v in self._client().list_properties_of_secret_versions(name) if v.enabled]
        versions.sort(key=lambda v: v.created_on or datetime.min.replace(tzinfo=UTC), reverse=True)
        if not versions:
            raise ConfigurationError(name, "the vault has no enabled version of this secret: create one")
        return [self._read(name, v.version) for v in versions[:2]]

    def _read(self, name: str, version: str | None) -> Secret:
        with _translate_errors(name):
            secret = self._client().get_secret(name, version)
        if not secret.value:
            raise ConfigurationError(name, "the secret in the vault is empty")
        return Secret(secret.value, secret.properties.version or "", secret.properties.created_on or datetime.now(UTC))


@contextmanager
def _translate_errors(name: str) -> Iterator[None]:
    """Turn the SDK's exceptions into ours, without their texts: those may quote addresses and answers."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except AzureError as error:
        status = error.status_code if isinstance(error, HttpResponseError) else None
        if status == 404:
            raise ConfigurationError(name, "the vault has no such secret: create it") from None
        if status in (401, 403):
            text = "the vault refuses to read it: grant the role Key Vault Secrets User to the app's identity"
            raise ConfigurationError(name, text) from None
        raise ServiceUnavailable("Key Vault") from None
