"""Storage and Graph of a run that tell what they were asked, by whom, and what they answered.

The properties listen: who read or wrote which row of the table of watches, and which answers Graph gave about a
subscription.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from azure.data.tables import UpdateMode

from shared.errors import GraphConflict, GraphNotFound
from shared.graph.subscriptions import DeleteReason, Subscription
from tests.simulation.subscriptions import Subscriptions
from tests.support.table import Entity, FakeTable, Row, Rows

Changed = Callable[[tuple[str, str], Row | None, Row | None], None]


class ObservedTable(FakeTable):
    """A table that calls `read` with partition, key and etag of each row that is returned (an empty etag: there is no
    such row), and `changed` with each row before and after.
    """

    def __init__(self) -> None:
        self.read: Callable[[Sequence[tuple[str, str, str]]], None] = lambda _: None
        self.changed: Changed = lambda *_: None
        self.is_conditional = False  # the present change depends on the row's etag
        super().__init__()

    def get_entity(self, partition_key: str, row_key: str, **given: Any) -> Row:
        """Return a row or raise 404."""
        row = self.rows.get((partition_key, row_key))
        self.read([(partition_key, row_key, row.etag if row is not None else "")])
        return super().get_entity(partition_key, row_key, **given)

    def query_entities(self, query_filter: str, **given: Any) -> Rows:
        """Return the rows that a filter selects."""
        found = super().query_entities(query_filter, **given)
        self.read([(row["PartitionKey"], row["RowKey"], row.etag) for row in found.rows])
        return found

    def update_entity(self, entity: Entity, *mode: UpdateMode, **given: Any) -> dict[str, Any]:
        """Change a row."""
        self.is_conditional = given.get("match_condition") is not None
        return super().update_entity(entity, *mode, **given)

    def delete_entity(self, *entity: Entity | str, **given: Any) -> None:
        """Remove a row."""
        (row,) = entity
        assert not isinstance(row, str)
        key = row["PartitionKey"], row["RowKey"]
        before, self.is_conditional = self.rows.get(key), given.get("match_condition") is not None
        super().delete_entity(row, **given)
        if before is not None:
            self.changed(key, before, None)

    def _put(self, entity: Entity) -> dict[str, Any]:
        key = entity["PartitionKey"], entity["RowKey"]
        before = self.rows.get(key)
        answer = super()._put(entity)
        self.changed(key, before, self.rows[key])
        return answer


class Answer(NamedTuple):
    """An answer of Graph about a subscription: the verb, the status, when, and to whom."""

    verb: str
    status: int
    at: datetime
    to: str


class ObservedGraph(Subscriptions):
    """Graph with the answers about each subscription: `answers`, by its id. `actor` says who calls now.

    `moving` carries out each PATCH of a notificationUrl. `creating` is called before each POST that reaches Graph.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.answers: dict[str, list[Answer]] = {}
        self.actor: Callable[[], str] = lambda: ""
        self.creating: Callable[[str], None] = lambda _: None
        self.moving: Callable[[Callable[[], Subscription]], Subscription] = lambda move: move()

    def note(self, subscription_id: str, verb: str, status: int, to: str = "") -> None:
        """Record an answer, or what Graph said of its own accord."""
        self.answers.setdefault(subscription_id, []).append(Answer(verb, status, self._now(), to or self.actor()))

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription."""
        self.creating(mailbox)
        caller = self.actor()  # while Graph validates the URLs, a process records that
        try:
            return super().create(mailbox, url, lifecycle, state, expires)
        except GraphConflict as conflict:
            self.note(conflict.existing_id, "POST", 409, caller)
            raise

    def change_address(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        """Change the notificationUrl."""
        return self.moving(lambda: super(ObservedGraph, self).change_address(subscription_id, url, expires))

    def get(self, subscription_id: str) -> Subscription:
        """Read a subscription."""
        try:
            found = super().get(subscription_id)
        except GraphNotFound:
            self.note(subscription_id, "GET", 404)
            raise
        self.note(subscription_id, "GET", 200)
        return found

    def delete(self, subscription_id: str, reason: DeleteReason) -> None:
        """Delete a subscription."""
        super().delete(subscription_id, reason)
        self.note(subscription_id, "DELETE", 204)

    def _patch(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        try:
            changed = super()._patch(subscription_id, url, expires)
        except GraphNotFound:
            self.note(subscription_id, "PATCH", 404)
            raise
        self.note(subscription_id, "PATCH", 200)
        return changed
