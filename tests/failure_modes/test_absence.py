"""The app was stopped, or its timer did not come: everything is made up for, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.messages import read_jobs
from tests.simulation.tenant import MAILBOXES, WATCHES, Instance, Tenant


def test_after_eight_days_all_are_back_and_only_changes_are_delivered(tenant: Tenant) -> None:
    """Every subscription has ended. Each creation waits for the rate of writes; half of the calendars changed."""
    world, graph = tenant.world, tenant.world.subscriptions
    tenant.book()
    tenant.runs(4)
    deliveries = world.webhook.deliveries
    world.time += timedelta(days=8)
    world.start()
    for mailbox in MAILBOXES[:50]:
        world.events.put(mailbox, world.time + timedelta(days=20))
    graph.creations.clear()
    graph.waits = 0
    tenant.runs(4)
    assert (tenant.served, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert sum(len(each) for each in graph.creations.values()) == WATCHES
    assert graph.waits >= WATCHES
    assert (tenant.partner_differs, world.webhook.deliveries - deliveries) == (set(), 50)


def test_two_timers_at_once_do_the_work_once(tenant: Tenant) -> None:
    """The second starts while the first waits for Graph: each subscription is renewed once or twice, none is made."""
    world, graph = tenant.world, tenant.world.subscriptions
    world.time += timedelta(days=4)
    other, met = Instance(world), list[str]()

    def meet(verb: str) -> None:
        if verb == "PATCH" and not met:
            met.append(verb)
            other.reconciler.reconcile()

    graph.before = meet
    graph.creations.clear()
    tenant.runs(1)
    assert (met, graph.creations, tenant.untouched, tenant.states) == (["PATCH"], {}, WATCHES, {"live"})
    assert graph.calls["PATCH"] <= 2 * WATCHES
    before = graph.calls["PATCH"]
    tenant.runs(4)
    assert graph.calls["PATCH"] == before


def test_a_run_that_comes_two_minutes_late_is_no_absence(tenant: Tenant) -> None:
    """Nothing is queued, and nothing is resynced."""
    tenant.runs(2)
    tenant.world.time += timedelta(minutes=2)
    tenant.book(MAILBOXES[:1])
    tenant.world.process()
    assert runs_queued(tenant) == 0
    tenant.runs(1)
    assert tenant.world.events.calls["VIEW"] == 0


@pytest.mark.parametrize("kind", ["delivery", "repair"])
def test_without_a_timer_a_message_puts_the_run(tenant: Tenant, kind: str) -> None:
    """Ninety minutes after the last run, once: whatever comes next. The run is then processed like any other."""
    world = tenant.world
    tenant.runs(1)
    world.time = world.heartbeat.last_run() or world.time  # the time of the last run
    for minutes in (89, 1):
        world.time += timedelta(minutes=minutes)
        come(tenant, kind)
        assert runs_queued(tenant) == 0
    world.time += timedelta(seconds=1)
    come(tenant, kind)
    come(tenant, kind)
    come(tenant, "delivery")
    assert runs_queued(tenant) == 1
    world.process()
    assert world.heartbeat.last_run() == world.time
    come(tenant, kind)
    assert runs_queued(tenant) == 0


def test_without_a_timer_for_days_subscriptions_are_renewed(tenant: Tenant) -> None:
    """A change comes every hour. Nothing ends in nine days."""
    tenant.runs(1)
    for hour in range(9 * 24):
        tenant.book([MAILBOXES[hour % WATCHES]])
        for _ in range(6):
            tenant.world.process()
            tenant.world.time += timedelta(minutes=10)
    assert (tenant.untouched, tenant.states, tenant.world.subscriptions.deleted) == (WATCHES, {"live"}, [])
    assert tenant.partner_differs == set()


def test_two_instances_put_the_run_once(tenant: Tenant) -> None:
    """Both see that it is overdue."""
    tenant.runs(1)
    tenant.world.time += timedelta(hours=2)
    for each in (tenant.world, Instance(tenant.world)):
        each.overdue_run.ensure()
    assert runs_queued(tenant) == 1


def come(tenant: Tenant, kind: str) -> None:
    """Let a message come and be processed, but not what it puts."""
    if kind == "delivery":
        tenant.book(MAILBOXES[:1])
        text = tenant.world.change_texts.waiting[-1][2]
        tenant.world._deliver(text)
    else:
        (held, *_) = tenant.world.subscriptions.of(MAILBOXES[0])
        tenant.world.lifecycle(held, "missed")
        tenant.world._repair(tenant.world.job_texts.waiting[-1][2])


def runs_queued(tenant: Tenant) -> int:
    """Return how many messages ask for a run."""
    texts = (text for _, _, text in tenant.world.job_texts.waiting)
    return sum(job.kind == "reconcile" for text in texts for job in read_jobs(text))
