"""How a room processes bookings: its calendar processing replaces the subject by the organizer's name, and more."""

from typing import Any

import pytest

from tests.support.graph_world import ROOM, USER, World

pytestmark = pytest.mark.server

ORGANIZER = {"name": "Ola Nordmann", "address": "ola@contoso.com"}


def _seen(world: World, booked: dict[str, Any], room: str = ROOM) -> tuple[str, str, str]:
    """Return an event's subject, body and sensitivity as Graph shows them."""
    event = world.get(f"/users/{room}/events/{booked['id']}")
    return event["subject"], event["body"]["content"], event["sensitivity"]


def test_the_real_subject_shows_until_the_room_has_processed_it(world: World) -> None:
    """First title, body and private flag; flipSeconds later the organizer's name, with new notifications and etag."""
    world.subscribe()
    booked = world.book(subject="Layoffs", body="Agenda", sensitivity="private", organizer=ORGANIZER)
    world.flush()
    assert _seen(world, booked) == ("Layoffs", "Agenda", "private")
    world.control("POST", "/clock", {"advanceSeconds": 3000})
    assert _seen(world, booked) == ("Layoffs", "Agenda", "private")
    world.control("POST", "/clock", {"advanceSeconds": 601})
    world.receiver.wait(lambda: len(world.receiver.items) == 2)
    assert _seen(world, booked) == ("Ola Nordmann", "", "normal")
    created, updated = world.receiver.items
    assert (created["changeType"], updated["changeType"]) == ("created", "updated")
    etags = [item["resourceData"]["@odata.etag"] for item in (created, updated)]
    assert etags[0] != etags[1] == world.get(f"/users/{ROOM}/events/{booked['id']}")["@odata.etag"]


def test_an_event_written_directly_to_the_calendar_stays(world: World) -> None:
    """It keeps its subject, for a room and a user, and the calendar's owner is its organizer."""
    direct = world.book(subject="Layoffs", body="Agenda", sensitivity="private", direct=True)
    own = world.book(USER, subject="Dentist")
    world.flush(rooms=True)
    assert _seen(world, direct) == ("Layoffs", "Agenda", "private")
    assert _seen(world, own, USER)[0] == "Dentist"
    assert world.get(f"/users/{ROOM}/events/{direct['id']}")["isOrganizer"] is True


@pytest.mark.parametrize(
    ("processing", "expected"),
    [
        ({"deleteSubject": False}, ("Ola Nordmann Layoffs", "", "normal")),
        ({"addOrganizerToSubject": False}, ("", "", "normal")),
        ({"deleteComments": False}, ("Ola Nordmann", "Agenda", "normal")),
        ({"removePrivateProperty": False}, ("Ola Nordmann", "", "private")),
        (
            {
                "deleteSubject": False,
                "addOrganizerToSubject": False,
                "deleteComments": False,
                "removePrivateProperty": False,
            },
            ("Layoffs", "Agenda", "private"),
        ),
    ],
)
def test_processing_is_set_by_room(world: World, processing: dict[str, bool], expected: tuple[str, str, str]) -> None:
    """Each parameter of Set-CalendarProcessing has its own effect."""
    world.control("PUT", f"/calendars/{ROOM}/processing", processing)
    booked = world.book(subject="Layoffs", body="Agenda", sensitivity="private", organizer=ORGANIZER)
    world.flush(rooms=True)
    assert _seen(world, booked) == expected


def test_a_new_subject_shows_again_until_it_is_processed(world: World) -> None:
    """An organizer's new subject is processed again; a change of the time alone is not."""
    booked = world.book(subject="Layoffs", organizer=ORGANIZER)
    world.flush(rooms=True)
    path = f"/calendars/{ROOM}/events/{booked['id']}"
    world.control("PATCH", path, {"showAs": "tentative"})
    assert world.control("GET", "/notifications")["rooms"] == 0
    world.control("PATCH", path, {"subject": "More layoffs"})
    assert _seen(world, booked)[0] == "More layoffs"
    world.flush(rooms=True)
    assert _seen(world, booked)[0] == "Ola Nordmann"


def test_an_event_deleted_before_it_was_processed_stays_deleted(world: World) -> None:
    """No notification follows the deletion."""
    world.subscribe(changeType="updated")
    booked = world.book()
    world.control("DELETE", f"/calendars/{ROOM}/events/{booked['id']}")
    world.flush(rooms=True)
    assert world.receiver.items == []


def test_a_removed_rooms_bookings_are_not_notified(world: World) -> None:
    """The bookings that the room had not processed cause no notification."""
    world.subscribe(changeType="updated")
    world.book()
    world.control("DELETE", f"/mailboxes/{ROOM}")
    assert world.flush(rooms=True)["hints"] == 0


def test_a_cancelled_meeting_stays_in_the_room(world: World) -> None:
    """RemoveCanceledMeetings is off by default: the event stays, cancelled and free, if processed before or after."""
    for early in (True, False):
        booked = world.book(organizer=ORGANIZER)
        world.flush(rooms=early)
        world.control("POST", f"/calendars/{ROOM}/events/{booked['id']}/cancel")
        world.flush(rooms=True)
        event = world.get(f"/users/{ROOM}/events/{booked['id']}")
        assert (event["isCancelled"], event["showAs"], event["subject"]) == (True, "free", "Canceled: Ola Nordmann")


def test_a_series_is_processed_as_a_whole(world: World) -> None:
    """Its occurrences have the organizer's name, too."""
    booked = world.book(rrule="FREQ=DAILY;COUNT=3", organizer=ORGANIZER)
    world.flush(rooms=True)
    shown = world.control("GET", f"/calendars/{ROOM}")["value"]
    assert [event["subject"] for event in shown] == ["Ola Nordmann"] * 3
    assert {event["seriesMasterId"] for event in shown} == {booked["id"]}
