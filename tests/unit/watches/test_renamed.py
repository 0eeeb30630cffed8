"""A mailbox whose address has changed is read by its object id, and the row tells the new address."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphNotFound, GraphUnavailable, RelayError, ServiceUnavailable
from shared.messages import Job
from shared.watches.renamed import WRITE_EVERY
from shared.watches.states import RENAMED_FOR, ShownState, shown
from tests.support.subscribed import stored, subscribed
from tests.support.world import MAILBOX, START, WATCH_ID, World, event

OBJECT_ID = "9d3c1f0e-2b7a-4c55-8f10-6a1b2c3d4e5f"
NEW = "room-1@contoso.com"


def renamed(world: World) -> None:
    """Store a live watch whose mailbox has got another address."""
    subscribed(world, user_id=OBJECT_ID)
    world.events.missing, world.events.owners = {MAILBOX}, {OBJECT_ID: NEW}


def delivered(world: World) -> dict[str, int]:
    """Deliver a change after it has delivered."""
    message = world.hint()
    world.pass_by(10)
    return dict(world.delivery.deliver(message))


def test_changes_are_delivered_under_the_watchs_own_address(world: World) -> None:
    """The event is read by the object id. The watch stays live, and tells the new address."""
    renamed(world)
    world.events.by_id["E"] = event()
    assert delivered(world) == {"told": 1}
    ((_, body),) = world.webhook.taken
    assert body["data"]["mailbox"] == MAILBOX
    row = stored(world)
    assert (row.reading_state, row.renamed_at, row.new_address) == ("", world.time, NEW)
    state = shown(row, world.time)
    assert (state.state, NEW in state.what_to_do) == (ShownState.LIVE, True)


def test_a_resync_reads_by_the_object_id(world: World) -> None:
    """Nothing is taken for deleted."""
    renamed(world)
    world.events.by_id["E"] = event()
    assert world.job_runner.run_job(Job(WATCH_ID, "resync")) == "resynced"
    assert stored(world).reading_state == ""
    assert [change.deleted for message, _ in world.changes.take() for change in message.changes] == [False]


def test_a_series_is_read_by_the_object_id(world: World) -> None:
    """Its occurrences as well."""
    renamed(world)
    world.events.of_master["M"] = [event("O", type="occurrence", seriesMasterId="M")]
    start = world.time
    assert [each["id"] for each in world.watched_events.instances(MAILBOX, "M", start, start)] == ["O"]
    assert world.watched_events.owner(MAILBOX) == NEW


def test_an_event_that_the_object_id_does_not_find_was_deleted(world: World) -> None:
    """The 404 of the event is the answer of a mailbox that exists, and counts once it is there a minute later, too."""
    renamed(world)
    world.events.by_id["E"] = event()
    delivered(world)
    del world.events.by_id["E"]
    assert delivered(world) == {"no-news": 1}
    ((second_look, _),) = world.changes.take()
    assert world.delivery.deliver(second_look) == {"told": 1}
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


@pytest.mark.parametrize("user_id", ["", OBJECT_ID])
def test_a_mailbox_that_neither_name_finds_is_gone(world: World, user_id: str) -> None:
    """Or one whose object id is not known yet."""
    renamed(world)
    world.watches.change(stored(world), user_id=user_id)
    world.events.missing = {MAILBOX, OBJECT_ID}
    assert delivered(world) == {"put-back": 1}
    assert (stored(world).reading_state, stored(world).renamed_at) == ("gone", None)


@pytest.mark.parametrize("error", [GraphUnavailable(503, "x"), GraphForbidden(403, "ErrorAccessDenied")])
def test_what_the_object_id_answers_counts(world: World, error: RelayError) -> None:
    """No answer is no 404."""
    renamed(world)

    def call(name: str) -> str:
        raise GraphNotFound(404, "ErrorInvalidUser") if name == MAILBOX else error

    with pytest.raises(type(error)):
        world.renamed_mailboxes.reached(MAILBOX, call)
    assert stored(world).renamed_at is None


def test_an_address_that_answers_needs_no_row(world: World) -> None:
    """Nor does an event that was deleted: no row is read."""
    renamed(world)
    world.rows.failing = 1
    assert world.renamed_mailboxes.reached(MAILBOX, str.upper) == MAILBOX.upper()

    def no_event(_: str) -> str:
        raise GraphNotFound(404, "ErrorItemNotFound")

    with pytest.raises(GraphNotFound):
        world.renamed_mailboxes.reached(MAILBOX, no_event)
    world.events.missing = {MAILBOX}
    with pytest.raises(ServiceUnavailable):
        world.watched_events.get(MAILBOX, "E")


def test_a_change_without_an_object_id_erases_none(world: World) -> None:
    """A resync made it before a notification told the object id."""
    watch = subscribed(world, user_id=OBJECT_ID, last_change=START)
    world.watches.saw_change(watch, START + timedelta(minutes=1), "")
    assert (stored(world).user_id, stored(world).last_change) == (OBJECT_ID, START + timedelta(minutes=1))
    world.watches.saw_change(stored(world), START + timedelta(minutes=1), "")
    world.watches.saw_change(stored(world), START + timedelta(minutes=1), "another")
    assert stored(world).user_id == "another"


def test_a_404_by_mistake_is_no_new_address(world: World) -> None:
    """The calendar's owner still has the watch's address."""
    renamed(world)
    world.events.owners = {OBJECT_ID: MAILBOX}
    world.job_runner.run_job(Job(WATCH_ID, "resync"))
    assert (stored(world).renamed_at, stored(world).reading_state) == (None, "")


def test_the_note_is_repeated_while_it_is_true_and_ends_by_itself(world: World) -> None:
    """At most once in WRITE_EVERY; it is shown for RENAMED_FOR after the last."""
    renamed(world)
    for seconds in (0, 60, WRITE_EVERY.total_seconds()):
        world.pass_by(seconds)
        world.job_runner.run_job(Job(WATCH_ID, "resync"))
    noted = START + timedelta(minutes=1) + WRITE_EVERY
    assert stored(world).renamed_at == noted
    assert shown(stored(world), noted + RENAMED_FOR).what_to_do == ""


def test_a_note_that_cannot_be_written_fails_nothing(world: World) -> None:
    """The answer of the reading is returned."""
    renamed(world)
    world.events.owners = {OBJECT_ID: GraphUnavailable(503, "x")}
    assert world.job_runner.run_job(Job(WATCH_ID, "resync")) == "resynced"
    assert stored(world).renamed_at is None
