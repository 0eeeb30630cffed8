"""Signs a body, posts it to the partner and judges the answer.

Rests on the Standard Webhooks specification: headers webhook-id, webhook-timestamp and webhook-signature; several
signatures at once while a secret is being rotated; a 3xx is a failure and never followed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.errors import ConfigurationError, RelayError
from shared.retry_after import seconds_of

if TYPE_CHECKING:
    import requests
    from standardwebhooks import Webhook as Signer

CONNECT_SECONDS = 3.05
ANSWER_SECONDS = 15.0
LARGEST_ANSWER = 20_000  # bytes read of an answer, so that the connection can be used again; the rest is not wanted
SHORTEST_SECRET = 24  # bytes, from the specification


class NotDelivered(RelayError):
    """The partner did not take a delivery: its status (0: no answer), and the seconds it asks us to wait."""

    def __init__(self, status: int, reason: str, retry_after: float | None = None) -> None:
        super().__init__(f"the partner did not take the delivery: {reason}")
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Webhook:
    """The partner's endpoint; `secrets` returns the signing secrets, `name` is what they are called in the vault."""

    url: str
    secrets: Callable[[], str]
    name: str
    session: requests.Session

    def deliver(self, message_id: str, body: str) -> None:
        """Post one signed body. Raises NotDelivered, or ConfigurationError for an unusable signing secret."""
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        headers = signed_headers(self.name, self.secrets(), message_id, datetime.now(UTC), body)
        limit = (CONNECT_SECONDS, ANSWER_SECONDS)
        try:
            with self.session.post(
                self.url, data=body.encode(), headers=headers, timeout=limit, allow_redirects=False, stream=True
            ) as answer:
                status, wait = answer.status_code, seconds_of(answer.headers.get("Retry-After"))
                with suppress(HTTPError, OSError):  # the status counts, however the body goes on
                    answer.raw.read1(LARGEST_ANSWER)  # what has arrived, and no waiting for more
        except (RequestException, OSError) as error:
            raise NotDelivered(0, f"no answer ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise NotDelivered(status, f"status {status}", wait)


def signed_headers(name: str, secrets: str, message_id: str, moment: datetime, body: str) -> dict[str, str]:
    """Return the headers of a delivery, one signature for each of the space-separated `secrets`.

    `moment` has to be in UTC: the library stamps the wall clock of any other zone. Raises ConfigurationError, which
    names the secret and never shows it.
    """
    signatures = [_signer(name, secret).sign(message_id, moment, body) for secret in secrets.split()]
    if not signatures:
        raise ConfigurationError(name, "holds no signing secret")
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _signer(name: str, secret: str) -> Signer:
    from standardwebhooks import Webhook as Signer

    try:
        text = secret.removeprefix("whsec_")
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)  # the specification allows no padding
    except ValueError:  # binascii.Error is one, and so is what a sign beyond ASCII raises
        key = b""
    if len(key) < SHORTEST_SECRET:
        raise ConfigurationError(name, f"must be whsec_ and at least {SHORTEST_SECRET} random bytes in base64")
    return Signer(key)
