"""Sessions of `requests`, one for each server, that read the environment once and not at every request.

At every request, `requests` would read the whole environment and a .netrc file, whose password would replace our
Authorization header. A session from here uses REQUESTS_CA_BUNDLE and the proxy variables as they were when it was
created.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shared.version import VERSION

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

USER_AGENT = f"calendar-relay/{VERSION}"
CONNECTIONS = 64  # more than the number of workers that share a session


def session_for(url: str, retry: Retry | None = None) -> requests.Session:
    """Return a session for the server of `url`; without `retry` no request is repeated."""
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies

    session = plain_session(HTTPAdapter(max_retries=retry or 0, pool_maxsize=CONNECTIONS))
    session.verify = trusted_roots() or True
    session.proxies = get_environ_proxies(url)
    return session


def plain_session(adapter: HTTPAdapter) -> requests.Session:
    """Return a session that sends through `adapter`, ignores the environment and stores no cookies."""
    from http.cookiejar import DefaultCookiePolicy

    import requests

    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def trusted_roots() -> str | None:
    """Return the path of trusted certificates that the environment names; None for those of certifi."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None
