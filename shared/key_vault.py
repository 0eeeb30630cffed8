"""Read secrets from Key Vault through a cache, which also serves stale secrets while the vault is unavailable.

Based on "Key Vault: Secrets" and "Azure Key Vault throttling guidance" (cache for at least minutes). Required role: Key
Vault Secrets User, which also allows listing versions.
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
from shared.threads import in_background

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

PAUSE_SECONDS = 3.0  # between attempts while the vault is unavailable, so that calls with a stale secret do not wait
T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Secret:
    """One version of a secret. Without a repr, so that no log or traceback shows the value."""

    value: str
    version: str
    created: datetime


class Secrets:
    """Reads secrets through a cache of `keep_seconds`; thread-safe."""

    def __init__(
        self,
        client: Callable[[], SecretClient],
        keep_seconds: Callable[[], float],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._keep_seconds = keep_seconds
        self._now = now
        self._cache: dict[tuple[str, str], tuple[float, object]] = {}
        self._failures: dict[tuple[str, str], tuple[float, Exception]] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def get(self, name: str, *, fresh: bool = False) -> Secret:
        """Return the newest version. `fresh` bypasses the cache, for example after a secret was rejected.

        Raises ConfigurationError when the secret is missing or access is denied, ServiceUnavailable when the vault is
        unavailable and nothing is cached (or with `fresh`).
        """
        return self._cached(("value", name), lambda: self._read(name, None), fresh=fresh)

    def latest_two(self, name: str) -> list[Secret]:
        """Return the two newest enabled versions, newest first. Raises the same errors as `get`."""
        return self._cached(("versions", name), lambda: self._read_latest_two(name))

    def peek_latest_two(self, name: str) -> list[Secret] | None:
        """Return the cached `latest_two`, however old, or None before the first read. Never waits.

        When the cached value is due, it is read again in the background, so that a slow vault delays no caller.
        """
        due, cached = self._cache.get(("versions", name), (0.0, None))
        if cached is not None and self._now() >= due:
            in_background(self.latest_two, name)
        return cached  # type: ignore[return-value]  # each key is written by one reader only

    def _cached(self, key: tuple[str, str], read: Callable[[], T], *, fresh: bool = False) -> T:
        lock = self._locks.setdefault(key, threading.Lock())
        due, cached = self._cache.get(key, (0.0, None))
        is_reader = lock.acquire(blocking=cached is None or fresh)
        if not is_reader:  # another thread is reading it: use the cached value meanwhile
            return cached  # type: ignore[return-value]  # as above
        try:
            due, cached = self._cache.get(key, (0.0, None))
            if cached is not None and self._now() < due and not fresh:
                return cached  # type: ignore[return-value]  # as above
            until, failure = self._failures.get(key, (0.0, None))
            if cached is None and failure is not None and self._now() < until:
                raise failure.with_traceback(None)
            return self._renew(key, cached, read, fresh=fresh)
        finally:
            lock.release()

    def _renew(self, key: tuple[str, str], cached: object, read: Callable[[], T], *, fresh: bool) -> T:
        try:
            value, keep_seconds = read(), self._keep_seconds()
        except (ConfigurationError, ServiceUnavailable) as error:
            self._failures[key] = (self._now() + PAUSE_SECONDS, error)
            if cached is None or fresh:
                raise
            value, keep_seconds = cached, PAUSE_SECONDS  # type: ignore[assignment]  # as above
        self._cache[key] = (self._now() + keep_seconds, value)
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
    """Translate the SDK's exceptions, without their texts, which may quote addresses and responses."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except AzureError as error:
        status = error.status_code if isinstance(error, HttpResponseError) else None
        if status == 404:
            raise ConfigurationError(name, "the vault has no such secret: create it") from None
        if status in (401, 403):
            text = "the vault denies access: grant the role Key Vault Secrets User to the app's identity"
            raise ConfigurationError(name, text) from None
        raise ServiceUnavailable("Key Vault") from None
