"""A row of each kind and a message of each queue, written by the product into storage in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import MagicMock

from shared.bootstrap.app import App
from shared.storage.leases import Lease
from shared.storage.ledger_entry import Entry
from shared.storage.parked import DEAD, WAITING, Parked
from shared.storage.partner_endpoint import Endpoint
from shared.storage.replays import Replay
from shared.storage.room_lists import RoomList
from shared.storage.slot_bookings import Booking
from shared.storage.watches import Watch
from tests.architecture.outward import in_order
from tests.support.table import FakeTable, Rows

NOON = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
OSLO = NOON.astimezone(timezone(timedelta(hours=1)))
START, END = datetime(2026, 11, 20, 13, tzinfo=UTC), datetime(2026, 11, 20, 13, 10, tzinfo=UTC)
WATCH, EVENT, MAILBOX = "0123456789abcdef" * 2, "AAMk/Ünïcødé+=", "Åse@contoso.com"
ZERO = "0" * 32
MOMENTS = tuple(NOON + timedelta(minutes=number) for number in range(10))
CREATED: dict[str, Any] = {
    "watch": Watch(
        WATCH, MAILBOX, "direct", OSLO, "https://partner.example/hook", "refused", MOMENTS[1], "error", MOMENTS[2],
        MOMENTS[3], "s-1", "s-0", MOMENTS[4], MOMENTS[5], MOMENTS[6], False, f"{WATCH} {ZERO}", "v1", "user",  # noqa: FBT003
        MOMENTS[7],
    ),
    "watch, blank": Watch("f" * 32, MAILBOX, "relay", NOON),
    "room list": RoomList(WATCH, "rooms@contoso.com", OSLO, 3, 2, MOMENTS[1], "error", MOMENTS[2]),
    "room list, blank": RoomList("f" * 32, "rooms@contoso.com", NOON),
    "endpoint": Endpoint(ZERO, "failing", OSLO, "reason", MOMENTS[1], 4, MOMENTS[2]),
    "endpoint, blank": Endpoint(),
    "replay": Replay(WATCH, OSLO, '{"all":true}', 7, ZERO, MOMENTS[1]),
    "replay, blank": Replay("f" * 32, None, ""),
    "attempt": Lease(WATCH, OSLO),
    "attempt, blank": Lease("f" * 32, None),
    "slots": Booking(WATCH, MAILBOX, START, END, START, "t", "moving", "E", True, START, END + (END - START)),  # noqa: FBT003
    "slots, blank": Booking("f" * 32, MAILBOX, START, END, START, "t"),
    "ledger": Entry(WATCH, EVENT, 'W/"1"', OSLO, True, "r", "S", "s", "e", 2, True),  # noqa: FBT003
    "ledger, blank": Entry(WATCH, EVENT),
    "waiting": Parked(WATCH, "user", EVENT, OSLO, "failing", True, True),  # noqa: FBT003
    "waiting, blank": Parked(WATCH, "user", EVENT, START, "paused"),
    "dead": Parked(WATCH, "user", EVENT, NOON, "rejected", True, True, 422, 3),  # noqa: FBT003
}  # fmt: skip


class Table(FakeTable):
    """Records the filters of its queries, as the service receives them."""

    def __init__(self) -> None:
        super().__init__()
        self.filters: list[str] = []

    def query_entities(
        self, query_filter: str, *, parameters: dict[str, Any] | None = None, select: Any = None, **given: Any
    ) -> Rows:
        """Return the rows that a filter selects."""
        text = re.sub(r"@(\w+)", lambda match: f"'{(parameters or {})[match[1]]}'", query_filter)
        self.filters.append(f"{text} -> {','.join(select)}" if select else text)
        return super().query_entities(query_filter, parameters=parameters, **given)


class Storage:
    """A storage account in memory."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.queues: dict[str, MagicMock] = {}

    def table(self, name: str) -> Table:
        """Return a table."""
        return self.tables.setdefault(name, Table())

    def queue(self, name: str) -> MagicMock:
        """Return a queue."""
        return self.queues.setdefault(name, MagicMock())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All rows, with their tables."""
        tables = sorted(self.tables.items())
        return [{"table": name, **table.rows[place]} for name, table in tables for place in sorted(table.rows)]


def relay() -> tuple[App, Storage]:
    """Return the product's parts on their own storage account."""
    storage = Storage()
    return App({}, storage=storage, now=lambda: NOON), storage


