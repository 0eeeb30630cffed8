"""Watches whose mailbox belongs to another owner: asked at set-up and every night, paused with OWNER_CHECK=enforce."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.graph.subscriptions import DeleteReason
from shared.messages import Job
from shared.policy.owner import hashed
from shared.watches.requests import WatchRequest
from shared.watches.states import shown
from tests.support.restarted import restarted
from tests.support.subscribed import PARTNER_URL, stored, subscribed
from tests.support.world import MAILBOX, WATCH_ID, World

CHIEF = "chief@fabrikam.com"
HOSTS = {"ALLOWED_NOTIFICATION_HOSTS": "partner.example"}
DELIVERIES = [WatchRequest(MAILBOX, "relay", ""), WatchRequest(MAILBOX, "direct", PARTNER_URL)]


def process(world: World, check: str = "enforce", **settings: str) -> World:
    """Return the next process, with OWNER_CHECK."""
    return restarted(world, OWNER_CHECK=check, **HOSTS | settings)


def night(world: World) -> None:
    """A night passes: jobs are queued and run, then the timer."""
    world.pass_by(timedelta(hours=24).total_seconds())
    world.catch_up.queue_nightly_resyncs()
    world.catch_up.queue_owner_checks()
    for job in world.jobs.take_jobs():
        world.job_runner.run_job(job, world.jobs)
    world.reconciler.reconcile()


def watched(world: World, request: WatchRequest) -> None:
    """Store a live watch and its subscription."""
    url = request.notification_url
    more: dict[str, Any] = {"delivery": request.delivery, "notification_url": url, "posts_to": url} if url else {}
    subscribed(world, MAILBOX, **more)


@pytest.mark.parametrize("request_", DELIVERIES, ids=["relay", "direct"])
def test_a_set_up_for_the_mailbox_of_another_is_refused(world: World, request_: WatchRequest) -> None:
    """It leaves no row and no subscription."""
    world.events.owners[MAILBOX] = CHIEF
    world = process(world)
    with pytest.raises(RequestRejected) as rejected:
        world.watch_setup.subscribe(request_)
    assert (rejected.value.problem.status, rejected.value.problem.code) == (403, "mailbox_owner_not_allowed")
    assert (world.subscriptions.existing, [key for key in world.rows.rows if key[0] in ("watch", "owner")]) == ({}, [])


@pytest.mark.parametrize("request_", DELIVERIES, ids=["relay", "direct"])
def test_a_new_watch_keeps_what_set_up_was_answered(world: World, request_: WatchRequest) -> None:
    """Graph is asked once, and the row holds hashes."""
    process(world).watch_setup.subscribe(request_)
    watch = stored(world)
    assert (watch.owner, watch.owner_read_at, watch.owner_unknown_since) == (hashed(MAILBOX), world.time, None)
    assert world.events.owner_reads == [MAILBOX]


@pytest.mark.parametrize("request_", DELIVERIES, ids=["relay", "direct"])
def test_a_set_up_while_the_owner_is_unknown_goes_on(world: World, request_: WatchRequest) -> None:
    """What is not known refuses nothing; the row says so."""
    world.events.owners[MAILBOX] = GraphUnavailable(503, "x")
    process(world).watch_setup.subscribe(request_)
    assert (stored(world).state, stored(world).owner_unknown_since) == ("live", world.time)


@pytest.mark.parametrize("request_", DELIVERIES, ids=["relay", "direct"])
def test_a_live_watch_of_another_owner_is_paused_and_resumed(world: World, request_: WatchRequest) -> None:
    """The night finds it, the run after it deletes the subscription, and a later night resumes it."""
    world = process(world)
    watched(world, request_)
    night(world)
    assert (stored(world).state, world.events.owner_reads) == ("live", [MAILBOX])
    world.events.owners[MAILBOX] = CHIEF
    night(world)
    watch = stored(world)
    assert (watch.state, watch.paused_by, shown(watch, world.time).state) == ("paused", "owner", "paused-by-owner")
    assert (world.subscriptions.existing, world.subscriptions.deletions[0][1]) == ({}, DeleteReason.FORBIDDEN)
    assert "ALLOWED_MAILBOXES" in shown(watch, world.time).what_to_do
    night(world)
    assert (stored(world).state, world.subscriptions.existing) == ("paused", {})
    world.events.owners[MAILBOX] = MAILBOX
    night(world)
    assert (stored(world).state, stored(world).paused_by, len(world.subscriptions.existing)) == ("live", "", 1)


@pytest.mark.parametrize("request_", DELIVERIES, ids=["relay", "direct"])
def test_a_list_that_names_the_owner_resumes_at_the_next_run(world: World, request_: WatchRequest) -> None:
    """Graph is not asked again for it; so does a list that names the address, and OWNER_CHECK=warn."""
    for settings in (
        {"ALLOWED_MAILBOXES": f"@contoso.com, {CHIEF}"}, {"ALLOWED_MAILBOXES": MAILBOX}, {"OWNER_CHECK": "warn"},
    ):  # fmt: skip
        world.rows.rows.clear()
        world.subscriptions.existing.clear()
        world = process(world)
        watched(world, request_)
        world.events.owners[MAILBOX] = CHIEF
        night(world)
        assert stored(world).paused_by == "owner"
        number = len(world.events.owner_reads)
        world = restarted(world, **{"OWNER_CHECK": "enforce"} | HOSTS | settings)
        world.reconciler.reconcile()
        assert (stored(world).state, len(world.subscriptions.existing)) == ("live", 1)
        assert len(world.events.owner_reads) == number


def test_by_default_a_watch_of_another_owner_goes_on(world: World) -> None:
    """Its row says who answers; enforcing it later needs no further question."""
    world = process(world, "warn")
    watched(world, DELIVERIES[0])
    world.events.owners[MAILBOX] = CHIEF
    night(world)
    assert (stored(world).state, stored(world).owner) == ("live", hashed(CHIEF))
    world = process(world)
    world.reconciler.reconcile()
    assert (stored(world).paused_by, world.subscriptions.existing) == ("owner", {})


def test_nothing_is_delivered_for_the_mailbox_of_another(world: World) -> None:
    """From the answer on, not only from the next run of the timer."""
    world = process(world)
    world.watch(owner=hashed(CHIEF), owner_read_at=world.time)
    world.delivery.deliver(world.hint())
    assert (world.webhook.taken, world.events.reads) == ([], [])
    assert world.job_runner.run_job(Job(WATCH_ID, "missed", "s-0", at=world.time)) == "not-allowed"
    assert world.job_runner.run_job(Job(WATCH_ID, "resync", at=world.time)) == "not-allowed"


def test_the_run_after_the_answer_pauses_the_watch(world: World) -> None:
    """Not only the daily run that reads all rows."""
    world = process(world)
    watched(world, DELIVERIES[0])
    night(world)
    world.events.owners[MAILBOX] = CHIEF
    world.pass_by(timedelta(hours=21).total_seconds())
    world.job_runner.run_job(Job(WATCH_ID, "resync", at=world.time))
    assert stored(world).owner == hashed(CHIEF)
    world.pass_by(60)
    world.reconciler.reconcile()
    assert stored(world).paused_by == "owner"


def test_the_run_after_a_call_of_a_feature_pauses_the_watch(world: World) -> None:
    """What a feature was answered holds for the watch, too."""
    world = process(world)
    watched(world, DELIVERIES[0])
    world.reconciler.reconcile()
    world.events.owners[MAILBOX] = CHIEF
    assert world.permission.may(None, MAILBOX, "", "partner", "read").allowed is False
    world.pass_by(60)
    world.reconciler.reconcile()
    assert stored(world).paused_by == "owner"


def test_an_outage_at_night_pauses_and_resumes_nothing(world: World) -> None:
    """What was known stays; since when it is unknown is kept."""
    world = process(world)
    watched(world, DELIVERIES[0])
    night(world)
    world.events.owners[MAILBOX] = GraphUnavailable(503, "x")
    night(world)
    since = stored(world).owner_unknown_since
    night(world)
    assert (stored(world).state, stored(world).owner_unknown_since, since) == ("live", since, since)
    world.events.owners[MAILBOX] = CHIEF
    night(world)
    world.events.owners[MAILBOX] = ""
    night(world)
    assert (stored(world).state, stored(world).paused_by) == ("paused", "owner")


def test_the_owner_of_a_renamed_mailbox_is_read_by_its_object_id(world: World) -> None:
    """Its readings go on by the id, also into a domain that is not allowed."""
    world = process(world)
    watched(world, DELIVERIES[0])
    world.watches.merge(stored(world), user_id="user-1")
    world.events.missing.add(MAILBOX)
    world.events.owners["user-1"] = "room1@fabrikam.com"
    night(world)
    assert stored(world).paused_by == "owner"


def test_the_owner_of_a_watch_is_read_once_a_night(world: World) -> None:
    """Further resyncs of the day do not ask."""
    world = process(world)
    watched(world, DELIVERIES[0])
    for _ in range(3):
        world.job_runner.run_job(Job(WATCH_ID, "resync", at=world.time))
        world.pass_by(3600)
    assert world.events.owner_reads == [MAILBOX]


def test_a_set_up_reads_the_owner_of_a_paused_watch_again(world: World) -> None:
    """So that the partner need not wait for the night once the mailbox is right."""
    world = process(world)
    watched(world, DELIVERIES[0])
    world.events.owners[MAILBOX] = CHIEF
    night(world)
    with pytest.raises(RequestRejected, match="does not name"):
        world.watch_setup.subscribe(DELIVERIES[0])
    world.events.owners[MAILBOX] = MAILBOX
    watch, _ = world.watch_setup.subscribe(DELIVERIES[0])
    assert (watch.state, watch.paused_by) == ("live", "")


def test_a_set_up_while_the_owner_is_unknown_follows_the_last_answer(world: World) -> None:
    """That of a feature, if there is no watch: an outage opens nothing that was closed."""
    world.events.owners[MAILBOX] = CHIEF
    world = process(world)
    assert world.permission.may(None, MAILBOX, "", "partner", "read").allowed is False
    world.events.owners[MAILBOX] = GraphUnavailable(503, "x")
    with pytest.raises(RequestRejected, match="does not name"):
        world.watch_setup.subscribe(DELIVERIES[0])
    world.events.owners[MAILBOX] = MAILBOX
    assert world.watch_setup.subscribe(DELIVERIES[0])[0].state == "live"


def test_owners_of_rooms_of_a_watched_list_are_read_with_the_first_resync(world: World) -> None:
    """A list that a suffix allows brings rooms that a suffix allows; matching the list asks Graph for none of them."""
    world.rooms.by_list["floor@contoso.com"] = [MAILBOX]
    world.events.owners[MAILBOX] = CHIEF
    world = process(world)
    world.room_list_service.watch("floor@contoso.com")
    world.reconciler.reconcile()
    assert (stored(world).state, world.events.owner_reads) == ("live", [])
    night(world)
    assert stored(world).paused_by == "owner"


def test_features_use_the_answer_of_the_watch(world: World) -> None:
    """An address with a watch has no row of its own."""
    world = process(world)
    world.watch(owner=hashed(CHIEF), owner_read_at=world.time)
    with pytest.raises(RequestRejected, match="does not name"):
        world.permission.require(MAILBOX, "read")
    assert world.events.owner_reads == []
    world.pass_by(timedelta(hours=25).total_seconds())
    world.permission.require(MAILBOX, "read")
    assert stored(world).owner == hashed(MAILBOX)
    assert [key for key in world.rows.rows if key[0] == "owner"] == []
