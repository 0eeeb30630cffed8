"""Two versions run side by side for a day, then the older one alone: nothing is lost and nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.messages import Job
from shared.storage.parked import DEAD
from tests.simulation.tenant import MAILBOXES, WATCHES, Instance, Tenant

pytestmark = pytest.mark.long  # two days of a hundred watches
KINDS = ("replace-in-batches", "subscriptionMoved", "walk", "range")  # of the later version


class LaterVersion(Instance):
    """A later version: it writes columns that this one does not know, to the rows and to its messages."""

    def work_ahead(self) -> None:
        """Write to each row, and queue one job for a watch of each kind that this version does not know."""
        for (partition, key), row in list(self.rows.rows.items()):
            if partition == "watch":
                number = int(row.get("stage", 0)) + 1
                changes: Mapping[str, Any] = {"PartitionKey": partition, "RowKey": key, "stage": number, "form": "2"}
                self.rows.update_entity(changes)
        first = next(iter(self.watches.all()))
        for kind in KINDS:
            self.work.send(Job(first.id, kind, first.subscription_id, later={"range": "00-0f"}))


def test_a_day_side_by_side_and_a_day_alone(tenant: Tenant) -> None:
    """Each half hour both run, and ten calendars change. Every notification is delivered, and all rows are kept."""
    world, graph = tenant.world, tenant.world.subscriptions
    later = LaterVersion(world)
    for run in range(48):
        later.work_ahead()
        later.reconciler.reconcile()
        tenant.book(MAILBOXES[run * 2 : run * 2 + 10])
        tenant.runs(1)
    booked = sum(len(each) for each in world.events.meetings.values())
    tenant.runs(48)
    rows = [row for (partition, _), row in world.rows.rows.items() if partition == "watch"]
    assert (len(rows), {(row["stage"], row["form"]) for row in rows}) == (WATCHES, {(48, "2")})
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert len(graph.live()) == WATCHES
    assert (tenant.partner_differs, world.webhook.deliveries) == (set(), booked)


def test_jobs_of_the_later_version_are_kept_when_the_older_stays_alone(tenant: Tenant) -> None:
    """They come back for two days. Then each is kept where an administrator sees it; none has deleted anything."""
    LaterVersion(tenant.world).work_ahead()
    tenant.runs(2 * 48 - 1)
    assert len(tenant.world.work_texts.waiting) >= len(KINDS)
    assert tenant.world.parked.count(DEAD) == 0
    tenant.runs(2)
    assert tenant.world.parked.count(DEAD) == len(KINDS)
    assert (tenant.untouched, tenant.states, tenant.world.subscriptions.deleted) == (WATCHES, {"live"}, [])
