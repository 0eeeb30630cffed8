"""One at a time at a business: nobody is given away between reading who is free and taking them.

Bookings has no call that does both, and no page says that it refuses a second appointment of the same staff.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from shared.errors import RequestRejected
from shared.parts import Parts
from shared.storage.leases import Lease

TURN = timedelta(minutes=2)  # for who crashes; everybody else gives it back
WAITS = (0.0, 0.3, 0.6, 1.0, 2.0, 3.0)  # seconds before each try; a turn takes about one
SOON = 5  # seconds, for who came in vain


@contextmanager
def turn(parts: Parts, business: str) -> Iterator[None]:
    """Be the only one who gives away staff of a business. Raises RequestRejected 503 when others do for too long."""
    row = _taken(parts, hashlib.sha256(f"turn\n{business.lower()}".encode("utf-8", "replace")).hexdigest()[:32])
    try:
        yield
    finally:
        parts.attempts.delete(row)


def _taken(parts: Parts, turn_id: str) -> Lease:
    for seconds in WAITS:
        parts.sleep(seconds)
        now = parts.now()
        row = parts.attempts.begin(turn_id, now, now + TURN)
        if row is not None:
            return row
    text = "Others are making appointments of this business. Send the same again after the time in Retry-After."
    raise RequestRejected(503, "Others are booking", text, SOON)
