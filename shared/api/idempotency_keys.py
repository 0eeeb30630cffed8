"""The form of an Idempotency-Key, the same on every route. Pure."""

from __future__ import annotations

import re

from shared.api.fields import invalid

LONGEST_KEY = 128
LONGEST_FORMER_KEY = 255  # of an event, in version 1 of the contract
_KEY = re.compile("[ -~]+")  # printable ASCII


def check_key(key: str, longest: int = LONGEST_KEY) -> None:
    """Raise RequestRejected 422 for an Idempotency-Key of another form. `longest`: where longer ones were accepted."""
    if not _KEY.fullmatch(key) or len(key) > longest:
        raise invalid(f"Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII characters")


def is_former(key: str | None) -> bool:
    """Return whether a key is one of version 1 that is too long now: an old spelling where it is accepted."""
    return key is not None and LONGEST_KEY < len(key) <= LONGEST_FORMER_KEY
