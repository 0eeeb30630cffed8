"""The keyed fingerprint of a public event: whether the partner can see a difference. Pure.

An etag changes with every write to an event, also with an attendee's answer or a category, which a delivery does not
contain. The fingerprint is stored in place of the public event, and keyed, so that nobody can guess a title from it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.graph.client_state import Key, signing_key

_PURPOSE = b"fingerprint of a public event\n"  # the key also signs the clientState
_LENGTH = 32  # hex digits
# Follow from start, end and allDay. Left out, so that entries of versions without them still match.
_DERIVED = frozenset({"startDate", "endDate"})


def fingerprint(event: dict[str, Any], keys: Sequence[Key], now: datetime) -> str:
    """Return the fingerprint of a public event: the version of the key, a colon, and 32 hex digits."""
    return _keyed(event, signing_key(keys, now))


def is_same(stored: str, event: dict[str, Any], keys: Sequence[Key]) -> bool:
    """Return whether a public event has a stored fingerprint. False if that is empty, or its key has been retired."""
    version = stored.partition(":")[0]
    key = next((key for key in keys if key.version == version), None)
    return bool(stored) and key is not None and hmac.compare_digest(stored, _keyed(event, key))


def _keyed(event: dict[str, Any], key: Key) -> str:
    shown = {name: value for name, value in event.items() if name not in _DERIVED}
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"))
    return f"{key.version}:{hmac.new(key.secret, _PURPOSE + text.encode(), hashlib.sha256).hexdigest()[:_LENGTH]}"
