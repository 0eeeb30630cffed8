"""Bookings and events while both sides are written: any edits of both, kills, faults, lost answers, late lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, note, settings

from sandbox.certificates import make_certificates
from shared.errors import RelayError
from shared.messages import Change
from shared.storage.watches import watch_id_of
from tests.properties.both_acts import ACTS, STORIES, Act, Edits
from tests.properties.both_invariants import Invariants
from tests.properties.both_journal import Journal
from tests.properties.pair_acts import LAG, MAILBOXES, booking_in, end_troubles
from tests.support.event_edits import change_event, times_of
from tests.support.examples import examples
from tests.support.killing import AtCall, KilledAfter, KilledAtCall
from tests.support.pair_edits import behave, set_status, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.long]
HOUR, DAY = 3_700, 100_000  # seconds
MOST_ROUNDS = 6
ALL_STORIES = [act for story in STORIES for act in story]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of the sandbox."""
    made = tmp_path_factory.mktemp("certificates")
    make_certificates(made)
    return made


@settings(max_examples=examples(36), deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes hours
@given(acts=ACTS)
@example(acts=ALL_STORIES)
def test_both_sides_are_equal_at_rest(folder: Path, acts: list[Act]) -> None:
    """Each booking has its event and each event its booking; after no act two, and writes have a bound."""
    note(str(acts))
    _play(folder, acts, "both")


@settings(max_examples=examples(12), deadline=None, phases=[Phase.explicit, Phase.generate])
@given(acts=ACTS)
@example(acts=ALL_STORIES)
def test_events_alone_lead_when_calendars_are_not_written(folder: Path, acts: list[Act]) -> None:
    """Each event has its booking; no event is made, moved or removed."""
    note(str(acts))
    _play(folder, acts, "to-dataverse")


def _play(folder: Path, acts: list[Act], direction: str) -> None:
    with pairs_world(folder, {"DATAVERSE_DIRECTION": direction}) as world:
        world.begin_to_follow()
        edits, journal = Edits(world), Journal(world)
        invariants = Invariants(edits, journal)
        for number, act in enumerate(acts, start=1):
            edits.do(act)
            invariants.look()
            carried_over(world, edits, act)
            invariants.check(acts[:number])
        invariants.look()
        come_to_rest(world, edits, journal)
        invariants.check(acts)
        tick(world, DAY)  # a third deletion within a day leaves an event out
        touched(world, edits, journal)
        come_to_rest(world, edits, journal)
        assert_equal(edits, journal, direction)
        assert direction == "both" or world.to_graph.writes == []


def carried_over(world: PairsWorld, edits: Edits, act: Act) -> None:
    """Let the relay carry over what changed, while the act's troubles happen; then they end, and the timer runs."""
    _begin_troubles(world, act)
    waiting: list[Any] = []
    with _killer(world, act.killed_at) as killer, suppress(RelayError):
        notify(world, edits, act.notices)
        world.follow.run()
        waiting = list(world.queue.messages)
        world.empty_queue()
    if killer.reached:
        world.queue.messages.extend(each for each in waiting if each not in world.queue.messages)
    tick(world, act.pause)
    with suppress(RelayError):
        world.empty_queue()
    end_troubles(world)
    tick(world, LAG)
    world.follow_on()


def _begin_troubles(world: PairsWorld, act: Act) -> None:
    behave(world)
    if act.lag:
        behave(world, createdUnseenSeconds=act.lag / 4, listLagSeconds=act.lag)
    if act.fault and "api/data" in act.fault["match"]:
        world.dataverse.control("POST", "/faults", act.fault)
    elif act.fault:
        world.tenant_fault(act.fault)
    if act.lie:
        world.dataverse.control("POST", "/lies", act.lie)


def _killer(world: PairsWorld, killed_at: int | str | None) -> AtCall:
    if isinstance(killed_at, str):
        is_dataverse = killed_at == "Dataverse"
        return KilledAfter(world, "PATCH" if is_dataverse else "POST", dataverse=is_dataverse)
    return KilledAtCall(world, killed_at or 0)


def notify(world: PairsWorld, edits: Edits, notices: str) -> None:
    """Notify the relay of what is there, and of what was there, as Graph does: once, twice, backwards, or never."""
    pairs = [pair.event_id for pair in world.pairs.all() if pair.event_id]
    for mailbox in MAILBOXES if notices != "never" else ():
        watch = world.watches.get(watch_id_of(mailbox))
        assert watch is not None
        there = [event for each, event in edits.events() if each == mailbox]
        series = [event["seriesMasterImmutableId"] for event in there if event["seriesMasterImmutableId"]]
        ids = list(dict.fromkeys([*series, *(event["immutableId"] for event in there), *pairs]))
        ordered = ids[::-1] if notices == "backwards" else ids
        for _ in range(2 if notices == "twice" else 1):
            world.event_changes.changed(watch, [Change(watch.id, "user", each) for each in ordered], world.now())


def come_to_rest(world: PairsWorld, edits: Edits, journal: Journal) -> None:
    """Let an administrator release, then the timer, the notifications and the night, until nothing is written."""
    behave(world)
    end_troubles(world)
    for mailbox in MAILBOXES:
        world.dataverse_hold.release("it", mailbox)
    _until(world, edits, lambda: len(journal.of_relay()) + len(world.to_graph.writes))


def _until(world: PairsWorld, edits: Edits, written: Callable[[], int]) -> None:
    for _ in range(MOST_ROUNDS):
        tick(world, HOUR)
        world.dataverse.control("POST", "/background/flush")
        before = written()
        world.follow_on()
        notify(world, edits, "once")
        world.event_changes.run()
        world.empty_queue()
        if written() == before:
            return
    raise AssertionError("it never comes to rest")


def touched(world: PairsWorld, edits: Edits, journal: Journal) -> None:
    """Move the bookings of dispatchers, and the events of persons: what was done to the other half counts no longer."""
    for row in edits.rows():
        if not journal.is_living(row):
            continue
        set_status(world, row["bookableresourcebookingid"], "Committed")
        if row["_createdby_value"] != journal.relay:
            world.move(row["bookableresourcebookingid"], edits.hours(), name="At rest")
    world.dataverse.control("POST", "/background/flush")
    for mailbox, event in edits.events():
        if not event["transactionId"] and event["type"] == "singleInstance":
            change_event(world, event["id"], mailbox, isAllDay=False, **times_of(world, edits.hours()))
    if edits.series is not None and any(event["seriesMasterImmutableId"] for _, event in edits.events()):
        change_event(world, edits.series[1], edits.series[0], **times_of(world, edits.hours()))


def assert_equal(edits: Edits, journal: Journal, direction: str) -> None:
    """Assert that both sides show the same, apart from what the table leaves apart."""
    due: Counter[tuple[str, ...]] = Counter()
    let_go = set()
    for mailbox, event in edits.events():
        if event["transactionId"] and event["attendees"]:
            let_go.add(booking_in(event))  # 45
        elif event["transactionId"] or (event["showAs"] == "busy" and not event["isCancelled"]):
            due[mailbox, event["start"]["dateTime"][:16], event["end"]["dateTime"][:16]] += 1
    shown: Counter[tuple[str, ...]] = Counter()
    for row in edits.rows():
        booking, is_own = row["bookableresourcebookingid"], row["_createdby_value"] == journal.relay
        if not journal.is_living(row) or booking in let_go or (direction == "to-dataverse" and not is_own):
            continue
        times = (_mailbox(edits.world, row), row["starttime"][:16], row["endtime"][:16])
        is_kept = row["_msdyn_workorder_value"] or booking in edits.revived or booking in journal.worked_on()
        is_left = is_own and is_kept  # 22, 30, 21
        shown[times] += not is_left or due[times] > 0
    assert shown == due


def _mailbox(world: PairsWorld, row: dict[str, Any]) -> str:
    return next(each for each in MAILBOXES if world.dataverse.id_of(f"resource:{each}") == row["_resource_value"])
