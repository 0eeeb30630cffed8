"""Storage is restored to an earlier state, or fails over to a copy: nothing is deleted, and the partner is right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.simulation.tenant import MAILBOXES, WATCHES, Tenant
from tests.support.table import FakeTable, Row

Stored = list[dict[tuple[str, str], Row]]


def stored(tenant: Tenant) -> Stored:
    """Return a copy of all tables."""
    return [{key: Row(row, row.etag) for key, row in table.rows.items()} for table in tenant.world.tables]


def restore(tables: tuple[FakeTable, ...], copies: Stored) -> None:
    """Restore all tables. The queues are as they were: they are of another service."""
    for table, copy in zip(tables, copies, strict=True):
        rows: Mapping[tuple[str, str], Row] = copy
        table.rows = rows


@pytest.mark.parametrize("hours", [1, 24, 8 * 24])
def test_restored_storage_ends_no_subscription_and_the_partner_is_right(tenant: Tenant, hours: int) -> None:
    """Meanwhile meetings were made, moved and deleted, a subscription was made anew, and each was renewed.

    All are live within two runs, and the partner knows the calendars after one resync.
    """
    world, graph = tenant.world, tenant.world.subscriptions
    tenant.book()
    tenant.runs(8)
    copies = stored(tenant)
    tenant.book(MAILBOXES[:30], 20)
    for number, mailbox in enumerate(MAILBOXES):
        (event_id, *_) = world.events.meetings[mailbox]
        if number % 3 == 0:
            world.events.take(mailbox, event_id)
        elif number % 3 == 1:
            world.events.put(mailbox, world.time + timedelta(days=40), event_id)
        if number % 3 < 2:
            tenant.hint(mailbox, event_id, "deleted" if number % 3 == 0 else "updated")
    lost = graph.lose(next(iter(tenant.first)))
    world.lifecycle(lost, "subscriptionRemoved")
    tenant.runs(hours * 2)
    assert tenant.served == WATCHES
    world.start()
    restore(world.tables, copies)
    tenant.runs(2)
    assert (tenant.served, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    world.catch_up.queue_nightly_resyncs()
    tenant.runs(2)
    assert tenant.partner_differs == set()
    tenant.runs(48)  # each is looked up once a day: then a row that names an ended one names the other again
    assert {watch.subscription_id for watch in world.watches.all()} == {held.subscription.id for held in graph.live()}
    assert (tenant.served, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
