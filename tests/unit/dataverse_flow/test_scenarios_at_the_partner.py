"""The scenarios of the partner's half: no booking's name leaves, and whatever the partner answers, bookings go on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.calendars.requests import read_change, read_event_query
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage, Job
from shared.partner.webhook import NotDelivered
from shared.storage.partner_endpoint import EndpointState
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import OLA
from tests.support.killing import KilledAtCall
from tests.support.pair_edits import end_booking, linked, on_event, shown, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
CANARY = "Canary of a customer"
LATER = 600  # seconds
FEATURES = "relay,calendars,scheduling,rooms,dataverse"


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay with all features that read calendars, whose partner watches a followed mailbox."""
    with pairs_world(certificates, {"FEATURES": FEATURES}) as world:
        yield followed(world)


def followed(world: PairsWorld) -> PairsWorld:
    """Follow the resources, and have the partner watch one of them, too."""
    world.begin_to_follow()
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    world.watches.change(watch, by_partner=True, state="live", subscription_id="s-1")
    return world


def deliver(world: PairsWorld) -> None:
    """Deliver what Graph notifies of every event, and what a resync finds."""
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    ids = {each["id"] for each in world.calendar()} | {pair.event_id for pair in world.pairs.all()}
    changes = tuple(Change(watch.id, "user", each) for each in sorted(ids - {""}))
    world.delivery.deliver(ChangeMessage(world.now(), changes, skip_settling=True))
    world.job_runner.run_job(Job(watch.id, "resync", watch.subscription_id))
    for message, _ in world.changes.take():
        world.delivery.deliver(message)
    world.empty_queue()


def partner_view(world: PairsWorld) -> str:
    """Return all that the partner is told: its deliveries, and the answers to its calls about the mailbox."""
    deliver(world)
    query = read_event_query({"start": in_hours(world, -24), "end": in_hours(world, 24 * 30)}, 1000)
    answers: list[Any] = [world.webhook.taken, world.calendar_service.view(OLA, "", query)]
    for event in world.calendar():
        answers.append(world.calendar_service.read_event(OLA, event["id"]))
        change = read_change({"location": "Here"})
        answers.append(world.calendar_service.change_event(OLA, event["id"], change, None))
    return json.dumps(answers, default=str)


def in_hours(world: PairsWorld, hours: float) -> str:
    """Return a time."""
    return f"{world.now() + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def test_scenario_31_the_name_stays_here_at_creation_moved_and_after_the_end(world: PairsWorld) -> None:
    """The partner gets the times, and "Busy"; and that the event is gone."""
    booking = world.dataverse.book(name=CANARY)
    world.follow_on()
    first = partner_view(world)
    world.move(booking, 60)
    world.follow_on()
    tick(world, LATER)
    second = partner_view(world)
    end_booking(world, booking, "canceled")
    world.follow_on()
    tick(world, LATER)
    third = partner_view(world)
    assert CANARY not in first + second + third
    assert '"Busy"' in first
    assert {news for news, _ in world.webhook.news} == {"created", "updated", "deleted"}


@pytest.mark.parametrize("number", [6, 9, 12])
def test_scenario_31_the_name_stays_here_after_a_kill(world: PairsWorld, number: int) -> None:
    """The event may exist while no row of the relay says so: the mark alone keeps its title here."""
    world.dataverse.book(name=CANARY)
    world.follow.run()
    waiting = list(world.queue.messages)
    with KilledAtCall(world, number) as killer:
        world.empty_queue()
    assert killer.reached
    first = partner_view(world)
    world.queue.messages.extend(waiting)
    world.empty_queue()
    tick(world, LATER)
    assert CANARY not in first + partner_view(world)


@pytest.mark.parametrize("where", ["on another day", "of another environment"])
def test_scenario_31_the_name_of_a_copy_stays_here(world: PairsWorld, where: str) -> None:
    """Of the event that a person copied, and of an event that another environment's relay made."""
    world.dataverse.book(name=CANARY)
    world.follow_on()
    (event,) = world.calendar()
    if where == "on another day":
        on_event(world, OLA, event["id"], "copy", {"start": in_hours(world, 50), "end": in_hours(world, 51)})
    else:
        mark = "99999999-0000-4000-8000-000000000009/aaaaaaaa-0000-4000-8000-00000000000a"
        body = {"subject": CANARY, "start": event["start"], "end": event["end"]}
        world.marked_events.create(OLA, body, mark, "another")
    tick(world, LATER)
    assert (len(world.calendar()), CANARY in partner_view(world)) == (2, False)


