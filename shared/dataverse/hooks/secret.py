"""The secret of the webhooks: a header that Dataverse adds to each of them ("Register a webhook", HttpHeader).

Nothing else proves where a webhook comes from. The two newest versions in the vault are accepted, so that the secret
can be replaced while webhooks are under way.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable
from threading import Lock

from shared.key_vault import Secrets
from shared.key_vault_errors import NotUsable

HEADER = "x-calendar-relay-secret"
AGAIN_SECONDS = 10.0  # the vault is asked for a newer version once in so many seconds: strangers send secrets, too
_FORM = re.compile("[A-Za-z0-9_-]{32,256}")  # so that it needs no escaping in the XML of the endpoint


class HookSecret:
    """Says whether a text is the secret."""

    def __init__(self, secrets: Secrets, name: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._secrets, self._name, self._clock = secrets, name, clock
        self._due = 0.0
        self._reading = Lock()

    def is_valid(self, given: str) -> bool:
        """Return whether a text is one of the two newest versions. The comparison takes the same time for any text.

        A version that is newer than the cache is found, too. Without a usable secret no text is valid. Raises
        ServiceUnavailable or ConfigurationError while the vault cannot be read.
        """
        if not _FORM.fullmatch(given):
            return False
        if self._is_among(given, fresh=False):
            return True
        with self._reading:  # webhooks come in parallel: the second one waits for what the first one reads
            return self._is_among(given, fresh=self._is_due())

    def _is_among(self, given: str, *, fresh: bool) -> bool:
        try:
            versions = self._secrets.latest_two(self._name(), fresh=fresh)
        except NotUsable:
            return False
        values = [value for each in versions if _FORM.fullmatch(value := each.value.strip())]
        return sum(hmac.compare_digest(given, value) for value in values) > 0  # each is compared

    def _is_due(self) -> bool:
        """Return whether the vault may be asked again now, and note that it is."""
        now = self._clock()
        if now < self._due:
            return False
        self._due = now + AGAIN_SECONDS
        return True
