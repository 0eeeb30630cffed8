"""Sessions of `requests` to addresses that others name: nothing of the environment is used on the way there.

A proxy would look the name up by itself, so none is used.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from shared.errors import ConfigurationError
from shared.http.connection import TimedTlsSocket, pools_by_scheme
from shared.http.session import CONNECTIONS, plain_session

if TYPE_CHECKING:
    import requests

    from shared.http.resolver import Resolver


def checked_session(resolver: Resolver, roots: str | None) -> requests.Session:
    """Return a session that goes where `resolver` allows, and trusts `roots` (None: those of certifi) alone."""
    return plain_session(_CheckedAdapter(resolver, tls_context(roots)))


def tls_context(roots: str | None) -> ssl.SSLContext:
    """Return what TLS has to be: 1.2 or newer, with a certificate for the name. Raises ConfigurationError."""
    path = roots or DEFAULT_CA_BUNDLE_PATH
    file, folder = (None, path) if Path(path).is_dir() else (path, None)
    try:
        context = ssl.create_default_context(cafile=file, capath=folder)
    except OSError:
        raise ConfigurationError("REQUESTS_CA_BUNDLE", "names no file or folder of certificates") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = TimedTlsSocket
    return context


class _CheckedAdapter(HTTPAdapter):
    def __init__(self, resolver: Resolver, context: ssl.SSLContext) -> None:
        self._resolver = resolver
        self._context = context
        super().__init__(max_retries=0, pool_maxsize=CONNECTIONS)

    def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
        """Make the pools of our own connections."""
        super().init_poolmanager(*sizes, ssl_context=self._context, **options)
        self.poolmanager.pool_classes_by_scheme = pools_by_scheme(self._resolver.find)

    def send(self, *sent: Any, **options: Any) -> requests.Response:
        """Send as we say, whatever the session or the caller may say of proxies and certificates."""
        ours: dict[str, Any] = {"verify": True, "cert": None, "proxies": {}}
        return super().send(*sent, **(options | ours))

    def cert_verify(self, *_: Any) -> None:
        """Leave the context as it is: it knows its roots, which requests would load anew at every call."""
