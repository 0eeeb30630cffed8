"""Claims about writes to Outlook whose answer is lost, which are refused, or between which the event changes."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest

from shared.storage.pairs.pair import key_of
from tests.support.dataverse_world import KARI, OLA
from tests.support.killing import AtCall
from tests.support.pair_edits import end_booking, process_next, reassign, shown, tick
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server
EVENTS = "/v1.0/users/.*/events"
LOST = {"503": {"status": 503}, "500": {"status": 500}, "cut": {"cut": True}}
DAY = 90_000  # seconds


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_a_write_whose_answer_is_lost_is_done_once(world: PairsWorld, method: str, lost: dict[str, Any]) -> None:
    """It was carried out: one event, at its times; none of a booking that has ended."""
    booking = world.dataverse.book()
    world.begin_to_follow() if method != "POST" else world.dataverse_start.start("it")
    if method == "PATCH":
        world.move(booking, 60)
    elif method == "DELETE":
        end_booking(world, booking, "canceled")
    world.tenant_fault({"match": f"{method} {EVENTS}", "after": True, "times": 1, **lost})
    world.follow_on()
    world.notify()
    assert world.times() == ([] if method == "DELETE" else [shown(world, booking)])


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_that_graph_refuses_waits_for_another_edit(
    world: PairsWorld, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """400 for the times of a booking: it is not asked again and again, and made once the booking has other times.

    The finding quotes Graph's code.
    """
    world.begin_to_follow()
    booking = world.dataverse.book()
    if method == "PATCH":
        world.follow_on()
        world.move(booking, 50)
    caplog.set_level(logging.INFO, "relay.dataverse")
    world.forget_calls()
    world.tenant_fault({"match": f"{method} {EVENTS}", "status": 400, "body": {"error": {"code": "ErrorInvalidTimes"}}})
    world.follow_on()
    assert len(world.to_graph.writes) < 5
    assert f"Row 48 for the booking {booking} refusedByOutlook ErrorInvalidTimes" in caplog.messages
    assert world.dataverse.session.delete(f"{world.dataverse.graph_url}/_control/faults", timeout=60).ok
    world.move(booking, 60)
    world.follow_on()
    assert world.times() == [shown(world, booking)]


def test_an_event_that_changes_before_every_write_is_written_in_the_end(world: PairsWorld) -> None:
    """412 again and again: the pair is looked at again, the hint is put back, and no edit is lost."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    (event,) = world.calendar()
    world.move(booking, 60)
    world.follow.run()
    edits = iter(range(40))

    def edited(_: str) -> None:
        number = next(edits, None)
        url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event['id']}"
        if number is not None:
            assert world.dataverse.session.patch(url, json={"location": {"displayName": f"{number}"}}, timeout=60).ok

    world.to_graph.on_call = edited
    world.empty_queue()
    assert next(edits, None) is None
    assert world.times() == [shown(world, booking)]
    (event,) = world.calendar()
    location = world.graph.call("GET", f"/users/{OLA}/events/{event['id']}")["location"]["displayName"]
    assert location == "39"


@pytest.mark.parametrize("state", ["unmarked", "off the list"])
def test_a_booking_that_goes_to_a_resource_that_is_not_followed_has_no_event(world: PairsWorld, state: str) -> None:
    """None in the calendar that it left, and none in the one that nobody follows."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    if state == "unmarked":
        kari = world.dataverse.id_of(f"resource:{KARI}")
        world.dataverse.control("PATCH", f"/rows/bookableresources/{kari}", {"new_calendarrelay": False})
    else:
        world.allow(OLA)
    world.follow_on()
    reassign(world, booking, KARI)
    world.follow_on()
    assert (world.times(OLA), world.times(KARI)) == ([], [])


def test_a_booking_that_goes_round_leaves_a_single_event(world: PairsWorld) -> None:
    """A to B to A to B, each before the one before was carried over: one event, in the last calendar."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    for mailbox in (KARI, OLA, KARI):
        world.tenant_fault({"match": f"DELETE {EVENTS}", "status": 503, "times": 1})
        reassign(world, booking, mailbox)
        world.follow.run()
        process_next(world)
    tick(world, DAY)
    world.follow_on()
    assert (world.times(OLA), world.times(KARI)) == ([], [shown(world, booking)])


def test_a_sixth_event_that_cannot_be_removed_holds_the_pair_until_its_release(world: PairsWorld) -> None:
    """Row 9: five wait for their removal while Graph fails; the sixth reassignment makes none, and nothing is lost."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.tenant_fault({"match": f"DELETE {EVENTS}", "status": 503})
    for mailbox in (KARI, OLA) * 3:
        reassign(world, booking, mailbox)
        world.follow.run()
        process_next(world)
    (pair,) = world.pairs.all()
    assert (pair.state, pair.held_by, len(pair.pending())) == ("held", "former", 5)
    assert len(world.times(OLA) + world.times(KARI)) == 6
    assert world.dataverse.session.delete(f"{world.dataverse.graph_url}/_control/faults", timeout=60).ok
    world.empty_queue()
    assert len(world.times(OLA) + world.times(KARI)) == 6
    world.dataverse_hold.release("it")
    world.empty_queue()
    assert (world.times(OLA), world.times(KARI)) == ([shown(world, booking)], [])


def test_an_event_that_gets_attendees_before_the_write_is_not_written(world: PairsWorld) -> None:
    """The look saw none, so the version that was read is refused: every change would be mailed to them."""
    world.begin_to_follow()
    for number in range(1, 60, 2):
        booking = world.dataverse.book(hours=24 + number)
        world.follow_on()
        pair = world.pairs.get(key_of(booking))
        assert pair is not None
        world.move(booking, 400 + number)
        world.follow.run()
        seen: list[dict[str, str]] = []
        with AtCall(world, number, partial(_invite, world, pair.event_id, seen)) as at:
            world.empty_queue()
        if not at.reached:
            assert number > 10
            return
        assert [world.marked_events.get(OLA, pair.event_id)["start"]] == seen, number


def _invite(world: PairsWorld, event_id: str, seen: list[dict[str, str]]) -> None:
    """Add an attendee, and note when the event started at that moment."""
    invited = [{"emailAddress": {"address": "guest@fabrikam.com"}, "type": "required"}]
    url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event_id}"
    answer = world.dataverse.session.patch(url, json={"attendees": invited}, timeout=60)
    assert answer.ok
    seen.append(answer.json()["start"])
