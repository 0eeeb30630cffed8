"""The mailboxes that Graph has asked the relay not to call for a while.

"Microsoft Graph throttling guidance": calls before the end of Retry-After count against the limit and lengthen it. A
limit of one mailbox says nothing of others ("Microsoft Graph service-specific throttling limits", Outlook: per app and
mailbox).
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from shared.errors import GraphUnavailable
from shared.reliability.retry_schedule import MAX_RETRY_AFTER

REMEMBERED = timedelta(hours=1)  # how long a hold is known after its end


class MailboxHolds:
    """One instance per process, for all that reads calendars; thread-safe. Another process learns of a hold when Graph
    throttles a call of its own.
    """

    def __init__(self) -> None:
        self._holds: dict[str, tuple[datetime, datetime]] = {}  # by mailbox: when Graph asked, and until when
        self._lock = threading.Lock()

    def note(self, mailbox: str, error: Exception, now: datetime) -> None:
        """Hold a mailbox for the Retry-After of an error, at most MAX_RETRY_AFTER. Other errors change nothing."""
        if not isinstance(error, GraphUnavailable) or not error.retry_after:
            return
        until = now + timedelta(seconds=min(error.retry_after, MAX_RETRY_AFTER))
        with self._lock:
            self._holds = {key: each for key, each in self._holds.items() if now - each[1] < REMEMBERED}
            _, before = self._holds.get(mailbox, (now, now))
            self._holds[mailbox] = (now, max(until, before))

    def seconds_left(self, mailbox: str, now: datetime) -> float:
        """Return how long a mailbox must not be read; 0 if it may be. A clock that was set back ends the hold."""
        asked, until = self._holds.get(mailbox, (now, now))
        return max(0.0, (until - now).total_seconds()) if asked <= now else 0.0

    def check(self, mailbox: str, now: datetime) -> None:
        """Raise GraphUnavailable, with the time left as `retry_after`, while a mailbox is held."""
        if (left := self.seconds_left(mailbox, now)) > 0:
            raise GraphUnavailable(429, "HeldBack", retry_after=left)

    def was_held_since(self, mailbox: str, moment: datetime) -> bool:
        """Return whether a hold of a mailbox ended after a moment: until then its changes waited on the queue."""
        hold = self._holds.get(mailbox)
        return hold is not None and hold[1] > moment
