"""Access tokens for Graph, by client secret, certificate or managed identity.

References: "Microsoft identity platform and the OAuth 2.0 client credentials flow" and "Managed identities for Azure
resources". The MSAL app object is created once, because it holds the token cache.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.key_vault import Secrets

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from msal import ConfidentialClientApplication

    from shared.config import Settings

LOGIN_SECONDS = 6.0
# A failure is cached this long, so that an outage of login costs one wait instead of one per thread. Shorter than the
# delay before a change is retried, which would otherwise see the cached failure.
PAUSE_SECONDS = 2.0
REJECTED = frozenset({"invalid_client", "unauthorized_client"})
_MICROSOFT_LOGINS = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")


def graph_scope(graph_base_url: str) -> str:
    """Return the scope that covers all permissions granted to the app at this Graph."""
    parts = urlsplit(graph_base_url)
    return f"{parts.scheme}://{parts.netloc}/.default"


class AppToken:
    """Tokens of an app registration, whose secret or certificate is in Key Vault."""

    def __init__(self, settings: Settings, secrets: Secrets, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._secrets = secrets
        self._now = now
        self._by_certificate = settings.graph_credential == "certificate"
        certificate_or_secret = settings.graph_certificate_name, settings.graph_client_secret_name
        self._secret_name = certificate_or_secret[0 if self._by_certificate else 1]
        self._scope = graph_scope(settings.graph_base_url)
        self._app: ConfidentialClientApplication | None = None
        self._lock = threading.Lock()
        self._failed: tuple[float, Exception | None] = (0.0, None)

    def __call__(self, *, fresh: bool = False) -> str:
        """Return a token. Raises ConfigurationError if login rejects the app, ServiceUnavailable if it does not
        answer.
        """
        with self._lock:
            until, failure = self._failed
            if failure is not None and self._now() < until:
                raise failure.with_traceback(None)
            try:
                token = self._acquire(fresh=fresh)
            except (ConfigurationError, ServiceUnavailable) as error:
                self._failed = (self._now() + PAUSE_SECONDS, error)
                self._app = None  # MSAL repeats a 5xx of login for five seconds; a new app object does not
                raise
            self._failed = (0.0, None)
            return token

    def _acquire(self, *, fresh: bool) -> str:
        """Request a token; if login rejects the secret, read it again from the vault, so rotation needs no restart."""
        if self._app is None:
            self._app = self._build(new_secret=False)
        elif fresh:
            self._app.remove_tokens_for_client()
        answer = self._request(self._app)
        if answer.get("error") in REJECTED:
            self._app = self._build(new_secret=True)
            answer = self._request(self._app)
        if "access_token" in answer:
            return str(answer["access_token"])
        number = next(iter(answer.get("error_codes") or []), "unknown")
        raise ConfigurationError(
            self._secret_name, f"login rejects the app (AADSTS{number}): check CLIENT_ID, TENANT_ID and this secret"
        )

    def _request(self, app: ConfidentialClientApplication) -> dict[str, Any]:
        with _login_errors():
            return dict(app.acquire_token_for_client(scopes=[self._scope]) or {})

    def _build(self, *, new_secret: bool) -> ConfidentialClientApplication:
        from msal import ConfidentialClientApplication

        secret = self._secrets.get(self._secret_name, fresh=new_secret).value
        credential = certificate_credential(self._secret_name, secret) if self._by_certificate else secret
        host = self._settings.azure_authority_host
        with _login_errors():
            return ConfidentialClientApplication(
                self._settings.client_id,
                client_credential=credential,
                authority=f"{host}/{self._settings.tenant_id}",
                instance_discovery=urlsplit(host).hostname in _MICROSOFT_LOGINS,
                timeout=LOGIN_SECONDS,
            )


class IdentityToken:
    """Tokens of the app's managed identity, which has no secret."""

    def __init__(self, credential: TokenCredential, graph_base_url: str) -> None:
        self._credential = credential
        self._scope = graph_scope(graph_base_url)

    def __call__(self, *, fresh: bool = False) -> str:  # noqa: ARG002  (part of GetToken)
        """Return a token. azure-identity caches and renews it by itself, so `fresh` has no effect."""
        from azure.core.exceptions import AzureError

        try:
            return self._credential.get_token(self._scope).token
        except AzureError:
            raise ServiceUnavailable("the managed identity", "returns no token") from None


def certificate_credential(name: str, secret: str) -> dict[str, str]:
    """Return MSAL's form of a certificate as Key Vault stores it: PEM, or PKCS #12 in base64.

    Raises ConfigurationError when the secret `name` is neither. ("Key Vault: About certificates")
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
        pkcs12,
    )

    try:
        if "-----BEGIN" in secret:
            load_pem_private_key(secret.encode(), None)
            x509.load_pem_x509_certificate(secret.encode())
            return {"private_key": secret, "public_certificate": secret}
        key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(secret), None)
    except (ValueError, TypeError):  # TypeError: the key is encrypted
        key = certificate = None
    if key is None or certificate is None:
        raise ConfigurationError(name, "the secret is not a certificate with its key in PEM or PKCS #12")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"private_key": private.decode(), "public_certificate": certificate.public_bytes(Encoding.PEM).decode()}


@contextmanager
def _login_errors() -> Iterator[None]:
    """Translate MSAL's exceptions, without their texts, which may quote the request."""
    from msal.exceptions import MsalServiceError
    from requests import RequestException

    try:
        yield
    except (RequestException, MsalServiceError):  # MsalServiceError: a 5xx of login
        raise ServiceUnavailable("login") from None
    except ValueError:
        raise ConfigurationError("TENANT_ID", "login does not know it: check it and AZURE_AUTHORITY_HOST") from None
