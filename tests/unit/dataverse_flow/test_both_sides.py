"""Claims about edits in the calendar, the brake, the environment and titles."""

import pytest

from shared.errors import RequestRejected
from tests.support.dataverse_world import BOOKINGS, OLA
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def test_an_event_that_a_person_moves_changes_no_booking(world: PairsWorld) -> None:
    """The direction is to Outlook alone: nothing is written to Dataverse."""
    world.dataverse.book()
    world.begin_to_follow()
    (event,) = world.calendar()
    world.forget_calls()
    body = {"start": {"dateTime": "2026-12-24T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-12-24T11:00:00", "timeZone": "UTC"}}  # fmt: skip
    world.marked_events.change(OLA, event["id"], body, event["@odata.etag"])
    world.notify()
    assert world.to_dynamics.writes == []


def test_the_deleted_event_of_a_work_order_comes_back(world: PairsWorld) -> None:
    """One event again, and the booking is as it was."""
    booking = world.dataverse.book(**{"msdyn_workorder@odata.bind": world.dataverse.work_order()})
    world.begin_to_follow()
    (event,) = world.calendar()
    world.marked_events.remove(OLA, event["id"])
    world.notify()
    world.follow_on()
    (again,) = world.calendar()
    assert again["id"] != event["id"]
    assert world.dataverse.row(booking)["statecode"] == 0


def test_an_answer_that_is_lost_makes_no_second_event(world: PairsWorld) -> None:
    """Graph made the event and answered 503."""
    world.begin_to_follow()
    world.dataverse.book()
    world.tenant_fault({"match": "POST /v1.0/users/.*/events", "status": 503, "after": True, "times": 1})
    world.follow_on()
    assert len(world.calendar()) == 1


def test_half_a_board_that_is_deleted_is_held_until_it_is_released(world: PairsWorld) -> None:
    """Ten of twelve bookings disappear: no event is removed before IT releases them."""
    bookings = [world.dataverse.book(hours=24 + 2 * number) for number in range(12)]
    world.begin_to_follow()
    for booking in bookings[:10]:
        world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    world.follow_on()
    assert len(world.calendar()) == 12
    assert world.resource_states.of(world.dataverse.id_of(f"resource:{OLA}")).state == "held"
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    assert len(world.calendar()) == 2


def test_a_token_that_is_too_old_loses_and_doubles_nothing(world: PairsWorld) -> None:
    """What was made, moved and deleted while the relay slept is carried over by reading everything."""
    moved, deleted = world.dataverse.book(hours=24), world.dataverse.book(hours=30)
    world.begin_to_follow()
    world.move(moved, 60)
    world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{deleted}")
    new = world.dataverse.book(hours=300)
    world.dataverse.tenant.clock.advance(8 * 24 * 3600)
    world.follow_on()
    rows = [world.dataverse.row(booking) for booking in (moved, new)]
    assert world.times() == sorted((row["name"], row["starttime"][:16], row["endtime"][:16]) for row in rows)


def test_no_call_reaches_dataverse_before_retry_after(world: PairsWorld) -> None:
    """429 with Retry-After 60: nothing for 60 seconds, then everything."""
    world.begin_to_follow()
    world.dataverse.book()
    world.dataverse.control("POST", "/faults", {"match": "GET /api/data/v9.2/", "status": 429, "times": 1,
                                                "headers": {"Retry-After": "60"}})  # fmt: skip
    with pytest.raises(Exception, match="429"):
        world.follow.run()
    world.forget_calls()
    with pytest.raises(Exception, match="429"):
        world.follow.run()
    assert world.to_dynamics.calls == []
    world.dataverse.tenant.clock.advance(61)
    world.follow_on()
    assert len(world.calendar()) == 1


def test_a_resource_that_is_not_marked_any_more_is_neither_read_nor_written(world: PairsWorld) -> None:
    """Its events stay as they are."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    resource = world.dataverse.id_of(f"resource:{OLA}")
    world.dataverse.control("PATCH", f"/rows/bookableresources/{resource}", {"new_calendarrelay": False})
    world.follow_on()
    world.forget_calls()
    world.move(booking, 90)
    world.follow_on()
    assert [call for call in world.to_graph.calls if OLA in call[1]] == []


def test_a_mailbox_off_the_list_is_neither_read_nor_written(world: PairsWorld) -> None:
    """At once, whatever the stored resources say."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.allow("room1@contoso.com")
    world.move(booking, 90)
    world.forget_calls()
    world.pair_settling.process(
        f'{{"v": 1, "hinted": "{world.now().isoformat()}", "attempt": 0, "bookings": ["{booking}"]}}'
    )
    assert world.to_graph.calls == []


def test_the_name_of_a_booking_stays_here(world: PairsWorld) -> None:
    """Every reading for the partner shows Busy."""
    world.dataverse.book(name="Canary of a customer")
    world.begin_to_follow()
    (event,) = world.calendar()
    shown = world.title_filter.read(OLA, lambda more: world.graph.call("GET", f"/users/{OLA}/events/{event['id']}",
                                                                      params=more))  # fmt: skip
    assert shown["subject"] == "Busy"


def test_an_environment_that_is_a_copy_is_not_followed(world: PairsWorld) -> None:
    """Another OrganizationId stops everything before the first write."""
    world.begin_to_follow()
    world.tracking.change(lambda _: {"organization": "99999999-0000-4000-8000-000000000000"})
    world.dataverse.book()
    world.follow_on()
    assert world.calendar() == []
    with pytest.raises(RequestRejected) as refused:
        world.dataverse_start.start("it")
    assert refused.value.problem.code == "environment_refused"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"v": 2}', '{"v": 1, "hinted": "2026-11-20T10:00:00"}', "\ud800"])
def test_an_unreadable_message_is_a_dead_letter(world: PairsWorld, text: str) -> None:
    """It is counted, and nothing is raised, so that the host does not repeat it."""
    world.pair_settling.process(text)
    assert world.pair_dead_letters.count() == 1


def test_an_event_in_deleted_items_is_gone(world: PairsWorld) -> None:
    """It still answers to its immutable id; the event of a work order is made again."""
    world.dataverse.book(**{"msdyn_workorder@odata.bind": world.dataverse.work_order()})
    world.begin_to_follow()
    (event,) = world.calendar()
    url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event['id']}/softDelete"
    assert world.dataverse.session.post(url, timeout=60).ok
    world.notify()
    (again,) = world.calendar()
    assert again["id"] != event["id"]
