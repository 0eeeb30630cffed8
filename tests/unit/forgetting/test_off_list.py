"""A mailbox that left the allow-list is forgotten after thirty nights, and never by a mistake of fewer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.config import Settings
from shared.errors import GraphForbidden, GraphNotFound, GraphUnavailable
from shared.forgetting.off_list import FORGET_AFTER, LONGEST_GAP
from tests.support.world import MAILBOX, SETTINGS
from tests.unit.forgetting.conftest import NAMES, OTHER, OTHER_NAMES, USER, FilledWorld

NIGHTS = FORGET_AFTER.days
DAY = timedelta(days=1)
ROOMS = "rooms@contoso.com"


@pytest.fixture(autouse=True)
def _new_count(world: FilledWorld) -> None:
    """Begin without the rows that the world is filled with."""
    for partition, key in list(world.rows.rows):
        if partition == "off-list":
            del world.rows.rows[partition, key]


def allow(world: FilledWorld, entries: str) -> None:
    """Change the list, as a restarted process sees it."""
    world.settings = Settings.load(SETTINGS | {"ALLOWED_MAILBOXES": entries})


def nights(world: FilledWorld, number: int) -> None:
    """Let the timer run and the night come, a number of times."""
    for _ in range(number):
        world.pass_by(DAY.total_seconds())
        world.reconciler.reconcile()
        world.jobs.take_jobs()
        world.work.take_jobs()
        night(world)


def night(world: FilledWorld) -> None:
    """Carry out the steps of a night."""
    cursor = "0"
    while cursor:
        cursor = world.off_list_mailboxes.step(cursor)


def watched(world: FilledWorld) -> set[str]:
    """Return the mailboxes that are watched."""
    return {each.mailbox for each in world.watches.all()}


def test_a_mailbox_off_the_list_is_forgotten_after_thirty_nights(world: FilledWorld) -> None:
    """Until then its watch is paused, and nothing is lost. The other mailbox is not touched."""
    allow(world, OTHER)
    nights(world, NIGHTS)
    assert watched(world) == {MAILBOX, OTHER}
    assert world.slot_bookings.since(MAILBOX, world.time - 99 * DAY)
    nights(world, 1)
    assert watched(world) == {OTHER}
    assert world.traces(*NAMES) == []
    assert world.traces(*OTHER_NAMES) != []


def test_a_mistake_that_is_corrected_in_time_costs_nothing(world: FilledWorld) -> None:
    """The watch resumes, and the count begins anew with the next mistake."""
    allow(world, OTHER)
    nights(world, NIGHTS)
    allow(world, "@contoso.com")
    nights(world, 1)
    allow(world, OTHER)
    nights(world, NIGHTS)
    assert watched(world) == {MAILBOX, OTHER}
    nights(world, 1)
    assert watched(world) == {OTHER}


def test_an_empty_list_forgets_nobody(world: FilledWorld) -> None:
    """It allows nobody, and is a mistake rather than a decision."""
    allow(world, " , ")
    nights(world, 2 * NIGHTS)
    assert watched(world) == {MAILBOX, OTHER}


@pytest.mark.parametrize("unreadable_nights", [1, 3])
@pytest.mark.parametrize(
    "answer", [GraphUnavailable(503, "ServiceUnavailable"), GraphForbidden(403, "x"), GraphNotFound(404, "x"), []],
    ids=["outage", "refused", "not-found", "empty"],
)  # fmt: skip
def test_a_list_that_cannot_be_read_proves_nothing(
    world: FilledWorld, unreadable_nights: int, answer: Exception | list[str]
) -> None:
    """A night in which a room list may name the mailbox begins the count anew; nor is a list without rooms believed."""
    allow(world, f"{OTHER},roomlist:{ROOMS}")
    world.rooms.by_list[ROOMS] = [OTHER]
    nights(world, NIGHTS)
    world.rooms.by_list[ROOMS] = answer
    nights(world, unreadable_nights)
    world.rooms.by_list[ROOMS] = [OTHER]
    nights(world, NIGHTS)
    assert MAILBOX in watched(world)
    nights(world, 1)
    assert watched(world) == {OTHER}


def test_missing_nights_restart_the_count(world: FilledWorld) -> None:
    """The app was off, or stopped: nobody looked at the list."""
    allow(world, OTHER)
    nights(world, NIGHTS)
    world.pass_by((LONGEST_GAP + DAY).total_seconds())
    nights(world, NIGHTS)
    assert MAILBOX in watched(world)


def test_a_stopped_relay_counts_no_night(world: FilledWorld) -> None:
    """It reads no room list."""
    allow(world, OTHER)
    nights(world, 1)
    world.stopping.stop("an incident", "IT")
    assert world.nightly_cleanup.step("0") == "stopped"


def test_slot_bookings_of_a_mailbox_without_a_watch_are_forgotten(world: FilledWorld) -> None:
    """Those that lie in the future, too: the caller can reach them no longer."""
    world.book("agent@contoso.com", world.time + 300 * DAY, 7)
    nights(world, 2)
    allow(world, OTHER)
    nights(world, NIGHTS)
    assert world.traces("agent@contoso.com")
    nights(world, 1)
    assert world.traces("agent@contoso.com") == []


def test_a_subscription_that_graph_does_not_delete_keeps_its_rows(world: FilledWorld) -> None:
    """The next night tries again."""
    allow(world, OTHER)
    nights(world, NIGHTS)
    world.subscriptions.existing["u-room1@contoso.com"] = world.stray("u-room1@contoso.com", MAILBOX)
    world.subscriptions.failures = [GraphUnavailable(503, "x")] * 9
    world.pass_by(DAY.total_seconds())
    night(world)
    assert world.traces(MAILBOX)
    world.subscriptions.failures = []
    nights(world, 1)
    assert world.traces(MAILBOX) == []


def test_a_wrong_clock_forgets_nobody(world: FilledWorld) -> None:
    """One night with a clock that is far ahead, or a row that it wrote, is not thirty."""
    allow(world, OTHER)
    nights(world, 1)
    right = world.time
    world.time = right + 40 * DAY
    night(world)
    assert MAILBOX in watched(world)
    world.time = right
    nights(world, NIGHTS)
    assert MAILBOX in watched(world)


def test_another_address_of_the_mailbox_stays_as_long_as_it_is_allowed(world: FilledWorld) -> None:
    """A watch belongs to an address: that of an alias is live, and keeps the object id."""
    alias = "alias@contoso.com"
    world.stray("s-alias", alias)
    world.watch(alias, subscription_id="s-alias", user_id=USER)
    allow(world, f"{OTHER},{alias}")
    nights(world, NIGHTS + 1)
    assert watched(world) == {OTHER, alias}
    assert world.traces(MAILBOX) == []


def test_a_step_ends_after_its_time(world: FilledWorld) -> None:
    """The next one goes on behind the last mailbox, watched or only booked."""
    for number in range(4):
        world.watch(f"left{number}@contoso.com", state="paused", paused_by="mailbox")
        world.book(f"booked{number}@contoso.com", None, 20 + number)
    allow(world, OTHER)

    def hurried() -> datetime:
        world.pass_by(21)
        return world.time

    looking, cursor, steps = replace(world.off_list_mailboxes, now=hurried), "0", 0
    while cursor:
        cursor, steps = looking.step(cursor), steps + 1
    rows = [key for partition, key in world.rows.rows if partition == "off-list"]
    assert (len(rows), steps > 4) == (8, True)
