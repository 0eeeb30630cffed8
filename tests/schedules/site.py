"""What the processes of the relay share: the storage account, Graph, the partner, the vault, and the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphError, GraphNotFound, GraphUnavailable
from shared.graph.client_state import Key
from tests.schedules.messages import SharedQueue
from tests.schedules.observed import ObservedGraph, ObservedTable
from tests.schedules.scheduler import Scheduler
from tests.simulation.calendar import Calendars
from tests.simulation.world import SETTINGS, START, Partner
from tests.support.table import FakeTable

TABLES = ("watches", "ledger", "parked", "attempts", "slots")
QUEUES = ("changes", "jobs", "work")
# Settings that admit what is new, and hosts also what exists; at the end of a run they admit everything again.
ADMITTING = ("ALLOWED_NOTIFICATION_HOSTS", "MOST_WATCHES")
UNREADABLE = "?"  # before a time that no version can read
LIES = ("untrue_404", "quota_for", "throttled", "accepts_twins", "silent", "unreadable_answers", "forbidden", "missing")


class Directory:
    """The rooms of each list. `vanished` are lists that were deleted. Lies: `shown` is the answer for a list in place
    of its rooms, `denied` are lists that Graph says do not exist, `refuse_all` is the error of every call.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = {}
        self.vanished: set[str] = set()
        self.shown: dict[str, set[str]] = {}
        self.denied: set[str] = set()
        self.refuse_all: GraphError | None = None

    def of_list(self, address: str) -> Iterator[str]:
        """Return the rooms of a list as Graph does."""
        if self.refuse_all is not None:
            raise self.refuse_all
        if address not in self.rooms or address in self.vanished | self.denied:
            raise GraphNotFound(404, "ResourceNotFound")
        return iter(sorted(self.shown.get(address, self.rooms[address])))

    def end_lies(self) -> None:
        """End the lies about rooms."""
        self.shown.clear()
        self.denied.clear()


class Site:
    """Everything outside of the processes, with the true time.

    `stopped_until`: when the app, which an administrator has stopped, starts again, in seconds since the start.
    `idle_until`: until then no timer runs and no message is processed between the rounds.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.given = dict(SETTINGS)
        self.tables = {name: ObservedTable() for name in TABLES}
        self.queues = {name: SharedQueue(self.now) for name in QUEUES}
        self.graph = ObservedGraph(self.now)
        self.calendars = Calendars(self.now)
        self.directory = Directory()
        self.partner = Partner()
        self.keys = [Key("v1", b"the first secret of the relay", START - timedelta(days=1))]
        self.has_vault = True
        self.date_skew = timedelta()  # of Graph's answers
        self.stopped_until = self.idle_until = 0.0
        self.acting: Any = None  # the process that called last
        self.kept: list[tuple[datetime, dict[str, dict[Any, Any]]]] = []
        self.restored_at = START - timedelta(days=1)  # storage, the last time

    def now(self) -> datetime:
        """Return the true time."""
        return START + timedelta(seconds=self.scheduler.clock.seconds)

    @property
    def is_stopped(self) -> bool:
        """Whether the app is stopped: no timer, no message, no answer to anybody."""
        return self.scheduler.clock.seconds < self.stopped_until

    def stop(self, seconds: float) -> None:
        """Stop the app for a time."""
        self.stopped_until = max(self.stopped_until, self.scheduler.clock.seconds + seconds)

    def idle(self, seconds: float) -> None:
        """Run no timer and process no message for a time; notifications are taken in."""
        self.idle_until = max(self.idle_until, self.scheduler.clock.seconds + seconds)

    def rotate(self, *, leaked: bool = False) -> None:
        """Add a version of the clientState's key. The version before the last retires; the last, too, if it leaked."""
        number = int(self.keys[0].version[1:]) + 1
        new = Key(f"v{number}", f"the secret number {number} of the relay".encode(), self.now())
        self.keys = [new] if leaked else [new, self.keys[0]]

    def keep(self) -> None:
        """Keep the tables as they are, as a backup."""
        self.kept.append((self.now(), {name: dict(table.rows) for name, table in self.tables.items()}))

    def restore(self, age: timedelta, only: Collection[str] = ()) -> None:
        """Put back the newest backup of at least an age, or the oldest. `only`: these tables (default: all). Queues
        stay as they are.
        """
        old = [rows for moment, rows in self.kept if moment <= self.now() - age] or [self.kept[0][1]]
        for name in only or TABLES:
            self.tables[name].rows = dict(old[-1][name])
        self.restored_at = self.now()

    def spoil(self, mailbox: str) -> None:
        """Make the row of a mailbox's watch unreadable, as that of a later version can be."""
        self._created(mailbox, lambda text: text if text.startswith(UNREADABLE) else UNREADABLE + text)

    def mend(self, mailbox: str = "") -> None:
        """Make the row of a mailbox's watch readable again; those of all, if no mailbox is named."""
        self._created(mailbox, lambda text: text.removeprefix(UNREADABLE))

    def _created(self, mailbox: str, changed: Callable[[str], str]) -> None:
        table = self.tables["watches"]
        for row in [*table.rows.partition("watch")]:
            text = str(row["created"])
            if mailbox in ("", row["mailbox"]) and changed(text) != text:
                key = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]}
                FakeTable.update_entity(table, key | {"created": changed(text)})

    def end_lies(self) -> None:
        """Let Graph, the directory and the vault tell the truth again, and the settings admit everything."""
        graph = self.graph
        for lie in LIES:
            setattr(graph, lie, set())
        fresh = ObservedGraph(self.now)
        graph.validates_address = True
        for name in ("refuse_all", "longest", "names_longest", "listing", "spelled", "post_after_404", "reachable"):
            setattr(graph, name, getattr(fresh, name))
        self.calendars.refuse_all = self.directory.refuse_all = None
        self.calendars.forbidden.clear()
        self.directory.end_lies()
        self.has_vault = True
        self.mend()
        for name in ADMITTING:
            self.given.pop(name, None)
            self.given |= {name: SETTINGS[name]} if name in SETTINGS else {}


def outage() -> GraphError:
    """Return the answer of a Graph that does not work."""
    return GraphUnavailable(503, "ServiceUnavailable")
