"""What the first call with an Idempotency-Key asked for, so that another call with the key is refused.

A row holds a keyed hash of the request for KEEP: never a title, an address or a time. Without a row, for a key of an
earlier version or an older one, the event that the key has made is compared.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from shared import problems
from shared.caller_keys import LENGTH, Derive
from shared.errors import GraphConflict, GraphError, GraphUnavailable, RequestRejected
from shared.graph.time_zones import zone_named
from shared.storage.deletion.call_rows import FIRST_CALLS_KEPT
from shared.storage.table import Table, compared, text_of
from shared.unreadable_rows import Unreadable

MOST_DROPPED = 100  # old rows that a call deletes
_DROPS_OLD = "0"  # the first digit of the ids of calls that delete old rows


@dataclass(frozen=True, slots=True)
class FirstCall:
    """`id` is derived from caller, mailbox, calendar and key; `content_hash` from these and the request of `since`."""

    id: str
    content_hash: str = ""
    since: datetime | None = field(default=None, metadata=compared())
    etag: str = ""


@dataclass(frozen=True)
class FirstCalls:
    """Compares calls with the same Idempotency-Key. Raises ServiceUnavailable when storage fails."""

    rows: Table[FirstCall]
    derive: Derive
    now: Callable[[], datetime]

    @contextmanager
    def same(self, caller: str, place: tuple[str, str], key: str, draft: Mapping[str, Any]) -> Iterator[bool]:
        """Yield whether the key's first call is known, to a call with the key in a mailbox and calendar (`place`).

        Raises RequestRejected 422 if it asked for something else. A first call that is refused within is forgotten.
        """
        text = json.dumps(draft, sort_keys=True)
        row = FirstCall(self._derived("calendars first call", caller, *place, key), since=self.now())
        row = FirstCall(row.id, self._derived("calendars content", caller, *place, key, text), row.since)
        stored = self.rows.insert(row)
        if stored is None:
            self._compare(row)
        elif row.id.startswith(_DROPS_OLD):
            self._drop_old()
        try:
            yield stored is None
        except (GraphError, RequestRejected) as error:
            if stored is not None and _is_refused(error):
                self.rows.delete(stored)
            raise

    def _compare(self, row: FirstCall) -> None:
        first = self.rows.get(row.id)
        if first is not None and first.content_hash != row.content_hash:
            raise key_reused()

    def _drop_old(self) -> None:
        old = self.rows.select("since lt @before", {"before": text_of(self.now() - FIRST_CALLS_KEPT)})
        for row in islice(old, MOST_DROPPED):
            if not isinstance(row, Unreadable):
                self.rows.delete(row)

    def _derived(self, purpose: str, caller: str, *parts: str) -> str:
        """Return a keyed hash; while the deployment has no secret for it, the Idempotency-Key itself is the key."""
        _, _, key, *_ = parts
        text = json.dumps([purpose, *parts]).encode()
        derived = self.derive(purpose, caller, *parts)
        return derived or hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:LENGTH]


def _is_refused(error: GraphError | RequestRejected) -> bool:
    """Return whether a call with an error has certainly created no event, and asked for none that exists."""
    if isinstance(error, RequestRejected):
        return error.problem is problems.IDEMPOTENCY_KEY_REUSED
    return not isinstance(error, (GraphUnavailable, GraphConflict))


def key_reused() -> RequestRejected:
    """Return the 422 of an Idempotency-Key whose first call asked for something else."""
    text = "Idempotency-Key: already used for another event. Use a new key for a new event."
    return RequestRejected(problems.IDEMPOTENCY_KEY_REUSED, text)


def shows_another(event: Mapping[str, Any], draft: Mapping[str, Any]) -> bool:
    """Return whether an event, read in UTC, has another title or other times than a draft."""
    return event.get("subject") != draft.get("subject") or any(
        _time(event, name) != _time(draft, name) for name in ("start", "end")
    )


def _time(event: Mapping[str, Any], name: str) -> tuple[bool, str]:
    """Return a time as text in UTC, and the date of an all-day event in its own zone."""
    moment, is_all_day = event[name], event.get("isAllDay") is True
    local = datetime.fromisoformat(str(moment["dateTime"])[:19])
    zone = UTC if is_all_day else zone_named(str(moment["timeZone"])).info
    return is_all_day, local.replace(tzinfo=zone).astimezone(UTC).isoformat()
