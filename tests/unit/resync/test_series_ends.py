"""A series that ends, is shortened or becomes single: also with occurrences on their way, or from before the watch."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.errors import GraphNotFound
from shared.partner.webhook import NotDelivered
from tests.support.due_messages import DueMessages
from tests.support.world import WATCH_ID, World, event
from tests.unit.resync.test_occurrences import occurrence, series

GONE = GraphNotFound(404, "ErrorItemNotFound")


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose room is watched."""
    world.watch()
    return DueMessages(world)


def partner_has(world: World) -> set[str]:
    """Return the events that the partner has, by its deliveries."""
    last = {event_id: kind for kind, event_id in world.webhook.news}
    return {event_id for event_id, kind in last.items() if kind != "deleted"}


def resync(world: World, queues: DueMessages) -> None:
    """Resync the mailbox, and process what follows."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.resync.resync(watch)
    queues.play(timedelta(minutes=5))


def change(world: World, queues: DueMessages, *, deleted: bool = False) -> None:
    """Notify the series, and process what follows."""
    queues.notify("M", deleted=deleted)
    queues.play(timedelta(minutes=5))


def test_a_series_from_before_the_watch_becomes_single(world: World, queues: DueMessages) -> None:
    """The resync found its occurrences, and the ledger does not have the series itself."""
    series(world, occurrence(1), occurrence(2))
    del world.events.by_id["M"]  # a view has no series masters
    resync(world, queues)
    assert (partner_has(world), world.entry("M").etag) == ({"O1", "O2"}, "")
    series(world)
    world.events.by_id["M"] = event("M", "2")
    change(world, queues)
    assert partner_has(world) == {"M"}


def test_a_single_event_that_is_new_costs_a_query_and_no_change(world: World, queues: DueMessages) -> None:
    """Occurrences of other series stay."""
    series(world, occurrence(1))
    del world.events.by_id["M"]
    resync(world, queues)
    world.events.by_id["E"] = event()
    queues.notify("E")
    queues.play(timedelta(minutes=5))
    assert world.webhook.news == [("created", "O1"), ("created", "E")]


@pytest.mark.parametrize("end", ["deleted", "missing", "shortened", "single"])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_occurrence_on_its_way_is_deleted(world: World, queues: DueMessages, end: str, *, is_first: bool) -> None:
    """Another worker has read it, and delivers it while this worker learns of the end: the deletion comes after it."""
    series(world, occurrence(1), occurrence(2))
    if not is_first:
        change(world, queues)
        series(world, occurrence(1, "2"), occurrence(2, "2"), etag="m2")
    ended = False

    def finish(_: str, body: str) -> None:
        nonlocal ended
        if ended or '"O2"' not in body:
            return
        ended = True
        kept = [occurrence(1, "3")] if end == "shortened" else []
        series(world, *kept, etag="m3")
        if end in ("deleted", "missing"):
            world.events.by_id["M"] = GONE
        if end == "single":
            world.events.by_id["M"] = event("M", "m3")
        message = world.hint("M", deleted=end == "deleted")
        world.pass_by(12)
        for following in (message, message):  # Graph notifies twice
            world.delivery.deliver(following)

    world.webhook.on_arrival = finish
    change(world, queues)
    queues.play(timedelta(minutes=10))
    assert partner_has(world) == {"shortened": {"O1"}, "single": {"M"}}.get(end, set())


@pytest.mark.parametrize("end", ["deleted", "shortened"])
def test_an_occurrence_that_may_have_arrived_is_deleted(world: World, queues: DueMessages, end: str) -> None:
    """Its delivery was not acknowledged, and its retry is due later."""
    series(world, occurrence(1), occurrence(2))
    arrived: list[str] = []
    world.webhook.on_arrival = lambda _, body: arrived.append(body)
    world.webhook.failure = TimeoutError()
    queues.notify("M")
    queues.play(timedelta(seconds=14))
    assert len(arrived) >= 2
    world.webhook.failure = None
    series(world, *([occurrence(1)] if end == "shortened" else []), etag="m2")
    if end == "deleted":
        world.events.by_id["M"] = GONE
    change(world, queues, deleted=end == "deleted")
    news = world.webhook.news
    assert ("deleted", "O2") in news
    assert (("created", "O1") in news, ("deleted", "O1") in news) == (end == "shortened", end == "deleted")


def test_the_row_names_the_series_from_the_claim_on(world: World, queues: DueMessages) -> None:
    """So that the occurrence is found while it is delivered for the first time."""
    series(world, occurrence(1))
    during: list[str] = []
    world.webhook.on_delivery = lambda _: during.extend(
        entry.event_id for entry in world.ledger.of_series(WATCH_ID, "M")
    )
    change(world, queues)
    assert during == ["O1"]


@pytest.mark.parametrize("status", [400, 500])
def test_occurrences_do_not_wait_for_the_event_that_replaces_them(
    world: World, queues: DueMessages, status: int
) -> None:
    """The partner refuses the single event only, perhaps for ever."""
    series(world, occurrence(1), occurrence(2))
    change(world, queues)
    series(world)
    world.events.by_id["M"] = event("M", "2")

    def refuse(_: str, body: str) -> None:
        is_event = json.loads(body)["data"]["event"]["id"] == "M"
        world.webhook.failure = NotDelivered(status, f"status {status}") if is_event else None

    world.webhook.on_arrival = refuse
    change(world, queues)
    assert partner_has(world) == set()


def test_occurrences_of_a_series_that_became_single_while_deliveries_were_stopped(
    world: World, queues: DueMessages
) -> None:
    """The change was parked, and the ledger does not have the series itself."""
    series(world, occurrence(1))
    del world.events.by_id["M"]
    resync(world, queues)
    series(world)
    world.events.by_id["M"] = event("M", "2")
    world.pause.pause("maintenance", "tester")
    change(world, queues)
    world.pause.resume("done", "tester")
    queues.play(timedelta(minutes=5))
    assert partner_has(world) == {"M"}
