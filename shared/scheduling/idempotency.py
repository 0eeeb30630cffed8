"""Whether two calls with the same Idempotency-Key ask for the same booking. Pure, but for the secret of `derive`.

A booking's row keeps a keyed hash of what its call asked for: never the title or the customer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from shared.caller_keys import LENGTH, Derive
from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from shared.scheduling.requests import NewBooking
    from shared.storage.slot_bookings import Booking


def ids_of(request: NewBooking, caller: str, derive: Derive) -> list[str]:
    """Return the ids that a booking may have: first that of a new one, then that of an earlier version."""
    derived = derive("scheduling", caller, request.mailbox, request.key) if request.key else None
    return [request.id] if derived is None else [derived, request.id]


def hashes_of(request: NewBooking, caller: str, derive: Derive) -> list[str]:
    """Return the hashes that a booking's row may have: first that of a new one, then one that was made while the
    deployment had no secret for them. "" without an Idempotency-Key.
    """
    if not request.repeatable:
        return [""]
    text = json.dumps(request.content)
    without_secret = hmac.new(request.key.encode(), text.encode(), hashlib.sha256).hexdigest()[:LENGTH]
    derived = derive("scheduling content", caller, request.mailbox, request.key, text)
    return [without_secret] if derived is None else [derived, without_secret]


def is_same_call(request: NewBooking, hashes: list[str], booking: Booking) -> bool:
    """Return whether a call asks for what a booking's call asked for; rows of earlier versions tell only the time."""
    if booking.content_hash:
        return booking.content_hash in hashes
    return Span(booking.start, booking.end) == request.slot
