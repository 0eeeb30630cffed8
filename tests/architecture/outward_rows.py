"""A row of each kind and a message of each queue, written by the product into storage that lies in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import MagicMock

from shared.bootstrap.app import App
from shared.storage.leases import Lease
from shared.storage.ledger import Entry
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
MADE: dict[str, Any] = {
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
    """Keeps the filters of its queries, as the service would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.filters: list[str] = []

    def query_entities(
        self, rule: str, *, parameters: dict[str, str] | None = None, select: list[str] | None = None, **given: Any
    ) -> Rows:
        """Return the rows of a rule."""
        text = re.sub(r"@(\w+)", lambda found: f"'{(parameters or {})[found[1]]}'", rule)
        self.filters.append(f"{text} -> {','.join(select)}" if select else text)
        return super().query_entities(rule, parameters=parameters, **given)


class Storage:
    """A storage account that lies in memory."""

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
    """Return the product's parts on a storage account of their own."""
    storage = Storage()
    return App({}, storage=storage, now=lambda: NOON), storage


WRITERS: dict[str, Callable[[App, Any], Any]] = {
    "watch": lambda parts, made: parts.watches.insert(made),
    "room list": lambda parts, made: parts.room_lists.insert(made),
    "endpoint": lambda parts, made: parts.endpoints.change(made),
    "replay": lambda parts, made: parts.replays.insert(made),
    "attempt": lambda parts, made: parts.leases.insert(made),
    "slots": lambda parts, made: parts.slot_bookings.claim(made),
    "ledger": lambda parts, made: parts.ledger.claim([made]),
    "waiting": lambda parts, made: parts.parked.put(WAITING, [made]),
    "dead": lambda parts, made: parts.parked.put(DEAD, [made]),
}
READERS: dict[str, Callable[[App, Any], Any]] = {
    "watch": lambda parts, made: parts.watches.get(made.id),
    "room list": lambda parts, made: parts.room_lists.get(made.id),
    "endpoint": lambda parts, _: parts.endpoints.read(),
    "replay": lambda parts, made: parts.replays.get(made.id),
    "attempt": lambda parts, made: parts.leases.get(made.id),
    "slots": lambda parts, made: parts.slot_bookings.get(MAILBOX, made.id),
    "ledger": lambda parts, _: parts.ledger.read(WATCH, [EVENT])[0],
    "waiting": lambda parts, made: parts.parked.get(WAITING, made.id),
    "dead": lambda parts, made: parts.parked.get(DEAD, made.id),
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
    """Return the rows that the product stores for what is MADE."""
    parts, storage = relay()
    WRITERS[name.partition(",")[0]](parts, MADE[name])
    return storage.rows


def changed_rows(kind: str) -> list[dict[str, Any]]:
    """Return the rows after every field of a blank one but its id has become that of the full one."""
    parts, storage = relay()
    full, blank = MADE[kind], MADE[f"{kind}, blank"]
    WRITERS[kind](parts, blank)
    names = [field.name for field in fields(full)][1:-1]
    news = dict(zip(names, in_order(full)[1:-1], strict=True))
    CHANGERS[kind](parts, READERS[kind](parts, blank), news)
    return storage.rows


def read_back(name: str, rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Return what the product reads of stored rows, without the etag."""
    parts, storage = relay()
    for row in rows:
        storage.table(row["table"]).create_entity({key: value for key, value in row.items() if key != "table"})
    return in_order(READERS[name.partition(",")[0]](parts, MADE[name]))[:-1]


def rows_now() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all that is MADE, those that are changed field by field, and what is noted beside them."""
    found = {name: rows_of(name) for name in MADE} | {f"{kind}, changed": changed_rows(kind) for kind in CHANGERS}
    parts, storage = relay()
    parts.heartbeat.beat(OSLO)
    blank = parts.watches.insert(MADE["watch, blank"])
    assert blank is not None
    parts.watches.saw_change(blank, NOON, "user")
    parts.watches.claim(MADE["watch, blank"], NOON)
    return found | {"heartbeat and a change seen": storage.rows}


def filters_now() -> dict[str, list[str]]:
    """Return the filters of every query, by table."""
    parts, storage = relay()
    parts.ledger.claim([MADE["ledger, blank"]])
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
    """Return what is said to each queue, with the words of the service."""
    parts, storage = relay()
    parts.changes._queue.put("text", 1.5)
    parts.jobs._queue.put("text")
    parts.jobs._queue.put("text", 1e9)
    parts.storage_diagnostics().message()
    sent = {name: queue.send_message.call_args_list for name, queue in storage.queues.items()}
    return {name: [[*call.args, call.kwargs] for call in calls] for name, calls in sent.items()}
