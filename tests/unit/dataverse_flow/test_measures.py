"""Claims about what tells whether the feature keeps up: status, health checks, gauges."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.dataverse.brake import holding
from shared.dataverse.flow.hints import HintQueue, Hints
from shared.errors import ServiceUnavailable
from shared.storage.deletion.pair_rows import PairRows
from shared.storage.pairs.pair import Pair
from tests.support.pairs_world import MemoryQueue
from tests.support.world import WATCH_ID, World
from tests.unit.functions.alert_dataverse import BOOKING, ON

PAIR = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def world() -> World:
    """Return a relay that follows an environment, which was read a minute ago."""
    world = World(**ON)
    world.pair_queue = HintQueue(MemoryQueue(world.now))
    world.tracking.change(lambda _: {"started_at": world.now(), "token_days": 7, "delta_at": world.now()})
    world.pass_by(60)
    return world


def checks(world: World) -> dict[str, tuple[bool, str]]:
    """Return the feature's health checks."""
    found = {each.name: (each.ok, each.text) for each in world.health_checks.check_all()}
    return {name: each for name, each in found.items() if name.startswith("dataverse")}


def failing(world: World) -> set[str]:
    """Return the names of the feature's checks that fail."""
    return {name for name, (ok, _) in checks(world).items() if not ok}


def hint(world: World, minutes: float = 20) -> Hints:
    """Return a hint of so many minutes ago."""
    return Hints(hinted_at=world.now() - timedelta(minutes=minutes), bookings=(BOOKING,))


def hold_pair(world: World) -> None:
    """Hold a pair."""
    world.pairs.insert(Pair(PAIR, "dataverse", "held", "r", WATCH_ID))


def hold_mailbox(world: World) -> None:
    """Hold a mailbox."""
    world.brakes.change(WATCH_ID, lambda brake: holding(brake, world.now(), "brake"))


def damage_brake(world: World) -> None:
    """Damage the row of a brake: what cannot be read may hold."""
    hold_mailbox(world)
    for row in world.pair_rows.rows.values():
        if row["PartitionKey"] == "brake":
            row["held_since"] = 7


def hold_everything(world: World) -> None:
    """Hold the feature."""
    world.dataverse_hold.hold("it")


def hint_waits(world: World) -> None:
    """Let a hint wait."""
    world.pair_queue.send(hint(world))


def give_up(world: World) -> None:
    """Give a hint up."""
    world.pair_dead_letters.gave_up(hint(world))


def token_ages(world: World) -> None:
    """Read nothing for two days of seven."""
    world.pass_by(2 * 86_400)


def test_a_feature_that_keeps_up_is_ok(world: World) -> None:
    """Each check says what it saw; before `start` it says what comes next."""
    assert failing(world) == set()
    assert checks(world)["dataverseReading"] == (True, "ok; the token's age is 0 % of its life")
    world.tracking.change(lambda _: {"delta_at": None})
    assert "the first reading has not ended" in checks(world)["dataverseReading"][1]
    assert "plan" in checks(World(**ON, DATAVERSE_SCHEDULE="0 * * * * *"))["dataverseReading"][1]


@pytest.mark.parametrize(
    ("happens", "check"),
    [
        (hold_pair, "dataverseHeld"), (hold_mailbox, "dataverseHeld"), (damage_brake, "dataverseHeld"),
        (hold_everything, "dataverseHeld"), (hint_waits, "dataverseHints"), (give_up, "dataverseHints"),
        (token_ages, "dataverseReading"),
    ],
    ids=["pair", "mailbox", "unreadable-brake", "everything", "hint", "dead", "token"],
)  # fmt: skip
def test_a_check_fails(world: World, happens: Callable[[World], None], check: str) -> None:
    """That one alone; the relay as a whole is up, since the partner's deliveries do not depend on the feature."""
    happens(world)
    assert failing(world) == {check}
    assert [each.name for each in world.health_checks.check_all() if each.is_down and each.name == check] == []


def test_a_delayed_hint_is_not_the_oldest(world: World) -> None:
    """It waits on purpose; the message that the host will move to the poison queue says nothing."""
    world.pair_queue.send(hint(world), delay=60)
    world.pair_queue.send(hint(world, 1))
    world.pair_queue._queue.put("no message of hints")
    assert world.measures.oldest_hint_seconds() == 60


def test_a_hint_that_was_given_up_counts_until_the_night_after(world: World) -> None:
    """The night compares its pair; what fails again is recorded again, under the same id."""
    give_up(world)
    world.pass_by(27 * 3600)
    assert world.pair_dead_letters.recent() == 0
    world.pair_dead_letters.gave_up(Hints(hinted_at=world.now(), bookings=(BOOKING,)))
    assert (world.pair_dead_letters.recent(), world.pair_dead_letters.count()) == (1, 1)


def test_the_status_names_the_oldest_hint_and_what_is_held(world: World) -> None:
    """From storage alone: Dataverse is not asked."""
    hint_waits(world)
    hold_mailbox(world)
    hold_pair(world)
    status = world.dataverse_status.status()
    assert (status.oldest_hint_seconds, status.mailboxes_held, status.pairs) == (1200, 1, {"held": 1})
    assert (status.token_age_seconds, status.waiting) == (60, 1)


def test_a_gauge_that_cannot_be_read_leaves_the_others(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The queue fails; pairs, holds and token are reported."""

    class Failing(MemoryQueue):
        def due(self, most: int = 32) -> list[tuple[str, datetime]]:
            raise ServiceUnavailable("storage", str(most))

    world.pair_queue._queue = Failing(world.now)
    with caplog.at_level(logging.INFO, "relay.metric"):
        world.gauges.report_gauges()
    lines = {each.message.partition("=")[0] for each in caplog.records if each.message.startswith("dataverse_")}
    assert lines == {"dataverse_pairs", "dataverse_held", "dataverse_token_percent"}


def test_an_unreadable_row_of_a_pair_is_counted(world: World) -> None:
    """It is in no state that this version knows, and must not vanish."""
    hold_pair(world)
    for row in world.pair_rows.rows.values():
        if row["PartitionKey"] == "pair":
            row["generation"] = "x"
    assert dict(world.measures.pairs_by_state()) == {"unreadable": 1}


def test_the_night_deletes_old_dead_letters(world: World) -> None:
    """After 30 days; younger ones stay."""
    rows = PairRows(lambda: world.pair_rows, lambda: timedelta(days=1))
    give_up(world)
    assert rows.drop_ended(world.now() + timedelta(days=29)) == 0
    assert rows.drop_ended(world.now() + timedelta(days=31)) == 1
    assert world.pair_dead_letters.count() == 0
