"""Read secrets from Key Vault through a cache, also while the vault is unavailable, but not against its answer.

The failures ("Azure Key Vault REST API error codes"):
- The vault does not answer, throttles or fails: the cached value stays in use for as long as that lasts.
- The secret is missing, disabled or empty: the cached value is dropped at once.
- The vault denies access or refuses the request: the cached value is dropped at the first refusal that comes
  DENIED_SECONDS after the first one, unless the vault returned the value in between. A role assignment takes minutes to
  reach every server of the vault, and a firewall rule may be wrong for a moment.

Based on "Key Vault: Secrets" and "Azure Key Vault throttling guidance" (cache for at least minutes). Required role: Key
Vault Secrets User, which also allows listing versions.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

from shared.errors import ConfigurationError, RelayError, ServiceUnavailable
from shared.key_vault_errors import Denied, NotUsable, translated
from shared.threads import in_background

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient, SecretProperties

PAUSE_SECONDS = 3.0  # between attempts after a failure, so that calls with a cached value do not wait
DENIED_SECONDS = 600.0  # how long a cached value is used although the vault denies access
# A cached value that the vault was not asked about for this long is not used before the vault is asked again: it may
# have been disabled since. Otherwise an idle process would use it for its next call.
UNCONFIRMED_SECONDS = 600.0
CONFIRM_SECONDS = 10.0  # the age of the answer of the vault that `confirm` and `confirm_latest_two` use

_logger = logging.getLogger("relay.key_vault")
T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Secret:
    """One version of a secret. Without a repr, so that no log or traceback shows the value.

    `content_type`: the text that whoever created the version gave it; often empty. Not a secret.
    """

    value: str
    version: str
    created: datetime
    content_type: str = ""


@dataclass
class _Cached(Generic[T]):
    """A cached value, None if there is none, with times in seconds of the clock of Secrets.

    `due`: when to ask the vault again. `attempted`: the last attempt to read it. `failure`: the error of that
    attempt, if it failed. `denied_since`: the first refusal since the last success.
    """

    value: T | None = None
    due: float = 0.0
    attempted: float = -inf
    failure: RelayError | None = None
    denied_since: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def may_serve(self, now: float) -> bool:
        """Return whether the value may be used without asking the vault."""
        return self.value is not None and now - self.attempted < UNCONFIRMED_SECONDS


class Secrets:
    """Reads secrets through a cache of `keep_seconds`, which each process has for itself; thread-safe.

    Each method raises ConfigurationError when the secret is missing, disabled or empty or access is denied, and
    ServiceUnavailable when the vault is unavailable; `get` and `latest_two` only if no cached value may be used.
    """

    def __init__(
        self,
        client: Callable[[], SecretClient],
        keep_seconds: Callable[[], float],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._keep_seconds = keep_seconds
        self._now = now
        self._values: dict[str, _Cached[Secret]] = {}
        self._versions: dict[str, _Cached[list[Secret]]] = {}
        self._existing: dict[str, _Cached[bool]] = {}
        self._enabled: dict[str, list[str]] = {}

    def get(self, name: str, *, fresh: bool = False) -> Secret:
        """Return the newest version. `fresh` asks the vault itself, for example after a secret was rejected."""
        return self._read_through(self._value_of(name), lambda: self._read(name, None), 0.0 if fresh else None)

    def confirm(self, name: str) -> Secret:
        """Return the newest version by an answer of the vault in the last CONFIRM_SECONDS, or by a new one."""
        return self._read_through(self._value_of(name), lambda: self._read(name, None), CONFIRM_SECONDS)

    def latest_two(self, name: str, *, fresh: bool = False) -> list[Secret]:
        """Return the two newest enabled versions, newest first. `fresh` as for `get`."""
        return self._read_through(self._versions_of(name), lambda: self._read_latest_two(name), 0.0 if fresh else None)

    def confirm_latest_two(self, name: str) -> list[Secret]:
        """Return `latest_two` as `confirm` does."""
        return self._read_through(self._versions_of(name), lambda: self._read_latest_two(name), CONFIRM_SECONDS)

    def get_version(self, name: str, version: str) -> Secret:
        """Return a version of a secret like `get`. NotUsable is raised if it is disabled or not in the vault."""
        return self._read_through(self._value_of(f"{name} {version}"), lambda: self._read(name, version))

    def enabled(self, name: str) -> list[str]:
        """Return the versions that were enabled when `latest_two` last asked the vault, newest first."""
        return self._enabled.get(name, [])

    def exists(self, name: str, *, fresh: bool = False) -> bool:
        """Return whether the secret has an enabled version, as `confirm` or `fresh` does. Reads no value."""
        cached, max_age = self._existing.setdefault(name, _Cached()), 0.0 if fresh else CONFIRM_SECONDS
        return self._read_through(cached, lambda: bool(self._enabled_versions(name)), max_age)

    def peek(self, name: str) -> Secret | None:
        """Return the cached newest version, or None if the vault has to be asked first. Never waits.

        When the cached value is due, it is read again in the background, so that a slow vault delays no caller.
        """
        return self._peek(self._value_of(name), lambda: self.get(name))

    def peek_latest_two(self, name: str) -> list[Secret] | None:
        """Return the cached `latest_two` as `peek` does."""
        return self._peek(self._versions_of(name), lambda: self.latest_two(name))

    def _peek(self, cached: _Cached[T], renew: Callable[[], object]) -> T | None:
        now = self._now()
        value = cached.value if cached.may_serve(now) else None
        if value is not None and now >= cached.due and not cached.lock.locked():
            in_background(_quietly, renew)
        return value

    def _value_of(self, name: str) -> _Cached[Secret]:
        return self._values.setdefault(name, _Cached())

    def _versions_of(self, name: str) -> _Cached[list[Secret]]:
        return self._versions.setdefault(name, _Cached())

    def _read_through(self, cached: _Cached[T], read: Callable[[], T], max_age: float | None = None) -> T:
        """Return the cached value or read it; with `max_age`, only what the vault answered in that many seconds."""
        value = cached.value if max_age is None and cached.may_serve(self._now()) else None
        if not cached.lock.acquire(blocking=value is None) and value is not None:
            return value  # another thread is reading it
        try:
            current = self._current(cached, max_age)
            return self._renew(cached, read, is_strict=max_age is not None) if current is None else current
        finally:
            cached.lock.release()

    def _current(self, cached: _Cached[T], max_age: float | None) -> T | None:
        """Return the value if it may be used now, None if the vault has to be asked; raise a recent failure."""
        now = self._now()
        if max_age is None and cached.may_serve(now) and now < cached.due:
            return cached.value
        pause = PAUSE_SECONDS if max_age is None else max_age
        is_recent = now - cached.attempted < pause
        if is_recent and cached.failure is not None and (max_age is not None or cached.value is None):
            raise cached.failure.with_traceback(None)
        return cached.value if is_recent and max_age is not None else None

    def _renew(self, cached: _Cached[T], read: Callable[[], T], *, is_strict: bool) -> T:
        try:
            value, keep_seconds = read(), self._keep_seconds()
        except (ConfigurationError, ServiceUnavailable) as error:
            self._note_failure(cached, error)
            if cached.value is None or is_strict:
                raise
            return cached.value
        now = self._now()
        cached.value, cached.due, cached.attempted = value, now + keep_seconds, now
        cached.failure = cached.denied_since = None
        return value

    def _note_failure(self, cached: _Cached[T], error: RelayError) -> None:
        """Record a failure of a read, and drop the value if the vault said so."""
        now = self._now()
        cached.failure, cached.attempted, cached.due = error, now, now + PAUSE_SECONDS
        if isinstance(error, Denied) and cached.denied_since is None:
            cached.denied_since = now
        is_over = cached.denied_since is not None and now - cached.denied_since >= DENIED_SECONDS
        is_over = isinstance(error, NotUsable) or (isinstance(error, Denied) and is_over)
        if is_over and cached.value is not None:
            _logger.error("A cached secret is no longer used: %s", error)
            cached.value = None

    def _read_latest_two(self, name: str) -> list[Secret]:
        versions = self._enabled_versions(name)
        versions.sort(key=lambda v: v.created_on or datetime.min.replace(tzinfo=UTC), reverse=True)
        self._enabled[name] = [version.version or "" for version in versions]
        latest: list[Secret] = []
        for version in versions:
            if len(latest) == 2:
                break
            with suppress(NotUsable):  # disabled since it was listed
                latest.append(self._read(name, version.version))
        if not latest:
            raise NotUsable(name, "the vault has no enabled version of this secret: create one")
        return latest

    def _enabled_versions(self, name: str) -> list[SecretProperties]:
        with translated(name):
            return [v for v in self._client().list_properties_of_secret_versions(name) if v.enabled]

    def _read(self, name: str, version: str | None) -> Secret:
        with translated(name):
            secret = self._client().get_secret(name, version)
        if not secret.value:
            raise NotUsable(name, "the secret in the vault is empty")
        return Secret(
            secret.value,
            secret.properties.version or "",
            secret.properties.created_on or datetime.now(UTC),
            secret.properties.content_type or "",
        )


def _quietly(renew: Callable[[], object]) -> None:
    with suppress(RelayError):  # the next call gets the error
        renew()
