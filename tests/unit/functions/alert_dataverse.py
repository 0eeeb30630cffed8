"""Scenarios of the feature dataverse: what is held, what waits, and how old the token is."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from shared.config import Settings
from shared.dataverse.brake import holding
from shared.dataverse.flow.hints import HintQueue, Hints, written
from shared.dynamics.errors import DynamicsUnavailable
from shared.storage.pairs.pair import Pair, State
from tests.support.pairs_world import MemoryQueue
from tests.support.world import SETTINGS, WATCH_ID
from tests.unit.functions.alert_scene import HALF_HOUR, Scene

BOOKING = "b0b0b0b0-0000-4000-8000-00000000000b"
ON = {
    "FEATURES": "dataverse", "DATAVERSE_URL": "https://contoso.crm4.dynamics.com",
    "DATAVERSE_RESOURCES": "column:new_calendarrelay",
}  # fmt: skip
QUARTER = timedelta(days=7) / 4


def started(scene: Scene) -> None:
    """Follow an environment whose tokens live for seven days, and which was just read."""
    world = scene.world
    if "dataverse" not in world.settings.switched_on:
        world.settings = Settings.load(SETTINGS | ON)
        world.pair_queue = HintQueue(MemoryQueue(world.now))
    row = {"started_at": world.now(), "token_days": 7, "delta_at": world.now(), "held_since": None}
    world.tracking.change(lambda _: row)


def pair(scene: Scene, state: State = "held") -> Pair:
    """Store a pair."""
    row = scene.world.pairs.insert(Pair(uuid.uuid4().hex, "dataverse", state, "r", WATCH_ID))
    assert row is not None
    return row


def pair_is_held(scene: Scene) -> None:
    """Hold one pair for an hour."""
    started(scene)
    pair(scene)
    scene.timer(3)


def mailbox_is_held(scene: Scene) -> None:
    """Let the brake hold a mailbox for an hour; none of its pairs is in the state held."""
    started(scene)
    pair(scene, "paired")
    scene.world.brakes.change(WATCH_ID, lambda brake: holding(brake, scene.world.now(), "brake"))
    scene.timer(3)


def everything_is_held(scene: Scene) -> None:
    """Let an administrator hold the feature for an hour, before there is any pair."""
    started(scene)
    scene.world.dataverse_hold.hold("it")
    scene.timer(3)


def released_soon(scene: Scene) -> None:
    """Hold everything for half an hour."""
    started(scene)
    scene.world.dataverse_hold.hold("it")
    scene.timer(2)
    scene.world.dataverse_hold.release("it")
    scene.world.pass_by(HALF_HOUR)
    scene.timer()


def held_for_half_an_hour(scene: Scene) -> None:
    """Hold everything since two runs of the timer, which are the first ones of a new deployment."""
    started(scene)
    scene.world.dataverse_hold.hold("it")
    scene.timer(2)


def nothing_is_held(scene: Scene) -> None:
    """Keep pairs in every other state."""
    started(scene)
    for state in ("making", "paired", "muted", "ended"):
        pair(scene, state)
    scene.timer(3)


def _hint(scene: Scene, minutes: float) -> Hints:
    return Hints(hinted_at=scene.world.now() - timedelta(minutes=minutes), bookings=(BOOKING,))


def hint_waits(scene: Scene) -> None:
    """Let a hint wait; nothing settles it."""
    started(scene)
    scene.world.pair_queue.send(_hint(scene, 16))
    scene.timer()


def calls_are_paused(scene: Scene) -> None:
    """Let Dataverse refuse for long: the message is hidden between two attempts, and so at the timer's run."""
    started(scene)
    scene.timer()
    scene.world.dynamics_breaker.record(DynamicsUnavailable(429, "", 3000.0))
    scene.world.pass_by(60)
    [text] = written(_hint(scene, 20))
    scene.world.pair_settling.process(text)


def pause_is_long(scene: Scene) -> None:
    """Let Dataverse ask for twenty minutes without calls; a new hint is put off until then."""
    _put_off(scene, 1200.0)


def pause_is_short(scene: Scene) -> None:
    """Let Dataverse ask for five minutes without calls, as it does when a limit is reached."""
    _put_off(scene, 300.0)


def _put_off(scene: Scene, seconds: float) -> None:
    started(scene)
    scene.timer()
    scene.world.dynamics_breaker.record(DynamicsUnavailable(429, "", seconds))
    [text] = written(_hint(scene, 1))
    scene.world.pair_settling.process(text)


def attempts_fail(scene: Scene) -> None:
    """Let Dataverse answer with errors: each attempt is delayed, and hidden."""

    def fail() -> None:
        raise DynamicsUnavailable(500)

    started(scene)
    [text] = written(_hint(scene, 20))
    replace(scene.world.pair_settling, setting=fail).process(text)


def hint_is_new(scene: Scene) -> None:
    """Let a hint wait for a short time, and another one be delayed."""
    started(scene)
    scene.world.pair_queue.send(_hint(scene, 14))
    scene.timer()


def hint_waits_while_stopped(scene: Scene) -> None:
    """Let hints wait because an administrator has stopped the relay."""
    started(scene)
    scene.world.stopping.stop("an incident", "key")
    scene.world.pair_queue.send(_hint(scene, 90))
    scene.timer()


def token_is_old(scene: Scene) -> None:
    """Let no reading succeed for more than a quarter of seven days."""
    started(scene)
    scene.world.pass_by((QUARTER + timedelta(hours=3)).total_seconds())
    scene.timer()


def token_of_a_day_is_old(scene: Scene) -> None:
    """Let no reading succeed for seven hours, where tokens live for a day."""
    started(scene)
    scene.world.tracking.change(lambda _: {"token_days": 1})
    scene.world.pass_by(7 * 3600)
    scene.timer()


def token_is_young(scene: Scene) -> None:
    """Let no reading succeed for nearly a quarter of seven days."""
    started(scene)
    scene.world.pass_by((QUARTER - timedelta(hours=3)).total_seconds())
    scene.timer()


def read_by_times(scene: Scene) -> None:
    """Read by modifiedon, since tracking was switched off long ago."""
    token_is_old(scene)
    scene.world.pass_by(HALF_HOUR)
    scene.world.tracking.change(lambda _: {"modified_since": scene.world.now()})
    scene.timer()


def never_read(scene: Scene) -> None:
    """Let no reading ever succeed after `start`, since a right is missing."""
    started(scene)
    scene.world.tracking.change(lambda _: {"delta_at": None})
    scene.world.pass_by((QUARTER + timedelta(hours=3)).total_seconds())
    scene.timer()


def first_walk(scene: Scene) -> None:
    """Be on the first walk of a large table."""
    started(scene)
    scene.world.tracking.change(lambda _: {"delta_at": None})
    scene.world.pass_by(86_400)
    scene.timer()
