"""The ledger of a mailbox in memory, packed, to compare it with a calendar view. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from shared.partner import payload
from shared.resync.partner_state import tried_state
from shared.storage.ledger_entry import Entry
from shared.utc import parse_utc

_SIZE = 8  # bytes of a hash
_CLOSED, _OPEN, _DEAD, _DEAD_UNTRIED = b"\0", b"\1", b"\2", b"\3"


def hashed(text: str) -> bytes:
    """Return the hash of an id or a state."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=_SIZE).digest()


def packed(entry: Entry) -> bytes:
    """Return what an entry says: its condition, a state, and when the event was read."""
    state = tried_state(entry)
    if entry.is_dead_lettered:
        condition = _DEAD if state else _DEAD_UNTRIED
    else:
        condition, state = _OPEN if entry.is_open else _CLOSED, entry.delivered_state
    moment = max(0, int(entry.read_at.timestamp())).to_bytes(5) if entry.read_at else b""
    return condition + hashed(state) + moment


def read_at(entry: bytes | None) -> datetime | None:
    """Return when the event of a packed entry was read."""
    moment = (entry or b"")[1 + _SIZE :]
    return datetime.fromtimestamp(int.from_bytes(moment), UTC) if moment else None


def compared(entry: bytes | None, event: dict[str, Any]) -> str:
    """Return new, changed or same for an event of the view; dead if this state of it is a dead letter.

    An event that could not be read before it became a dead letter has no state; then it must have changed since. What
    the partner may have, but has not acknowledged, counts as changed.
    """
    if entry is None:
        return "new"
    condition, is_same = entry[:1], entry[1 : 1 + _SIZE] == hashed(payload.etag_of(event))
    if condition == _DEAD and is_same:
        return "dead"
    if condition == _DEAD_UNTRIED and not _has_changed(event, read_at(entry)):
        return "dead"
    return "same" if condition == _CLOSED and is_same else "changed"


def _has_changed(event: dict[str, Any], since: datetime | None) -> bool:
    try:
        modified = parse_utc(str(event.get("lastModifiedDateTime")))
    except ValueError:
        return True
    return since is None or modified > since
