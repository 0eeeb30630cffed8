"""Nobody is told that a watch is live and then loses its subscription; another call is played between any two calls."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import Watch, watch_id_of
from shared.watches.requests import WatchRequest
from tests.support.played import PlayedWorld, played
from tests.support.subscribed import PARTNER_URL, at_graph, stored, subscribed
from tests.support.world import MAILBOX, WATCH_ID

Work = Callable[[], object]
NO_LIST = "f" * 32  # the id of a room list that is not watched any more
LOST = "lost@contoso.com"
AUDIT_EVERY = timedelta(hours=6).total_seconds()


class Answered:
    """What set-up calls answered."""

    def __init__(self, request: WatchRequest) -> None:
        self.request = request
        self.live: list[Watch] = []

    def set_up(self, world: PlayedWorld) -> None:
        """Make a set-up call to another process; the customer allows the mailbox."""
        world.allow("@contoso.com")
        with suppress(RequestRejected):
            self.live.append(world.other.watch_setup.subscribe(self.request)[0])


def set_up(world: PlayedWorld, request: WatchRequest) -> None:
    """Make a set-up call, which may fail."""
    with suppress(RequestRejected):
        world.watch_setup.subscribe(request)


def lives(world: PlayedWorld, mailbox: str) -> bool:
    """Return whether the mailbox has a live watch whose subscription exists."""
    row = world.watches.get(watch_id_of(mailbox))
    return row is not None and row.state == "live" and row.subscription_id in world.subscriptions.existing


def room_that_left(world: PlayedWorld) -> Work:
    """Remove the watch of a room whose list is gone."""
    subscribed(world, by_partner=False, room_lists=NO_LIST)
    return lambda: world.room_list_service.match_room_lists()  # noqa: PLW0108


def room_with_a_former_subscription(world: PlayedWorld) -> Work:
    """Remove the watch of a room whose subscription was lost and is being made anew."""
    end = world.time + timedelta(days=1)
    former: dict[str, Any] = {"former_id": "s-former", "former_expires": end, "failing_since": world.time}
    at_graph(world, "s-former")
    world.watch(subscription_id="", state="pending", by_partner=False, room_lists=NO_LIST, **former)
    return lambda: world.room_list_service.match_room_lists()  # noqa: PLW0108


def pause(world: PlayedWorld) -> Work:
    """Pause a watch that the customer does not allow."""
    watch = subscribed(world)
    world.allow("other@contoso.com")
    return lambda: world.endings.pause(watch)


def silent(world: PlayedWorld) -> Work:
    """Replace a silent subscription."""
    watch = subscribed(world, silent_resyncs=2, replaced_at=world.time)
    return lambda: world.subscription_service.replace(watch)


def outdated(world: PlayedWorld) -> Work:
    """Replace a subscription after Graph's 409."""
    watch = subscribed(world, lifecycle_url="https://old.example/api/lifecycle")
    return lambda: world.subscription_service.replace(watch)


def not_verifiable(world: PlayedWorld) -> Work:
    """Set up a watch with direct delivery that finds a subscription whose clientState is unknown."""
    at_graph(world, "s-x", notification_url=PARTNER_URL)
    return lambda: set_up(world, DIRECT)


def failed_set_up(world: PlayedWorld) -> Work:
    """Set up a watch; the answer to the POST is lost, and what it made is deleted."""

    def created_and_lost() -> None:
        world.subscriptions.during_create = lambda: None
        at_graph(world, "s-x")
        raise GraphUnavailable(0, "NoAnswer.ReadTimeout")

    world.subscriptions.during_create = created_and_lost
    return lambda: set_up(world, REQUEST)


def unknown(world: PlayedWorld) -> Work:
    """Delete an unknown subscription for an administrator."""
    world.stray("s-x", LOST)
    world.run_audit()
    return lambda: world.unknown_cleanup.delete_all("admin")


def interrupted(world: PlayedWorld) -> Work:
    """Let the audit finish an interrupted deletion."""
    world.stray("s-x", LOST)
    world.tombstones.write("s-x", world.time)
    world.pass_by(AUDIT_EVERY)
    return world.audit.run


REQUEST, DIRECT, OF_LOST = WatchRequest(MAILBOX), WatchRequest(MAILBOX, "direct", PARTNER_URL), WatchRequest(LOST)
CASES: list[tuple[Callable[[PlayedWorld], Work], WatchRequest]] = [
    (room_that_left, REQUEST), (room_with_a_former_subscription, REQUEST), (pause, REQUEST), (silent, REQUEST),
    (outdated, REQUEST), (not_verifiable, DIRECT), (failed_set_up, REQUEST), (unknown, OF_LOST), (interrupted, OF_LOST),
]  # fmt: skip


@pytest.mark.parametrize(("prepare", "request_"), CASES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_watch_that_was_answered_to_be_live_keeps_its_subscription(
    prepare: Callable[[PlayedWorld], Work], request_: WatchRequest
) -> None:
    """A set-up call comes before each call of the work that deletes."""
    told = Answered(request_)
    for world in played(prepare, told.set_up):
        if told.live:
            assert lives(world, request_.mailbox), (world.at, world.subscriptions.calls)
        told.live.clear()


def test_a_twin_that_is_taken_over_meanwhile_stays() -> None:
    """The subscription that the row names ends while its twin is about to be deleted."""

    def prepare(world: PlayedWorld) -> Work:
        watch = subscribed(world)
        at_graph(world, "s-new")
        return lambda: world.removal.of_lost_race(watch, "s-new")

    def lose_and_adopt(world: PlayedWorld) -> None:
        world.subscriptions.existing.pop(stored(world).subscription_id, None)
        world.other.creation.recreate(stored(world))

    worlds = 0
    for world in played(prepare, lose_and_adopt):
        assert lives(world, MAILBOX), world.at
        worlds += 1
    assert worlds > 3


def test_a_row_written_between_a_read_and_the_claim_is_decided_again() -> None:
    """A notification changes another column: the watch is removed all the same, once."""

    def notified(world: PlayedWorld) -> None:
        row = world.watches.get(WATCH_ID)
        if row is not None:
            world.other.watches.saw_change(row, world.time + timedelta(minutes=1), "user")

    for world in played(room_that_left, notified):
        assert (world.watches.get(WATCH_ID), world.subscriptions.existing) == (None, {}), world.at
        assert [reason for _, reason in world.deleted] == [DeleteReason.TOMBSTONE]


def test_a_pause_that_is_allowed_again_leaves_the_row_as_it_was() -> None:
    """The permission is asked for again once the row is claimed."""

    def allow(world: PlayedWorld) -> None:
        world.allow("@contoso.com")

    fields: dict[str, Any] = {"state": "live", "pending_since": None, "former_id": "", "gap_since": None}
    kept = 0
    for world in played(pause, allow):
        row = stored(world)
        if not world.deleted:
            kept += 1
            assert {name: getattr(row, name) for name in fields} == fields
            assert lives(world, MAILBOX)
    assert kept
