"""Call the relay at its public address as Graph does when a subscription is created.

Reference: "Microsoft Graph: Receive change notifications through webhooks" (notificationUrl validation).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

PATHS = ("/api/notifications", "/api/lifecycle")
LIMIT = (3.05, 10.0)  # Graph also waits ten seconds
BLOCKED = "answers 403 instead of 200"  # App Service answers so, too, if its address filter blocks the caller


class HandshakeCheck:
    """Tests the handshake of the relay at `url` over `session`."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self._session = session

    def error(self, path: str) -> str:
        """Return what is wrong with the response to a handshake at a path; empty if it is correct."""
        from requests import RequestException

        token = f"relay {secrets.token_urlsafe(12)}"
        params = {"validationToken": token}
        try:
            response = self._session.post(
                self.url + path, params=params, timeout=LIMIT, allow_redirects=False, stream=True
            )
            with response:
                body = response.raw.read(len(token) + 1)  # no more, because any server may answer there
        except (RequestException, OSError) as error:
            return f"does not answer ({type(error).__name__})"
        if response.status_code == 403:
            return BLOCKED
        if response.status_code != 200:
            return f"answers {response.status_code} instead of 200"
        kind = response.headers.get("content-type", "").partition(";")[0]
        if (kind, body) != ("text/plain", token.encode()):
            return "does not answer with the token as text/plain: this is not the relay"
        return ""
