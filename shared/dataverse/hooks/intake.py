"""Take in the webhooks of Dataverse: each is a hint that a booking may have changed.

What is dropped here is not lost: the timer reads all changes since its last run, and the release compares all pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import bodies, problems
from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.hooks.body import BOOKINGS, LARGEST_BODY, BadHook, Hook, read
from shared.dataverse.hooks.secret import HookSecret
from shared.errors import RelayError, RequestRejected
from shared.storage.pairs.tracking import Tracking, TrackingRow

WRITE_EVERY = timedelta(minutes=1)  # the row of change tracking is written this often at most
_WRONG = "The header x-calendar-relay-secret is missing, or its value is not one of the two newest secrets."


@dataclass(frozen=True)
class HookIntake:
    """Takes in webhooks. Methods raise RequestRejected, and ServiceUnavailable or ConfigurationError when the vault,
    storage or the queue fail: Dataverse then sends the webhook once more.
    """

    secret: HookSecret
    tracking: TrackingRow
    queue: HintQueue
    is_stopped: Callable[[], bool]
    settle_seconds: Callable[[], float]
    now: Callable[[], datetime]

    def authenticate(self, secret: str) -> None:
        """Check the secret, before anything else of the request is read. Raises RequestRejected 401."""
        if not self.secret.is_valid(secret):
            raise RequestRejected(problems.UNAUTHENTICATED, _WRONG)

    def take_in(self, body: bytes) -> str:
        """Queue the booking as a hint, and return what became of it: accepted, or why it was dropped."""
        hook = _hook_in(body)
        if hook.table != BOOKINGS:
            return "other-table"
        row = self.tracking.read()
        if row.organization and hook.organization != row.organization.lower():
            return "other-organization"  # of a copy of the environment
        result = self._state(row)
        if result == "accepted":
            hints = Hints(hinted_at=self.now(), bookings=(hook.booking_id,))
            self.queue.send(hints, self.settle_seconds())  # a save is several updates: they settle, and are read once
        self._note(row)
        return result

    def _state(self, row: Tracking) -> str:
        if row.started_at is None:
            return "not-started"
        if row.held_since is not None:
            return "held"
        return "stopped" if self.is_stopped() else "accepted"

    def _note(self, row: Tracking) -> None:
        """Note the time: it shows that webhooks arrive. The hint is queued, so a failure is no reason to refuse it."""
        now = self.now()
        if _is_fresh(row, now):
            return
        with suppress(RelayError):
            self.tracking.change(lambda present: {} if _is_fresh(present, now) else {"hooked_at": now})


def _hook_in(body: bytes) -> Hook:
    if len(body) > LARGEST_BODY:
        raise RequestRejected(problems.REQUEST_TOO_LARGE, f"The limit is {LARGEST_BODY} bytes.")
    try:
        return read(body)
    except bodies.TooManyItems as error:
        raise RequestRejected(problems.TOO_MANY_ITEMS, str(error)) from None
    except bodies.NotJson as error:
        raise RequestRejected(
            problems.NOT_A_JSON_OBJECT, f"Send the execution context of a webhook: {error}."
        ) from None
    except BadHook as error:
        raise RequestRejected(problems.INVALID_REQUEST, f"Send the execution context of a webhook: {error}.") from None


def _is_fresh(row: Tracking, now: datetime) -> bool:
    return row.hooked_at is not None and now - row.hooked_at < WRITE_EVERY
