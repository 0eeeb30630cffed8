"""The form of an Idempotency-Key, the same on every route. Pure."""

from __future__ import annotations

import re

from shared.api.fields import invalid

LONGEST_KEY = 128
_KEY = re.compile(rf"[ -~]{{1,{LONGEST_KEY}}}")  # printable ASCII


def check_key(key: str) -> None:
    """Raise RequestRejected 422 for an Idempotency-Key of another form."""
    if not _KEY.fullmatch(key):
        raise invalid(f"Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII characters")
