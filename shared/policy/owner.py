"""What is kept of a calendar's owner: the mailbox that answers under an address. Pure, except for the table.

Exchange delivers a mailbox under each of its addresses (proxyAddresses), so an address can be in a domain that the
customer allows while the mailbox is not. The owner's address is kept as two hashes, of the address and of its domain:
who is not allowed is not named in storage. ("calendar resource type")
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.moments import has_passed
from shared.storage.table import Table, compared, text_of
from shared.storage.watches import Watch, watch_id_of
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

FRESH_FOR = timedelta(hours=24)  # a call of a feature asks once in this time
NIGHTLY = timedelta(hours=20)  # shorter: two nights are not exactly a day apart
KEPT = timedelta(days=2)  # the row of an address without a watch, after it was last asked
_ADDRESS = re.compile(r"[^@\s:/]+@[^@\s:/]+")  # not the X.500 address that Exchange also uses inside


@dataclass(frozen=True, slots=True)
class OwnerReading:
    """What is known of the mailbox that answers under an address. `id` is that of the address's watch, a hash.

    `owner`: the hashes of its address; "" until an answer named one. `read_at`: when Graph was last asked, None before.
    `unknown_since`: since when no answer has named the owner; None while the last one did. `state`: what the row of an
    address without a watch said when it was asked; shown only.
    """

    id: str
    owner: str = ""
    read_at: datetime | None = field(default=None, metadata=compared())
    unknown_since: datetime | None = None
    state: str = ""
    etag: str = ""

    def is_fresh(self, now: datetime, keep: timedelta = FRESH_FOR) -> bool:
        """Return whether Graph was asked less than `keep` ago."""
        return self.read_at is not None and not has_passed(keep, self.read_at, now)

    def after(self, address: str | None, now: datetime) -> OwnerReading:
        """Return what is known after an answer; None or "" if it named no owner: then what was known stays."""
        if address and (owner := hashed(address)):
            return replace(self, owner=owner, read_at=now, unknown_since=None)
        return replace(self, read_at=now, unknown_since=self.unknown_since or now)

    def columns(self) -> dict[str, Any]:
        """Return the columns of a watch."""
        return {"owner": self.owner, "owner_read_at": self.read_at, "owner_unknown_since": self.unknown_since}


class OwnerReadings(Table[OwnerReading]):
    """The rows of addresses without a watch, which end after KEPT."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, OwnerReading, "owner")

    def write(self, reading: OwnerReading) -> None:
        """Write a row, whatever stands there: of two answers to the same question either will do."""
        if self.insert(reading) is None:
            columns = {name: getattr(reading, name) for name in ("owner", "read_at", "unknown_since", "state")}
            self.merge(reading, **columns)

    def drop_old(self, now: datetime) -> int:
        """Delete the rows whose time has ended, and return their number."""
        old = list(self.select("read_at lt @before", {"before": text_of(now - KEPT)}))
        return sum(self.delete(each) for each in old if not isinstance(each, Unreadable))


def reading_of(watch: Watch) -> OwnerReading:
    """Return what a watch's row says of the owner."""
    return OwnerReading(watch.id, watch.owner, watch.owner_read_at, watch.owner_unknown_since)


def new_reading(mailbox: str) -> OwnerReading:
    """Return what is known of an address before Graph was asked."""
    return OwnerReading(watch_id_of(mailbox))


def hashed(address: str) -> str:
    """Return the hashes of an address and of its domain, without regard to case; "" if the text is no address."""
    address = address.strip().lower()
    if not _ADDRESS.fullmatch(address):
        return ""
    return f"{entry_hash(address)} {entry_hash('@' + address.partition('@')[2])}"


def entry_hash(entry: str) -> str:
    """Return the hash of an address or `@domain`, in lower case."""
    return hashlib.sha256(entry.encode("utf-8", "replace")).hexdigest()[:32]
