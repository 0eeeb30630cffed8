"""Changes that the partner cannot see deliver nothing: the ledger learns the new etag in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.graph.client_state import Key
from tests.support.due_messages import DueMessages
from tests.support.world import OLD, START, WATCH_ID, World, event
from tests.unit.resync.test_occurrences import occurrence, series

NEW = Key("v2", b"a new secret of the relay", START - timedelta(days=30))
SUBJECT = {"subject": "Ola Nordmann"}
INVISIBLE: list[dict[str, Any]] = [
    {"attendees": [{"status": {"response": "accepted"}}]}, {"categories": ["Red"]},
    {"location": {"displayName": "Room 1"}}, {"lastModifiedDateTime": "2026-11-20T10:00:00Z"}, {"bodyPreview": "x"},
]  # fmt: skip
VISIBLE: list[dict[str, Any]] = [
    {"subject": "Kari"}, {"sensitivity": "private"}, {"showAs": "free"}, {"isAllDay": True}, {"isCancelled": True},
    {"start": {"dateTime": "2026-11-20T12:30:00", "timeZone": "UTC"}}, {"seriesMasterId": "M"},
    {"end": {"dateTime": "2026-11-20T13:30:00", "timeZone": "UTC"}},
]  # fmt: skip


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose partner has the event."""
    world.watch()
    world.events.by_id["E"] = event()
    queues = DueMessages(world)
    process(queues)
    assert world.webhook.news == [("created", "E")]
    world.webhook.taken.clear()
    return queues


def process(queues: DueMessages, event_id: str = "E", *, deleted: bool = False) -> None:
    """Notify a change, and process what follows."""
    queues.notify(event_id, deleted=deleted)
    queues.play(timedelta(minutes=5))