def test_scenario_31_the_name_stays_here_once_the_mailbox_is_followed_no_longer(world: PairsWorld) -> None:
    """The partner watches on, and the events of the relay stay in the calendar."""
    world.dataverse.book(name=CANARY)
    world.follow_on()
    resource = world.dataverse.id_of(f"resource:{OLA}")
    world.dataverse.control("PATCH", f"/rows/bookableresources/{resource}", {"new_calendarrelay": False})
    world.follow_on()
    assert (len(world.calendar()), CANARY in partner_view(world)) == (1, False)


def test_scenario_31_it_may_let_names_leave(certificates: Path) -> None:
    """DATAVERSE_TITLES=subject."""
    with pairs_world(certificates, {"FEATURES": FEATURES, "DATAVERSE_TITLES": "subject"}) as world:
        followed(world)
        world.dataverse.book(name=CANARY)
        world.follow_on()
        assert CANARY in partner_view(world)


def test_the_partner_gets_the_titles_of_other_events(world: PairsWorld) -> None:
    """Also in a mailbox that is followed."""
    times = [{"dateTime": in_hours(world, hours)[:19], "timeZone": "UTC"} for hours in (30, 31)]
    world.graph.call("POST", f"/users/{OLA}/events", body={"subject": "Lunch", "start": times[0], "end": times[1]})
    assert '"Lunch"' in partner_view(world)


ANSWERS: dict[str, int | EndpointState] = {"410": 410, "503": 503, "hangs": 0, "paused": EndpointState.PAUSED}


@pytest.mark.parametrize("name", ANSWERS)
def test_scenario_30_bookings_follow_whatever_the_partner_answers(world: PairsWorld, name: str) -> None:
    """A hint of the calendar reaches the feature with the first attempt, before the partner's half."""
    booking, visit = world.dataverse.book(), linked(world, hours=40, name="Visit of a work order")
    world.follow_on()
    answer = ANSWERS[name]
    if isinstance(answer, EndpointState):
        world.breaker.transition(answer, "a test")
    else:
        world.webhook.failure = NotDelivered(answer, f"status {answer}")
    (event,) = [each for each in world.calendar() if each["subject"] == "Visit of a work order"]
    world.marked_events.remove(OLA, event["id"])
    tick(world, LATER)
    world.queue.messages.clear()
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    world.delivery.deliver(ChangeMessage(world.now(), (Change(watch.id, "user", event["id"]),), skip_settling=True))
    assert [moment <= world.now() for moment, _ in world.queue.messages] == [True]
    world.empty_queue()
    world.move(booking, 60)
    world.follow_on()
    assert world.times() == sorted([shown(world, booking), shown(world, visit)])
    assert world.webhook.taken == []


def test_scenario_26_no_name_is_stored_queued_or_logged(world: PairsWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Through a life of pairs, with refusals that quote it."""
    caplog.set_level(logging.DEBUG)
    booking, visit = world.dataverse.book(name=CANARY), linked(world, hours=40, name=f"{CANARY} with a work order")
    queued: list[str] = []
    world.queue.before = lambda: queued.extend(text for _, text in world.queue.messages)
    refusal = {"error": {"code": "ErrorInvalidRequest", "message": CANARY}}
    world.tenant_fault({"match": "POST /v1.0/users/.*/events", "status": 400, "body": refusal, "times": 1})
    reading = {"match": "GET /api/data/v9.2/bookableresourcebookings", "status": 503, "body": refusal, "times": 1}
    world.dataverse.control("POST", "/faults", reading)
    for _ in range(3):
        run(world)
        tick(world, LATER)
        world.event_changes.run()
        world.empty_queue()
    assert len(world.calendar()) == 2
    world.change(booking, name=f"{CANARY}, renamed")
    run(world)
    for event in world.calendar():
        world.marked_events.remove(OLA, event["id"])
    tick(world, LATER)
    world.notify()
    end_booking(world, visit, "deleted")
    run(world)
    stored = [list(table.rows.values()) for table in (world.pair_rows, world.rows, world.ledger_rows)]
    assert len(stored[0]) > 5
    assert queued
    logged = [record.getMessage() for record in caplog.records]
    assert any("Row" in each for each in logged)
    assert CANARY not in f"{stored}{queued}{logged}"


def run(world: PairsWorld) -> None:
    """Run the timer, which may fail, and settle."""
    with suppress(RelayError):
        world.follow.run()
    world.empty_queue()
