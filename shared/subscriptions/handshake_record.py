"""Record that Graph validated a notification URL of the relay, as evidence that the URL leads here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.errors import RelayError
from shared.storage.maintenance import Handshake, SingleRow

WRITE_EVERY = timedelta(seconds=10)  # at most, for each URL and process

_logger = logging.getLogger("relay.handshake")


class HandshakeRecord:
    """Writes the last handshake. One instance per process."""

    def __init__(self, stored: SingleRow[Handshake], now: Callable[[], datetime]) -> None:
        self._stored = stored
        self._now = now
        self._written: dict[str, datetime] = {}

    def saw(self, url: str) -> None:
        """Record a handshake at a URL (without its query). Never raises: Graph waits for the answer to it."""
        now = self._now()
        last = self._written.get(url)
        if last is not None and now - last < WRITE_EVERY:
            return
        self._written = {url: now}
        changes: dict[str, Any] = {"url": url, "at": now}
        try:
            self._stored.write(lambda _: changes)
        except RelayError as error:
            _logger.warning("A handshake could not be recorded: %s", error)
