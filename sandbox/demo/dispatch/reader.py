"""Reads what the day has left: both sides, the relay's tables, the partner's deliveries, storage and logs."""

import json
from collections.abc import Iterable
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from sandbox.demo.canaries import canaries_below, canaries_in
from sandbox.demo.dispatch.judgement import Result, Stored, judged
from sandbox.demo.dispatch.plan import Plan
from sandbox.demo.dispatch.reading import KARI, Event, sides_of
from sandbox.stack import Stack

HINTS, CHANGES = "pair-changes", "calendar-changes"


class Reader:
    """Reads one stack. It is the judge, so it uses nothing of the product."""

    def __init__(self, stack: Stack, plan: Plan) -> None:
        self._stack, self._plan = stack, plan

    def result(self) -> Result:
        """Return the result so far."""
        sides = sides_of(self._stack)
        return judged(sides, self.stored(), self._plan, self._leaked(), self._apart_at_partner(sides.events))

    def stored(self) -> Stored:
        """Return the relay's rows."""
        pairs, dead = {}, 0
        with TableClient.from_connection_string(self._stack.azurite.connection_string, "pairs") as table:
            for row in table.list_entities():
                if row["PartitionKey"] == "pair":
                    pairs[str(row["RowKey"])] = dict(row)
                dead += row["PartitionKey"] == "dead"
        return Stored(pairs, dead)

    def is_at_rest(self) -> bool:
        """Return whether nothing is under way: no notification, no hint, and no change that is due."""
        sender = self._stack.tenant.control("GET", "/notifications")
        if any(sender[name] for name in ("pending", "deliveries", "rooms")):
            return False
        with self._queue(HINTS) as hints, self._queue(CHANGES) as changes:
            return not hints.get_queue_properties().approximate_message_count and not _has_due(changes)

    def _leaked(self) -> list[str]:
        """Return the names that reached the partner or the board, although they must not."""
        received = json.dumps(self._stack.partner.control("GET", "/raw"), ensure_ascii=False).encode()
        board = json.dumps(self._stack.dataverse.bookings(), ensure_ascii=False).encode()
        return [
            *_quoted("the partner", received, self._plan.visits + self._plan.private),
            *_quoted("the board", board, self._plan.subjects + self._plan.private),
        ]

    def _apart_at_partner(self, events: Iterable[Event]) -> list[str]:
        """Return where the partner's view of the mailbox that it watches differs from the calendar."""
        expected = {each.id: (each.start, each.end, self._title_of(each)) for each in events if each.mailbox == KARI}
        received = {
            each["id"]: (each["start"], each["end"], each["title"])
            for each in self._stack.partner.calendars().get(KARI, []) if each["availability"] in ("busy", "oof")
        }  # fmt: skip
        different = [each for each in expected.keys() | received.keys() if expected.get(each) != received.get(each)]
        return [f"the partner has {len(different)} other events of {KARI}"] if different else []

    def _title_of(self, event: Event) -> str:
        if event.is_private:
            return "Private"
        return "Busy" if event.booking else event.subject

    def _queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(self._stack.azurite.connection_string, name)


def left_behind(folder: Path, plan: Plan) -> list[str]:
    """Return the names in storage and logs, once the stack has stopped and all data is on disk."""
    forbidden = plan.visits + plan.subjects + plan.private
    leaks = canaries_below(folder / "storage", forbidden)
    return leaks + _quoted("host.log", (folder / "host.log").read_bytes(), forbidden)


def _quoted(where: str, content: bytes, names: list[str]) -> list[str]:
    return [f"a name in {where}: {name}" for name in canaries_in(content, names)]


def _has_due(queue: QueueClient) -> bool:
    try:
        return bool(queue.peek_messages())
    except ResourceNotFoundError:
        return False
