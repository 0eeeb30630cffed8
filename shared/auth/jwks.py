"""Caches Entra's signing keys for an hour, and serves them while Entra's key endpoint is unavailable, up to a week.

Based on "Signing key rollover in the Microsoft identity platform": keys change at any time and without notice, so an
unknown key id causes a refresh. After one that did not find the id, the next is half a minute later, because anyone can
send an invented key id. A key that Entra has withdrawn may be in an attacker's hands, so no key is used for longer than
the week.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.errors import ServiceUnavailable
from shared.threads import in_background

if TYPE_CHECKING:
    import requests
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEEP_SECONDS = 3600.0
LONGEST_SECONDS = 7 * 24 * 3600.0  # since Entra last listed the keys
UNKNOWN_SECONDS = 30.0  # after a refresh that did not find the key id that it was for
FAILED_SECONDS = 30.0  # between attempts while the endpoint is unavailable
LOGIN_SECONDS = (3.0, 4.0)  # connect and read timeouts
WAIT_SECONDS = 8.0  # for another thread's refresh


class JwksCache:
    """The public keys by their ids, cached in this process. Thread-safe; one thread refreshes at a time."""

    def __init__(self, fetch: Callable[[], Any], tenant_id: str, now: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._tenant_id = tenant_id
        self._now = now
        self._keys: dict[str, RSAPublicKey] = {}
        self._tried: float | None = None
        self._read_at = -math.inf
        self._failed = False
        self._missing, self._missed_at = "", -math.inf  # the key id that the last refresh for an unknown one was for
        self._lock = threading.Lock()

    def __call__(self, key_id: str) -> RSAPublicKey | None:
        """Return the key, or None when Entra has none with this id. A cached key is returned without waiting.

        Raises ServiceUnavailable when the id is not cached, or its key is older than LONGEST_SECONDS, and the keys
        cannot be refreshed.
        """
        cached = self._usable(key_id)
        if cached is not None:
            if self._is_due(key_id) and not self._lock.locked():
                in_background(self._read, key_id, 0.0)
            return cached
        if self._is_due(key_id) and not self._read(key_id, WAIT_SECONDS):
            raise ServiceUnavailable("login")
        key = self._usable(key_id)
        if key is None and self._failed:
            raise ServiceUnavailable("login")
        return key

    def unread(self, key_id: str) -> tuple[float, float]:
        """Return the seconds until login can be asked for a key id that is not cached, and those since it was asked.

        Meanwhile login may have begun to use that key. The first is 0 if login was asked for this very id.
        """
        wait = 0.0 if key_id == self._missing else max(self._missed_at + UNKNOWN_SECONDS - self._now(), 0.0)
        return wait, self._now() - self._read_at

    def _usable(self, key_id: str) -> RSAPublicKey | None:
        """Return a cached key that Entra has listed within LONGEST_SECONDS."""
        return self._keys.get(key_id) if self._now() - self._read_at < LONGEST_SECONDS else None

    def _is_due(self, key_id: str) -> bool:
        if self._tried is None:
            return True
        if self._failed:
            return self._now() - self._tried >= FAILED_SECONDS
        if self._usable(key_id) is None:
            return self._now() - self._missed_at >= UNKNOWN_SECONDS
        return self._now() - self._tried >= KEEP_SECONDS

    def _read(self, key_id: str, patience: float) -> bool:
        """Refresh the keys unless another thread just did. Return False when another thread is still refreshing."""
        if not self._lock.acquire(timeout=patience):
            return False
        try:
            if self._is_due(key_id):
                self._renew()
                if key_id not in self._keys:
                    self._missing, self._missed_at = key_id, self._now()
        finally:
            self._lock.release()
        return True

    def _renew(self) -> None:
        try:
            self._keys = keys_from(self._fetch(), self._tenant_id)
            self._read_at, self._failed = self._now(), False
        except ServiceUnavailable:  # cached keys stay valid: an outage of Entra must not lock callers out at once
            self._failed = True
        finally:
            self._tried = self._now()


def keys_from(document: Any, tenant_id: str) -> dict[str, RSAPublicKey]:
    """Return the keys of a JSON Web Key Set that may sign tokens of this tenant. Raises ServiceUnavailable if none."""
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = {}
    for entry in listed if isinstance(listed, list) else []:
        key = _key(entry, tenant_id) if isinstance(entry, dict) else None
        if key is not None:
            keys[str(entry.get("kid"))] = key
    if not keys:
        raise ServiceUnavailable("login", "gives no signing keys")
    return keys


def _key(entry: dict[str, Any], tenant_id: str) -> RSAPublicKey | None:
    """Return one key, or None when it has another purpose or is for another tenant's tokens."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    issuer = str(entry.get("issuer", "{tenantid}")).lower()
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or not isinstance(entry.get("kid"), str):
        return None
    if "{tenantid}" not in issuer and tenant_id.lower() not in issuer:
        return None
    try:
        key = jwt.PyJWK(entry, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def fetch_keys(session: requests.Session, url: str) -> Any:
    """Return Entra's JSON Web Key Set. Raises ServiceUnavailable."""
    from requests import RequestException

    try:
        with session:
            response = session.get(url, timeout=LOGIN_SECONDS, allow_redirects=False)
            if response.status_code == 200:
                return response.json()
    except (RequestException, ValueError):  # ValueError: not JSON
        pass
    raise ServiceUnavailable("login")