def resync(world: World) -> int:
    """Resync, and return the number of changes that were queued."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.resync.resync(watch)
    return sum(len(message.changes) for message, _ in world.changes.take())


@pytest.mark.parametrize("changed", INVISIBLE, ids=lambda changed: next(iter(changed)))
def test_an_invisible_change_delivers_nothing(world: World, queues: DueMessages, changed: dict[str, Any]) -> None:
    """And is learnt: the night finds nothing to do."""
    world.events.by_id["E"] = event(etag="2", **SUBJECT | changed)
    process(queues)
    assert (world.webhook.taken, world.entry().delivered_state) == ([], "2")
    assert resync(world) == 0


@pytest.mark.parametrize("changed", VISIBLE, ids=lambda changed: next(iter(changed)))
def test_every_visible_change_is_delivered(world: World, queues: DueMessages, changed: dict[str, Any]) -> None:
    """Each field of the payload but the id, and that the event is private."""
    world.events.by_id["E"] = event(etag="2", **SUBJECT | changed)
    process(queues)
    assert world.webhook.news == [("updated", "E")]


def test_a_private_event_does_not_show_that_its_title_changed(world: World, queues: DueMessages) -> None:
    """Neither the title nor the fact leaves."""
    world.events.by_id["E"] = event(etag="2", sensitivity="private")
    process(queues)
    world.events.by_id["E"] = event(etag="3", sensitivity="private", subject="Another")
    process(queues)
    assert world.webhook.news == [("updated", "E")]


def test_an_invisible_change_after_a_visible_change_is_compared_with_it(world: World, queues: DueMessages) -> None:
    """And a state that looks as an older one is delivered."""
    for etag, subject in (("2", "Kari"), ("3", "Kari"), ("4", "Ola Nordmann")):
        world.events.by_id["E"] = event(etag=etag, subject=subject)
        process(queues)
    assert [body["data"]["event"]["title"] for _, body in world.webhook.taken] == ["Kari", "Ola Nordmann"]


def test_a_deleted_event_that_returns_as_it_was_is_created(world: World, queues: DueMessages) -> None:
    """The partner has it no longer, however it looks."""
    gone = world.events.by_id.pop("E")
    process(queues, deleted=True)
    world.events.by_id["E"] = gone
    process(queues)
    assert [kind for kind, _ in world.webhook.news] == ["deleted", "created"]


def test_a_forced_resync_delivers_what_looks_the_same(world: World, queues: DueMessages) -> None:
    """The partner has lost its data."""
    queues.put(replace(world.hint(), force=True, skip_settling=True))
    queues.play(timedelta(minutes=1))
    assert world.webhook.news == [("created", "E")]


def test_a_single_occurrence_of_ten_moves(world: World, queues: DueMessages) -> None:
    """Graph changes the etags of all: one is read, and one is delivered. The night finds nine new etags, once."""
    series(world, *(occurrence(day) for day in range(1, 11)))
    process(queues, "M")
    world.webhook.taken.clear()
    world.events.reads.clear()
    title = {"subject": "Ola Nordmann"}
    kept = [occurrence(day, "2") | title for day in range(1, 10)]
    moved = occurrence(20, "2") | title | {"id": "O10"}
    series(world, *kept, moved, etag="m2")
    process(queues, "M")
    assert (world.webhook.news, world.events.reads) == ([("updated", "O10")], ["M", "O10"])


@pytest.mark.parametrize("keys", [[NEW, OLD], [NEW]], ids=["both keys", "the old key is gone"])
def test_a_new_key_delivers_nothing_for_the_same_etag(world: World, queues: DueMessages, keys: list[Key]) -> None:
    """Nor does it make the night queue anything."""
    world.keys = keys
    process(queues)
    assert (world.webhook.taken, resync(world)) == ([], 0)
    assert world.entry().fingerprint.startswith("v2:")


def test_while_the_old_key_is_there_an_invisible_change_stays_invisible(world: World, queues: DueMessages) -> None:
    """The fingerprint names its key. The next is made with the new key."""
    world.keys = [NEW, OLD]
    world.events.by_id["E"] = event(etag="2", **SUBJECT)
    process(queues)
    assert (world.webhook.taken, world.entry().fingerprint[:3]) == ([], "v2:")
    world.keys = [NEW]
    world.events.by_id["E"] = event(etag="3", **SUBJECT)
    process(queues)
    assert world.webhook.taken == []


def test_with_an_unknown_key_another_etag_is_delivered_once(world: World, queues: DueMessages) -> None:
    """It may be a visible change. Then the fingerprint is of a known key again."""
    world.keys = [NEW]
    for etag in ("2", "2", "3"):
        world.events.by_id["E"] = event(etag=etag, **SUBJECT)
        process(queues)
    assert world.webhook.news == [("updated", "E")]


@pytest.mark.parametrize(("etag", "deliveries"), [("1", 0), ("2", 1)])
def test_a_row_of_an_earlier_version_has_no_fingerprint(
    world: World, queues: DueMessages, etag: str, deliveries: int
) -> None:
    """Then the etag decides, and the fingerprint is learnt in silence."""
    world.ledger.release([replace(world.entry(), fingerprint="")])
    for this_etag in (etag, "3"):
        world.events.by_id["E"] = event(etag=this_etag, **SUBJECT)
        process(queues)
    assert len(world.webhook.taken) == deliveries
    assert world.entry().fingerprint.startswith("v1:")


def test_a_fingerprint_does_not_show_what_it_is_of(world: World, queues: DueMessages) -> None:
    """It is keyed: the same event in two tenants has two fingerprints, and the row holds no title."""
    world.keys = [replace(OLD, secret=b"that of another tenant")]
    other = world.fingerprints.fingerprint({"id": "E"})
    world.keys = [OLD]
    assert world.fingerprints.fingerprint({"id": "E"}) != other
    assert "Nordmann" not in str(world.ledger_rows.rows)


@pytest.mark.parametrize("failing", ["answer", "kill"])
def test_what_may_have_been_delivered_in_between_is_delivered_again(
    world: World, queues: DueMessages, failing: str
) -> None:
    """The partner may have the state before this one, so looking as the acknowledged one is no reason to be silent."""
    world.events.by_id["E"] = event(etag="2", subject="Kari")
    world.webhook.failure = TimeoutError() if failing == "answer" else KeyboardInterrupt()
    message = world.hint()
    world.pass_by(12)
    try:
        world.delivery.deliver(message)
    except KeyboardInterrupt:
        world.pass_by(125)  # the claim has expired
    world.changes.take()
    world.webhook.failure = None
    world.events.by_id["E"] = event(etag="3", **SUBJECT)
    process(queues)
    assert world.webhook.taken[-1][1]["data"]["event"]["title"] == "Ola Nordmann"
