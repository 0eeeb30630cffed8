"""Sessions of `requests` for URLs from outside the relay; environment variables do not affect them.

No proxy is used, because a proxy would resolve the host name itself and bypass the address check.
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
    """Return a session that connects only where `resolver` allows and trusts only `roots` (None: certifi's)."""
    return plain_session(_CheckedAdapter(resolver, tls_context(roots)))


def tls_context(roots: str | None) -> ssl.SSLContext:
    """Return a TLS context: TLS 1.2 or newer, certificate and host name verified. Raises ConfigurationError."""
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
        """Create pools of checked connections."""
        super().init_poolmanager(*sizes, ssl_context=self._context, **options)
        self.poolmanager.pool_classes_by_scheme = pools_by_scheme(self._resolver.find)

    def send(self, *sent: Any, **options: Any) -> requests.Response:
        """Send with fixed proxy and certificate options, which override those of the session or the caller."""
        fixed: dict[str, Any] = {"verify": True, "cert": None, "proxies": {}}
        return super().send(*sent, **(options | fixed))

    def cert_verify(self, *_: Any) -> None:
        """Do nothing: the context has its roots already, and requests would reload them at every call."""
