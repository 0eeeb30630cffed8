"""Sign a body, post it to the partner and evaluate the response.

Reference: the Standard Webhooks specification: headers webhook-id, webhook-timestamp and webhook-signature; several
signatures while a secret is being rotated; a 3xx is a failure and never followed. The status counts as soon as it has
arrived with the headers, whatever happens to the body.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.errors import ConfigurationError, RelayError
from shared.http.deadline import within
from shared.http.resolver import AddressRefused
from shared.http.retry_after import seconds_of

if TYPE_CHECKING:
    import requests
    from standardwebhooks import Webhook as Signer

CONNECT_SECONDS = 3.05
EXCHANGE_SECONDS = 15.0  # for the whole exchange, from the DNS lookup to the end of the response headers
# The response body is ignored. It is read within these limits, so that the connection can be reused.
LARGEST_ANSWER = 20_000  # bytes
REST_SECONDS = 0.5
SHORTEST_SECRET = 24  # bytes, from the specification
FEWEST_DIFFERENT = 8  # random bytes of this length have fewer by a chance below one in a million


class NotDelivered(RelayError):
    """The partner did not accept a delivery. Has its status (0: no answer) and its Retry-After in seconds."""

    def __init__(self, status: int, reason: str, retry_after: float | None = None) -> None:
        super().__init__(f"the partner did not accept the delivery: {reason}")
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Webhook:
    """The partner's endpoint; `secrets` returns the signing secrets, `name` their name in the vault.

    All are evaluated at each delivery, so that a broken setting fails the delivery and not the construction. `seconds`
    limits one exchange; with a session of `shared.http`, also if the partner sends its response slowly.
    """

    url: Callable[[], str]
    secrets: Callable[[], str]
    name: Callable[[], str]
    session: Callable[[], requests.Session]
    seconds: float = EXCHANGE_SECONDS

    def deliver(self, message_id: str, body: str) -> int:
        """Post one signed body; return the 2xx status. Raises NotDelivered, or ConfigurationError for an unusable
        signing secret.
        """
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        headers = self.sign(message_id, datetime.now(UTC), body)
        try:
            with within(self.seconds):
                status, wait = self._posted(body, headers)
        except AddressRefused as refusal:
            raise NotDelivered(0, str(refusal)) from None
        except (RequestException, HTTPError, OSError) as error:
            raise NotDelivered(0, f"no answer ({_cause_of(error)})") from None
        if not 200 <= status < 300:
            raise NotDelivered(status, f"status {status}", wait)
        return status

    def sign(self, message_id: str, moment: datetime, body: str) -> dict[str, str]:
        """Return the headers of a delivery. Raises ConfigurationError for an unusable signing secret."""
        return signed_headers(self.name(), self.secrets(), message_id, moment, body)

    def _posted(self, body: str, headers: dict[str, str]) -> tuple[int, float | None]:
        """Post, and return the status and the Retry-After in seconds."""
        limit = (CONNECT_SECONDS, self.seconds)
        with self.session().post(
            self.url(), data=body.encode(), headers=headers, timeout=limit, allow_redirects=False, stream=True
        ) as answer:
            _read_rest(answer)
            return answer.status_code, seconds_of(answer.headers.get("Retry-After"))


def _read_rest(answer: requests.Response) -> None:
    """Read a short body to its end; the caller closes the connection of a longer one."""
    from urllib3.exceptions import HTTPError

    remaining = LARGEST_ANSWER
    with suppress(HTTPError, OSError), within(REST_SECONDS):
        while part := answer.raw.read1(remaining):  # empty once nothing remains
            remaining -= len(part)


def _cause_of(error: BaseException) -> str:
    """Return why there is no answer. Only the text of a certificate error is safe to include: it is Python's own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {cause.verify_message}"
        cause = cause.__context__
    return type(error).__name__


def signed_headers(name: str, secrets: str, message_id: str, moment: datetime, body: str) -> dict[str, str]:
    """Return the headers of a delivery, one signature for each of the space-separated `secrets`.

    `moment` must be in UTC: the library uses the local time of any other zone as it is. Raises ConfigurationError,
    which names the secret and never shows it.
    """
    signatures = [_signer(name, secret).sign(message_id, moment, body) for secret in secrets.split()]
    if not signatures:
        raise ConfigurationError(name, "contains no signing secret")
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def is_guessable(secrets: str) -> bool:
    """Return whether one of the space-separated secrets consists of a few different bytes: somebody typed it."""
    return any(len(set(_key_in(secret))) < FEWEST_DIFFERENT for secret in secrets.split())


def _key_in(secret: str) -> bytes:
    """Return the key in a secret, empty if it is not base64."""
    text = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)  # padding is optional
    except ValueError:  # also binascii.Error, and non-ASCII characters
        return b""


def _signer(name: str, secret: str) -> Signer:
    from standardwebhooks import Webhook as Signer

    key = _key_in(secret)
    if len(key) < SHORTEST_SECRET:
        raise ConfigurationError(name, f"must be whsec_ followed by at least {SHORTEST_SECRET} random bytes in base64")
    return Signer(key)
