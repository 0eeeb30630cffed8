"""The partner receives the occurrences of a series, each with its own id, and never the series master."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphNotFound
from tests.support.world import World, event


def occurrence(number: int, etag: str = "1") -> dict[str, Any]:
    """Return an occurrence of the series M on a day in December."""
    day = f"2026-12-{number:02}"
    return event(
        f"O{number}", etag, type="occurrence", seriesMasterId="M",
        start={"dateTime": f"{day}T12:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{day}T13:00:00", "timeZone": "UTC"},
    )  # fmt: skip


def series(world: World, *occurrences: dict[str, Any], etag: str = "m1") -> None:
    """Put a series into the calendar."""
    for old in world.events.of_master.get("M", []):
        world.events.by_id.pop(old["id"], None)
    world.events.by_id["M"] = event("M", etag, type="seriesMaster")
    world.events.of_master["M"] = list(occurrences)
    world.events.by_id.update({one["id"]: one for one in occurrences})


def run(world: World, *, deleted: bool = False, event_id: str = "M") -> None:
    """Notify a change, let it settle, deliver it and everything that follows from it."""
    message = world.hint(event_id, deleted=deleted)
    world.pass_by(12)
    world.delivery.deliver(message)
    while waiting := world.changes.take():
        for following, delay in waiting:
            world.pass_by(delay + 0.01)
            world.delivery.deliver(following)


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room."""
    world.watch()


def test_a_series_reaches_the_partner_as_its_occurrences(world: World) -> None:
    """Each has its own id and the series' id; the series master is not delivered."""
    series(world, occurrence(1), occurrence(2))
    run(world)
    assert sorted(world.webhook.news) == [("created", "O1"), ("created", "O2")]
    assert {body["data"]["event"]["seriesId"] for _, body in world.webhook.taken} == {"M"}


def test_the_occurrences_skip_the_settling(world: World) -> None:
    """The series master was read after the settle time already."""
    series(world, occurrence(1))
    message = world.hint("M")
    world.pass_by(12)
    world.delivery.deliver(message)
    [(following, delay)] = world.changes.take()
    assert delay == 0
    assert dict(world.delivery.deliver(following)) == {"told": 1}


def test_only_changed_occurrences_are_delivered(world: World) -> None:
    """One of two moved: one delivery."""
    series(world, occurrence(1), occurrence(2))
    run(world)
    world.webhook.taken.clear()
    world.events.reads.clear()
    series(world, occurrence(1), occurrence(2, "2"), etag="m2")
    run(world)
    assert (world.events.reads, world.webhook.news) == (["M", "O2"], [("updated", "O2")])


def test_a_missing_occurrence_is_reported_as_deleted(world: World) -> None:
    """The series was shortened."""
    series(world, occurrence(1), occurrence(2))
    run(world)
    series(world, occurrence(1), etag="m2")
    run(world)
    assert world.webhook.news[-1] == ("deleted", "O2")
    assert world.webhook.taken[-1][1]["data"]["event"] == {"id": "O2", "seriesId": "M"}


def test_an_occurrence_outside_the_window_is_left_alone(world: World) -> None:
    """It is missing from the listing because time passed, not because it was removed."""
    series(world, occurrence(1))
    run(world)
    world.pass_by(timedelta(days=60).total_seconds())
    series(world, etag="m2")
    run(world)
    assert world.webhook.news == [("created", "O1")]


@pytest.mark.parametrize("hinted", [True, False])
def test_a_deleted_series_deletes_its_occurrences(world: World, hinted: bool) -> None:  # noqa: FBT001  (a table's cell)
    """Both when Graph notifies the deletion and when a read returns 404; a second notification delivers nothing."""
    series(world, occurrence(1), occurrence(2))
    run(world)
    world.webhook.taken.clear()
    series(world)
    world.events.by_id["M"] = GraphNotFound(404, "ErrorItemNotFound")
    run(world, deleted=hinted)
    run(world, deleted=hinted)
    assert sorted(world.webhook.news) == [("deleted", "O1"), ("deleted", "O2")]


def test_a_single_event_that_became_a_series_is_deleted(world: World) -> None:
    """The partner receives its deletion, and the occurrences."""
    world.events.by_id["M"] = event("M")
    run(world)
    series(world, occurrence(1), etag="2")
    run(world)
    assert world.webhook.news == [("created", "M"), ("deleted", "M"), ("created", "O1")]


def test_a_series_that_became_a_single_event_is_delivered_as_such(world: World) -> None:
    """Its occurrences are deleted."""
    series(world, occurrence(1))
    run(world)
    series(world)
    world.events.by_id["M"] = event("M", "2")
    run(world)
    assert world.webhook.news == [("created", "O1"), ("created", "M"), ("deleted", "O1")]


def test_a_long_series_fits_on_the_queue(world: World) -> None:
    """The series is a daily meeting over half a year."""
    days = [event(f"O{number}" + "x" * 500, seriesMasterId="M", type="occurrence") for number in range(180)]
    series(world, *days)
    run(world)
    assert len(world.webhook.taken) == 180


def test_a_change_between_a_read_and_the_listing_is_delivered(world: World) -> None:
    """The occurrence is read, then the series changes, then it is listed: the listing is newer than the read."""
    series(world, occurrence(1))
    run(world)
    own_hint, series_hint = world.hint("O1"), world.hint("M")
    world.pass_by(12)
    world.delivery.deliver(own_hint)
    world.pass_by(2)
    series(world, occurrence(1, "2"), etag="m2")
    second_series_hint = world.hint("M")
    world.pass_by(3)
    world.delivery.deliver(series_hint)
    for following, _ in world.changes.take():
        world.delivery.deliver(following)
    world.pass_by(20)
    world.delivery.deliver(second_series_hint)
    for following, _ in world.changes.take():
        world.delivery.deliver(following)
    assert world.webhook.news[-1] == ("updated", "O1")
