"""Key Vault in memory: versions of secrets, and the errors as the SDK raises them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.keyvault.secrets import SecretClient

from shared.key_vault import Secrets

KEEP_SECONDS = 300.0


def sdk_error(status: int, code: str = "", inner: str = "") -> HttpResponseError:
    """Return the SDK's error for a response of the vault; without a code the response has no JSON.

    The message quotes a value.
    """
    content = {"error": {"code": code, "message": "canary", **({"innererror": {"code": inner}} if inner else {})}}
    body = json.dumps(content) if code else "canary"
    response: Any = SimpleNamespace(status_code=status, reason=HTTPStatus(status).phrase, text=lambda: body)
    return HttpResponseError("canary", response)


def disabled() -> HttpResponseError:
    """Return the error for a disabled secret."""
    return sdk_error(403, "Forbidden", "SecretDisabled")


def not_found() -> HttpResponseError:
    """Return the error for a secret that does not exist."""
    return sdk_error(404, "SecretNotFound")


def denied() -> HttpResponseError:
    """Return the error for an app without the role."""
    return sdk_error(403, "Forbidden", "ForbiddenByRbac")


class Vault(SecretClient):
    """A SecretClient with versions, newest last. It counts the calls, and can fail or block."""

    def __init__(self, **secrets: list[str]) -> None:
        self.secrets = secrets
        self.disabled: set[str] = set()
        self.content_types: dict[str, str] = {}  # by version
        self.listed: set[str] = set()  # disabled versions that a list still shows as enabled
        self.calls: Counter[str] = Counter()
        self.failure: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    @property
    def vault_url(self) -> str:
        """Return the address."""
        return "https://vault.vault.azure.net"

    def _answer(self, what: str) -> None:
        self.calls[what] += 1
        self.open.wait(180)
        if self.failure:
            raise self.failure

    def get_secret(self, name: str, version: str | None = None, **_: Any) -> Any:
        """Return a secret's value, the newest or that of a version; 404 or 403 if it is missing or disabled."""
        self._answer(f"get {name}")
        if name not in self.secrets:
            raise not_found()
        values = self.secrets[name]
        number = len(values) - 1 if version is None else int(version[1:])
        if f"v{number}" in self.disabled:
            raise disabled()
        return SimpleNamespace(value=values[number], properties=self._properties(number))

    def list_properties_of_secret_versions(self, name: str, **_: Any) -> Any:
        """List the versions, in no order; a missing secret has none."""
        self._answer(f"list {name}")
        versions = [self._properties(number) for number in range(len(self.secrets.get(name, [])))]
        return sorted(versions, key=lambda version: hash(version.version))

    def _properties(self, number: int) -> Any:
        version = f"v{number}"
        enabled = version not in self.disabled - self.listed
        created = datetime(2026, 1, 1 + number, tzinfo=UTC)
        content_type = self.content_types.get(version)
        return SimpleNamespace(version=version, enabled=enabled, created_on=created, content_type=content_type)


class VaultWorld:
    """A vault, a clock in seconds, and the secrets that use them."""

    def __init__(self) -> None:
        self.vault = Vault(key=["k0", "k1", "k2"], one=["only"], empty=[""])
        self.seconds = 0.0
        self.secrets = Secrets(lambda: self.vault, lambda: KEEP_SECONDS, lambda: self.seconds)