WRITERS: dict[str, Callable[[App, Any], Any]] = {
    "watch": lambda parts, value: parts.watches.insert(value),
    "room list": lambda parts, value: parts.room_lists.insert(value),
    "endpoint": lambda parts, value: parts.endpoints.change(value),
    "replay": lambda parts, value: parts.replays.insert(value),
    "attempt": lambda parts, value: parts.leases.insert(value),
    "slots": lambda parts, value: parts.slot_bookings.claim(value),
    "ledger": lambda parts, value: parts.ledger.claim([value]),
    "waiting": lambda parts, value: parts.parked.put(WAITING, [value]),
    "dead": lambda parts, value: parts.parked.put(DEAD, [value]),
}
READERS: dict[str, Callable[[App, Any], Any]] = {
    "watch": lambda parts, value: parts.watches.get(value.id),
    "room list": lambda parts, value: parts.room_lists.get(value.id),
    "endpoint": lambda parts, _: parts.endpoints.read(),
    "replay": lambda parts, value: parts.replays.get(value.id),
    "attempt": lambda parts, value: parts.leases.get(value.id),
    "slots": lambda parts, value: parts.slot_bookings.get(MAILBOX, value.id),
    "ledger": lambda parts, _: parts.ledger.read(WATCH, [EVENT])[0],
    "waiting": lambda parts, value: parts.parked.get(WAITING, value.id),
    "dead": lambda parts, value: parts.parked.get(DEAD, value.id),
}
CHANGERS: dict[str, Callable[[App, Any, dict[str, Any]], Any]] = {
    "watch": lambda parts, row, news: parts.watches.change(row, **news),
    "room list": lambda parts, row, news: parts.room_lists.change(row, **news),
    "endpoint": lambda parts, row, news: parts.endpoints.change(row, **news),
    "replay": lambda parts, row, news: parts.replays.change(row, **news),
    "attempt": lambda parts, row, news: parts.leases.change(row, **news),
    "slots": lambda parts, row, news: parts.slot_bookings.change(row, **news),
}


def rows_of(name: str) -> list[dict[str, Any]]:
    """Return the rows that the product stores for an entry of CREATED."""
    parts, storage = relay()
    WRITERS[name.partition(",")[0]](parts, CREATED[name])
    return storage.rows


def changed_rows(kind: str) -> list[dict[str, Any]]:
    """Return the rows after each field of a blank row but its id has been set to that of the full row."""
    parts, storage = relay()
    full, blank = CREATED[kind], CREATED[f"{kind}, blank"]
    WRITERS[kind](parts, blank)
    names = [field.name for field in fields(full)][1:-1]
    news = dict(zip(names, in_order(full)[1:-1], strict=True))
    CHANGERS[kind](parts, READERS[kind](parts, blank), news)
    return storage.rows


def read_back(name: str, rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Return what the product reads from stored rows, without the etag."""
    parts, storage = relay()
    for row in rows:
        storage.table(row["table"]).create_entity({key: value for key, value in row.items() if key != "table"})
    return in_order(READERS[name.partition(",")[0]](parts, CREATED[name]))[:-1]


def rows_now() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all CREATED, those changed field by field, and those written beside them."""
    rows = {name: rows_of(name) for name in CREATED} | {f"{kind}, changed": changed_rows(kind) for kind in CHANGERS}
    parts, storage = relay()
    parts.heartbeat.ran(OSLO)
    blank = parts.watches.insert(CREATED["watch, blank"])
    assert blank is not None
    parts.watches.saw_change(blank, NOON, "user")
    parts.watches.claim(CREATED["watch, blank"], NOON)
    return rows | {"heartbeat and a change seen": storage.rows}


def filters_now() -> dict[str, list[str]]:
    """Return the filters of every query, by table."""
    parts, storage = relay()
    parts.ledger.claim([CREATED["ledger, blank"]])
    parts.ledger.read(WATCH, ["E", "F"])
    parts.ledger.of_series(WATCH, "S")
    list(parts.ledger.pages(WATCH))
    parts.ledger.forget(WATCH)
    parts.parked.page(DEAD, 5, ZERO, since=NOON, before=OSLO, reason="rejected")
    parts.parked.page(WAITING, 5)
    parts.parked.count(DEAD)
    for rows in (parts.watches, parts.room_lists, parts.replays, parts.leases):
        rows.page(5, ZERO)
        rows.count()
    parts.slot_bookings.holders(MAILBOX, START, END)
    parts.slot_bookings.since(MAILBOX, NOON)
    list(parts.slot_bookings.unfinished())
    list(parts.slot_bookings.before(NOON))
    return {name: table.filters for name, table in storage.tables.items()}


def queues_now() -> dict[str, list[list[Any]]]:
    """Return the calls of each queue, in the service's terms."""
    parts, storage = relay()
    parts.changes._queue.put("text", 1.5)
    parts.jobs._queue.put("text")
    parts.jobs._queue.put("text", 1e9)
    parts.storage_diagnostics().message()
    sent = {name: queue.send_message.call_args_list for name, queue in storage.queues.items()}
    return {name: [[*call.args, call.kwargs] for call in calls] for name, calls in sent.items()}
