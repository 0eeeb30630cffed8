"""Claims about what the partner, the directory and the administrator want, and how long they may wait for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.schedules.desires import LISTS, REMEMBERED
from tests.unit.schedules.stages import LIFE, ROOM, Stage

DAY = timedelta(days=1)


@pytest.fixture
def stage() -> Stage:
    """Return a stage."""
    return Stage()


def test_a_mailbox_is_wanted_by_the_partner_or_through_a_watched_list(stage: Stage) -> None:
    """A list that is not watched wants nothing."""
    assert stage.desires.is_wanted(ROOM)
    stage.desires.partner[ROOM] = False
    stage.site.directory.rooms[LISTS[0]] = {ROOM}
    stage.site.directory.rooms[LISTS[1]] = set()
    assert not stage.desires.is_wanted(ROOM)
    stage.desires.lists[LISTS[0]] = True
    assert stage.desires.is_wanted(ROOM)


def test_a_room_that_left_may_end_for_a_time(stage: Stage) -> None:
    """A removal that began before it came back may still be carried out."""
    stage.desires.left(ROOM)
    assert stage.desires.may_end(ROOM)
    stage.wait(seconds=REMEMBERED.total_seconds())
    assert not stage.desires.may_end(ROOM)


def test_what_a_process_forbids_is_by_its_own_settings(stage: Stage) -> None:
    """Settings change one process after the other."""
    stage.a.given["ALLOWED_MAILBOXES"] = "room9@contoso.com"
    assert stage.desires.forbids(stage.a.given, ROOM)
    assert not stage.desires.forbids(stage.b.given, ROOM)


def test_a_request_that_restored_storage_lacks_is_forgotten(stage: Stage) -> None:
    """Until it is made again."""
    stage.desires.restored()
    assert stage.desires.may_end(ROOM)


def test_a_loss_that_is_repaired_within_a_day_and_a_run_is_no_fault(stage: Stage) -> None:
    """It is looked up once a day; a longer absence without a disturbance is a fault."""
    for days, faults in ((1.0, 0), (1.2, 1)):
        held = stage.held()
        stage.site.graph.lose(held.subscription.id)
        stage.wait(days=days)
        stage.row() if not faults else None
        stage.site.graph.created(stage.held())
        for each in stage.site.graph.of(ROOM):
            stage.site.graph.lose(each.subscription.id, cause="test")
        stage.absence = type(stage.absence)(stage.site, stage.desires, stage.deletions.rows, stage.broken)
        assert len(stage.broken) == faults, stage.broken


def test_a_loss_during_a_disturbance_counts_from_its_end(stage: Stage) -> None:
    """So an outage of a week is no fault of the relay."""
    held = stage.held()
    stage.row(held)
    stage.site.graph.lose(held.subscription.id)
    stage.wait(days=7)
    stage.absence.disturb()
    stage.site.graph.created(stage.held())
    assert stage.broken == []
    assert stage.absence.minutes["removed"] == 7 * 24 * 60


def test_at_rest_a_live_watch_has_its_subscription(stage: Stage) -> None:
    """A lost one, a gap, and a claim without an end are found."""
    held = stage.held()
    row = stage.row(held)
    assert stage.rest.failures() == []
    changed = stage.watches.change(row, gap_since=stage.now(), pending_since=stage.now())
    assert changed is not None
    assert {"owes a resync" in each or "has no end" in each for each in stage.rest.failures()} == {True}
    stage.site.graph.lose(held.subscription.id)
    assert "Graph has []" in stage.rest.failures()[0]


def test_at_rest_the_partner_knows_each_event(stage: Stage) -> None:
    """Also one that changed while the mailbox had no subscription."""
    stage.row(stage.held())
    event_id = stage.site.calendars.put(ROOM, stage.now() + 3 * DAY)
    assert stage.rest.failures() == [f"the partner does not know ['{event_id}'] of {ROOM}"]
    stage.site.partner.knows[ROOM] = {event_id: {}}
    assert stage.rest.failures() == []


def test_at_rest_a_second_subscription_is_counted(stage: Stage) -> None:
    """The audit names what no row names."""
    stage.row(stage.held())
    other = stage.held()
    assert f"has {other.subscription.id}, which nobody names" in stage.rest.failures()[0]


def test_at_rest_calls_without_end_are_a_failure(stage: Stage) -> None:
    """Above what renewals and the daily lookups take."""
    stage.row(stage.held())
    stage.rest.begin()
    stage.wait(days=1)
    stage.site.graph.calls.update({"PATCH": 4, "GET": 5})
    assert stage.rest.failures() == []
    stage.site.graph.calls.update({"PATCH": 4, "GET": 5})
    assert len(stage.rest.failures()) == 2


def test_an_own_subscription_that_nothing_remembers_is_no_failure_after_a_restore(stage: Stage) -> None:
    """It posts to an address that restored storage does not know, and that the settings have left."""
    held = stage.site.graph.hold(ROOM, "https://left.example/api/notifications", "", "", stage.now() + LIFE)
    stage.row(state="refused", renewed=None, expires=None)
    assert "is wanted: refused" in stage.rest.failures()[0]
    stage.site.restored_at = stage.now() + timedelta(seconds=1)
    assert stage.rest.failures() == []
    stage.own_urls = frozenset([held.subscription.notification_url])
    assert "is wanted: refused" in stage.rest.failures()[0]
