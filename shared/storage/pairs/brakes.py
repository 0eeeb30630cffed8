"""The rows of the brake: what was removed and made of a mailbox's pairs in the last hour, and whether it is held."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.storage.pairs.pair import Side
from shared.storage.pairs.row import change_row
from shared.storage.table import Table, compared
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PARTITION = "brake"


class Removal(NamedTuple):
    """A removal or cancellation that one side asks for. `cause`: the id of a work order or requirement, "" if none.

    `resource`: whose booking it was. `was_planned`: `plan` counted it before `start`.
    """

    pair_id: str
    side: Side
    at: datetime
    cause: str = ""
    resource: str = ""
    was_planned: bool = False


class Creation(NamedTuple):
    """A booking or event that was made. `of_old`: for an event that was there for more than an hour."""

    pair_id: str
    at: datetime
    cause: str = ""
    resource: str = ""
    of_old: bool = False


@dataclass(frozen=True, slots=True)
class MailboxBrake:
    """The brake of a mailbox. `id` is its watch's id. `removed` and `created` hold moments and ids, as JSON.

    `held_since`: since when nothing is written to the mailbox and its bookings; `held_by`: brake or administrator.
    `released_at`: when it was last released. `opened_at`: when it was last released from what the brake had held.
    `changed`: when the row was last changed.
    """

    id: str
    removed: str = ""
    created: str = ""
    held_since: datetime | None = None
    held_by: str = ""
    released_at: datetime | None = None
    opened_at: datetime | None = None
    changed: datetime | None = field(default=None, metadata=compared())
    etag: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError or TypeError if a column of JSON is damaged: the row is unreadable as a whole then."""
        self.removals(), self.creations()

    def removals(self) -> list[Removal]:
        """Return the removals, oldest first."""
        return [Removal(pair, side, datetime.fromisoformat(at), *rest) for pair, side, at, *rest in _list(self.removed)]

    def creations(self) -> list[Creation]:
        """Return the creations, oldest first."""
        return [Creation(pair, datetime.fromisoformat(at), *rest) for pair, at, *rest in _list(self.created)]


class Brakes:
    """The rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails, or a row is unreadable."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._rows = Table(table, MailboxBrake, PARTITION)

    def read(self, watch_id: str) -> MailboxBrake:
        """Return the brake of a mailbox, or a blank one."""
        return self._rows.get(watch_id) or MailboxBrake(watch_id)

    def held(self) -> Iterable[MailboxBrake | Unreadable]:
        """Yield the brakes that hold a mailbox, and what stands for those that cannot be read."""
        for row in self._rows.rows():
            if isinstance(row, Unreadable) or row.held_since is not None:
                yield row

    def change(self, watch_id: str, decide: Callable[[MailboxBrake], dict[str, Any]]) -> MailboxBrake:
        """Apply the changes that `decide` returns for the present row, again if it was changed meanwhile."""
        return change_row(self._rows, MailboxBrake(watch_id), decide)


def removals_text(removals: Iterable[Removal]) -> str:
    """Return removals as stored."""
    return json.dumps([[*each[:2], each.at.isoformat(timespec="seconds"), *each[3:]] for each in removals])


def creations_text(creations: Iterable[Creation]) -> str:
    """Return creations as stored."""
    return json.dumps([[each[0], each.at.isoformat(timespec="seconds"), *each[2:]] for each in creations])


def _list(text: str) -> list[Any]:
    return list(json.loads(text or "[]"))
