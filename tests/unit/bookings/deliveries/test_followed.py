"""Claims about followed businesses: what others make, move and cancel reaches the partner, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.tenant.graph.service import graph_of
from shared.errors import GraphUnavailable
from tests.support.appointments_world import ADDRESS, NOON, lost, raising
from tests.support.followed_world import QUARTER, FollowedWorld

HOUR = timedelta(hours=1)
OTHER_ERRORS = [
    (404, "MailboxNotEnabledForRESTAPI"), (404, "ErrorInvalidUser"), (403, "ErrorAccessDenied"), (500, "UnknownError"),
    (429, "TooManyRequests"), (410, "Gone"), (400, "BadRequest"),
]  # fmt: skip
FIELDS = {"id", "businessId", "serviceId", "staffIds", "start", "end", "status"}


def test_an_appointment_of_others_is_created_moved_and_cancelled(world: FollowedWorld) -> None:
    """Each is told once, with ids and times only, and cancelled after the second look."""
    made = world.booked_by_others(NOON)
    world.run()
    world.moved_by_others(made, start=NOON + HOUR, staffIds=["bob"])
    world.run()
    world.cancelled_by_others(made)
    for _ in range(3):
        world.run()
    assert world.delivered == [("created", made), ("updated", made), ("cancelled", made)]
    bodies = [body["data"]["appointment"] for _, body in world.webhook.taken]
    assert all(set(body) == FIELDS for body in bodies)
    assert bodies[1] == {"id": made, "businessId": ADDRESS, "serviceId": "cut", "staffIds": ["bob"], "status": "booked",
                         "start": "2026-11-24T13:00:00Z", "end": "2026-11-24T13:30:00Z"}  # fmt: skip
    assert bodies[2] == bodies[1] | {"status": "cancelled"}
    assert len({message_id for message_id, _ in world.webhook.taken}) == 3


def test_nothing_of_the_customer_is_stored_or_sent(world: FollowedWorld) -> None:
    """The customer, the notes and the names of service and staff stay in Bookings."""
    world.booked_by_others(NOON)
    world.run()
    stored = str(world.appointment_rows.rows) + str(world.webhook.taken)
    assert not [text for text in ("Kari", "walkin", "87654321", "note", "Haircut", "Ada") if text in stored]


def test_the_first_reading_delivers_nothing() -> None:
    """It is a baseline; a change since then is told as an update."""
    world = FollowedWorld(baseline=False)
    standing = world.booked_by_others(NOON)
    world.run()
    assert world.delivered == []
    world.moved_by_others(standing, start=NOON + HOUR)
    world.run()
    assert world.delivered == [("updated", standing)]
    world.end()


@pytest.mark.parametrize("lack", ["half", "all"])
def test_a_hole_in_the_first_list_is_part_of_the_baseline(lack: str) -> None:
    """What was so before the first reading is not told as new when a later list shows it; what changed since is."""
    world = FollowedWorld(baseline=False)
    standing = [world.booked_by_others(NOON + number * HOUR) for number in range(6)]
    world.time += QUARTER
    world.switch(appointmentListsLack=lack)
    world.run()
    world.time += QUARTER
    world.moved_by_others(standing[0], start=NOON + 9 * HOUR)
    world.switch(appointmentListsLack=False)
    world.run()
    assert world.delivered == [("updated" if world.row(standing[0]).number > 1 else "created", standing[0])]
    world.end()


@pytest.mark.parametrize("fault", [lost, raising(503, "ServiceUnavailable"), raising(404, "ErrorItemNotFound")])
def test_a_first_list_that_fails_is_no_baseline(fault: Any) -> None:
    """The next whole list is; the row of the business says since when and why it cannot be read."""
    world = FollowedWorld(baseline=False)
    world.graph.before["GET", "calendarView"] = [fault]
    world.appointment_poll.run()
    [business] = world.followed_businesses.all()
    assert (business.baseline_at, business.failing_since) == (None, world.time)
    world.booked_by_others(NOON)
    world.run()
    assert world.delivered == []
    [business] = world.followed_businesses.all()
    assert (business.failing_since, business.error, business.read_at) == (None, "", world.time)
    world.end()


@pytest.mark.parametrize("lack", ["half", "all"])
def test_absence_from_a_list_is_no_proof(world: FollowedWorld, lack: str) -> None:
    """However long lists lack appointments that stand, nothing is told of them."""
    made = [world.booked_by_others(NOON + number * HOUR) for number in range(6)]
    world.run()
    world.switch(appointmentListsLack=lack)
    for _ in range(8):
        world.run()
    assert sorted(world.delivered) == sorted(("created", each) for each in made)


def test_a_single_answer_that_there_is_no_such_appointment_is_no_proof(world: FollowedWorld) -> None:
    """Two are, ten minutes apart; an answer in between that it stands begins anew."""
    made = world.booked_by_others(NOON)
    world.run()
    world.switch(appointmentListsLack="all", appointmentsNotFound="all")
    world.run()
    world.switch(appointmentsNotFound=False)
    world.run()
    world.switch(appointmentsNotFound="all")
    world.run()
    world.run(after=timedelta(minutes=9, seconds=59))
    assert world.delivered == [("created", made)]
    world.run(after=timedelta(seconds=1))
    assert world.delivered == [("created", made), ("cancelled", made)]


def test_two_answers_within_ten_minutes_are_a_single_answer(world: FollowedWorld) -> None:
    """Runs within ten minutes of the first answer do not even ask again."""
    made = world.booked_by_others(NOON)
    world.run()
    world.cancelled_by_others(made)
    world.run()
    world.graph.calls.clear()
    world.run(after=timedelta(minutes=5))
    assert world.graph.calls == ["GET calendarView"]
    assert world.delivered == [("created", made)]


def test_a_listed_appointment_that_is_not_found_by_id_counts_as_cancelled_after_an_hour(world: FollowedWorld) -> None:
    """Graph contradicts itself: what the list shows may stand, but not for ever."""
    made = world.booked_by_others(NOON)
    world.run()
    world.switch(appointmentsNotFound="all")
    world.run()  # the list shows no difference, so nothing is asked by id
    world.moved_by_others(made, start=NOON + HOUR)
    for _ in range(4):
        world.run()
    assert world.delivered == [("created", made)]
    world.run()
    assert world.delivered == [("created", made), ("cancelled", made)]


@pytest.mark.parametrize("error", OTHER_ERRORS)
def test_no_other_error_means_cancelled(world: FollowedWorld, error: tuple[int, str]) -> None:
    """Only ErrorItemNotFound says that an appointment is not there; the business is noted as failing."""
    made = world.booked_by_others(NOON)
    world.run()
    world.switch(appointmentListsLack="all")
    world.graph.before["GET", made] = [raising(*error) for _ in range(3)]
    for _ in range(3):
        world.run()
    assert world.delivered == [("created", made)]
    [business] = world.followed_businesses.all()
    assert error[1] in business.error


def test_a_business_that_is_out_of_reach_loses_no_appointment(world: FollowedWorld) -> None:
    """Graph then says ErrorItemNotFound of everything in it, too."""
    world.booked_by_others(NOON)
    world.run()
    businesses = graph_of(world.tenant).bookings
    away = businesses.pop(ADDRESS)
    for _ in range(4):
        world.run()
    businesses[ADDRESS] = away
    world.run()
    assert [kind for kind, _ in world.delivered] == ["created"]


def test_a_page_that_fails_hides_nothing_of_the_pages_before(world: FollowedWorld) -> None:
    """What was read counts; what is missing is no proof, and the run is noted as failing."""
    world.booked_by_others(NOON)
    item = {"id": "broken"}
    first = {"value": [item], "@odata.nextLink": "https://graph/x?$skiptoken=2"}
    real, pages = world.graph.call, iter([first])

    def call(method: str, path: str, **given: Any) -> dict[str, Any]:
        page = next(pages, None) if path.endswith("calendarView") else None
        if page is None and (given.get("params") or {}).get("$skiptoken"):
            raise GraphUnavailable(503, "ServiceUnavailable")
        shown = real(method, path, **given)
        return shown | {**page, "value": [*shown["value"], item]} if page else shown

    vars(world.graph)["call"] = call
    world.run()
    assert [kind for kind, _ in world.delivered] == ["created"]
    [business] = world.followed_businesses.all()
    assert business.failing_since == world.time


def test_lists_that_lag_delay_and_repeat_nothing(world: FollowedWorld) -> None:
    """The state by id is told, and an old list takes nothing back."""
    world.switch(appointmentListLagSeconds=120.0)
    made = world.booked_by_others(NOON)
    world.run(after=timedelta(seconds=60))
    assert world.delivered == []
    world.run(after=timedelta(seconds=90))
    world.moved_by_others(made, start=NOON + HOUR)
    world.run(after=timedelta(seconds=60))
    world.run()
    world.run()
    assert world.delivered == [("created", made), ("updated", made)]
