"""Access tokens for Graph, by client secret, certificate or managed identity.

References: "Microsoft identity platform and the OAuth 2.0 client credentials flow" and "Managed identities for Azure
resources". The MSAL app object is created once, because it holds the token cache.

A claims challenge in a 401 of Graph ("Claims challenges, claims requests and client capabilities") is not passed on.
The relay does not declare the capability cp1, so Graph should send none, and managed identities do not support it
("Continuous access evaluation for workload identities"). What it asks for, a token that is newer than the revocation,
`fresh` asks for as well.
"""

from __future__ import annotations

import base64
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph.login import PAUSE_SECONDS, LoginHttp
from shared.key_vault import Secrets
from shared.token_errors import UNREADABLE, UNREADABLE_ANSWER

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from msal import ConfidentialClientApplication

    from shared.config import Settings

REJECTED = frozenset({"invalid_client", "unauthorized_client"})
# Any claims make MSAL ask for a new token. These ask for what every token has.
FRESH_CLAIMS = '{"access_token":{"nbf":{"essential":true}}}'
_MICROSOFT_LOGINS = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")


def graph_scope(graph_base_url: str) -> str:
    """Return the scope that covers all permissions granted to the app at this Graph."""
    parts = urlsplit(graph_base_url)
    return f"{parts.scheme}://{parts.netloc}/.default"


class AppToken:
    """Tokens of an app registration, whose secret or certificate is in Key Vault. Each process has its own.

    `base_url`: the API that they are for, Graph unless given.
    """

    def __init__(
        self, settings: Settings, secrets: Secrets, now: Callable[[], float] = time.monotonic, base_url: str = ""
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._now = now
        self._by_certificate = settings.graph_credential == "certificate"
        certificate_or_secret = settings.graph_certificate_name, settings.graph_client_secret_name
        self._secret_name = certificate_or_secret[0 if self._by_certificate else 1]
        self._scope = graph_scope(base_url or settings.graph_base_url)
        self._http = LoginHttp(settings.azure_authority_host, now)
        self._app: ConfidentialClientApplication | None = None
        self._version = ""  # of the secret
        self._lock = threading.Lock()
        self._failed: tuple[float, ConfigurationError | None] = (0.0, None)
        self._built = -math.inf

    def __call__(self, *, fresh: bool = False) -> str:
        """Return a token. Raises ConfigurationError if login rejects the app, ServiceUnavailable if it does not answer.

        If it does not answer to a call for a fresh token, the old one stays for other callers: it may be good. A token
        that another caller has just requested is fresh.
        """
        with self._lock:
            until, failure = self._failed
            if failure is not None and self._now() < until:
                raise failure.with_traceback(None)
            try:
                return self._acquire(fresh=fresh)
            except ConfigurationError as error:
                self._failed = (self._now() + PAUSE_SECONDS, error)
                self._app = None  # MSAL repeats a rejection for a minute; a new app object does not
                raise

    def _acquire(self, *, fresh: bool) -> str:
        """Request a token; if login rejects the secret, read it again from the vault, so rotation needs no restart."""
        is_due = fresh and self._now() - self._built >= PAUSE_SECONDS
        app = self._build(new_secret=False) if is_due or self._app is None or not self._is_current() else self._app
        answer = self._request(app)
        if answer.get("error") in REJECTED:
            app = self._build(new_secret=True)
            answer = self._request(app)
        if "access_token" in answer:
            self._built = self._now() if app is not self._app else self._built
            self._app = app
            return str(answer["access_token"])
        numbers = answer.get("error_codes")
        number = numbers[0] if numbers and isinstance(numbers, list) else "unknown"
        raise ConfigurationError(
            self._secret_name, f"login rejects the app (AADSTS{number}): check CLIENT_ID, TENANT_ID and this secret"
        )

    def _is_current(self) -> bool:
        """Return whether the vault still gives the secret of the app object, which must not outlive it."""
        secret = self._secrets.peek(self._secret_name)
        return secret is not None and secret.version == self._version

    def _request(self, app: ConfidentialClientApplication) -> dict[str, Any]:
        try:
            return dict(app.acquire_token_for_client(scopes=[self._scope]) or {})
        except UNREADABLE:  # such as a proxy's page
            raise ServiceUnavailable("login", UNREADABLE_ANSWER) from None

    def _build(self, *, new_secret: bool) -> ConfidentialClientApplication:
        from msal import ConfidentialClientApplication

        secret = self._secrets.get(self._secret_name, fresh=new_secret)
        self._version = secret.version
        by_certificate = self._by_certificate
        credential = certificate_credential(self._secret_name, secret.value) if by_certificate else secret.value
        host = self._settings.azure_authority_host
        try:
            return ConfidentialClientApplication(
                self._settings.client_id,
                client_credential=credential,
                authority=f"{host}/{self._settings.tenant_id}",
                instance_discovery=urlsplit(host).hostname in _MICROSOFT_LOGINS,
                http_client=self._http,
            )
        except ValueError:
            text = "login does not know it: check it and AZURE_AUTHORITY_HOST"
            raise ConfigurationError("TENANT_ID", text) from None
        except UNREADABLE:
            raise ServiceUnavailable("login", UNREADABLE_ANSWER) from None


class IdentityToken:
    """Tokens of the app's managed identity, which has no secret."""

    def __init__(self, credential: TokenCredential, graph_base_url: str) -> None:
        self._credential = credential
        self._scope = graph_scope(graph_base_url)

    def __call__(self, *, fresh: bool = False) -> str:
        """Return a token. `fresh` asks the platform again, instead of MSAL's cache in this process.

        The platform has a cache of its own, and may return the same token for up to a day ("Managed identities: FAQ").
        """
        from azure.core.exceptions import AzureError

        try:
            return self._credential.get_token(self._scope, claims=FRESH_CLAIMS if fresh else None).token
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
