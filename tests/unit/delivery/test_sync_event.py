"""Claims about telling: created, updated, deleted; what is a deletion and what is not; the identity of a state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable
from tests.support.world import REFUSED, World, event

GONE = GraphNotFound(404, "ErrorItemNotFound")


def worked(world: World, event_id: str = "E", *, deleted: bool = False) -> dict[str, int]:
    """Let a hint of an event come, settle, and be delivered."""
    message = world.hint(event_id, deleted=deleted)
    world.pass_by(12)
    return dict(world.delivery.deliver(message))


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room."""
    world.watch()


def test_an_event_is_created_updated_and_deleted(world: World) -> None:
    """Its whole life, in the contract's words."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = event(etag="2")
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world)
    assert world.webhook.news == [("created", "E"), ("updated", "E"), ("deleted", "E")]
    assert world.webhook.taken[-1][1]["data"]["event"] == {"id": "E", "seriesId": None}
    assert len({message_id for message_id, _ in world.webhook.taken}) == 3


def test_what_graph_says_is_deleted_is_looked_for(world: World) -> None:
    """Hints come in any order: only the calendar knows. It is gone, and that is told."""
    worked(world, deleted=True)
    assert (world.events.reads, world.webhook.news) == (["E"], [("deleted", "E")])


def test_what_lies_among_the_deleted_items_is_deleted(world: World) -> None:
    """Its immutable id still leads to it, but it is on the calendar no more."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.deleted_items.add("E")
    worked(world, deleted=True)
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_a_deletion_is_told_once(world: World) -> None:
    """Graph hints two to four times."""
    assert worked(world, deleted=True) == {"told": 1}
    assert worked(world, deleted=True) == {"no-news": 1}
    world.events.by_id["E"] = GONE
    assert worked(world) == {"no-news": 1}


def test_an_event_that_comes_back_is_created(world: World) -> None:
    """Out of the deleted items: another state, another webhook-id."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world, deleted=True)
    world.events.by_id["E"] = event(etag="2")
    worked(world)
    assert world.webhook.news == [("created", "E"), ("deleted", "E"), ("created", "E")]
    assert len({message_id for message_id, _ in world.webhook.taken}) == 3


def test_a_state_that_comes_back_after_its_deletion_is_news(world: World) -> None:
    """Graph did not find an event for a while: a partner who drops the webhook-ids it has seen must not drop it."""
    for _ in range(3):
        world.events.by_id["E"] = event()
        worked(world)
        world.events.by_id["E"] = GONE
        worked(world)
    assert [kind for kind, _ in world.webhook.news] == ["created", "deleted"] * 3
    assert len({message_id for message_id, _ in world.webhook.taken}) == 6


def test_a_state_that_came_back_keeps_its_identity_at_every_attempt(world: World) -> None:
    """The deletion before is counted once."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world)
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    worked(world)
    worked(world)
    assert (len(world.webhook.tried), len(set(world.webhook.tried))) == (4, 3)


@pytest.mark.parametrize(
    "failure",
    [GraphNotFound(404, "ErrorInvalidUser"), GraphNotFound(404, "ResourceNotFound"), GraphNotFound(404, "Unreadable"),
     GraphNotFound(410, "Gone"), GraphForbidden(403, "ErrorAccessDenied"), GraphUnavailable(503, "x", retry_after=40)],
)  # fmt: skip
def test_another_error_is_no_deletion(world: World, failure: GraphError) -> None:
    """A mailbox that cannot be found says nothing of its events: put back, nothing told, nothing forgotten."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = failure
    assert worked(world) == {"put-back": 1}
    assert world.webhook.news == [("created", "E")]
    assert world.entry().delivered_state == "1"
    [(_, delay)] = world.changes.take()
    assert delay >= (failure.retry_after or 0)


def test_a_failed_creation_is_told_as_a_creation_later(world: World) -> None:
    """The first news of an event that arrives is created, whatever state it has by then."""
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    worked(world)
    world.events.by_id["E"] = event(etag="2")
    world.webhook.failure = None
    worked(world)
    assert world.webhook.news == [("created", "E")]
    assert len(set(world.webhook.tried)) == 2


def test_a_private_event_is_told_with_its_times_only(world: World) -> None:
    """And nothing else of it is in the delivery."""
    world.events.by_id["E"] = event(sensitivity="private", subject="canary")
    worked(world)
    told = world.webhook.taken[0][1]
    assert told["data"]["event"]["title"] == "Private"
    assert "canary" not in repr(told)


def test_the_timestamp_is_when_the_event_was_read(world: World) -> None:
    """So a receiver can order two deliveries of one event."""
    world.events.by_id["E"] = event()
    worked(world)
    assert world.webhook.taken[0][1]["timestamp"] == "2026-11-20T10:00:12Z"


def test_an_event_deleted_and_restored_within_the_settle_time_stands(world: World) -> None:
    """Two hints: the partner ends with the calendar's state."""
    world.events.by_id["E"] = event()
    worked(world)
    deleted = world.hint(deleted=True)
    world.pass_by(2)
    restored = world.hint()
    world.events.by_id["E"] = event(etag="2")
    world.pass_by(12)
    world.delivery.deliver(deleted)
    world.delivery.deliver(restored)
    assert world.webhook.news == [("created", "E"), ("updated", "E")]


def test_hints_in_the_wrong_order_end_with_the_calendars_state(world: World) -> None:
    """Graph promises no order: the hint of a deletion may come after that of the restoring."""
    world.events.by_id["E"] = event(etag="2")
    worked(world)
    world.pass_by(timedelta(seconds=5).total_seconds())
    worked(world, deleted=True)
    assert world.webhook.news[-1] == ("created", "E")


def test_a_late_hint_brings_no_deleted_event_back(world: World) -> None:
    """The hint of the change that moved it to the deleted items may come after that of the deletion."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = event(etag="2")
    world.events.deleted_items.add("E")
    worked(world, deleted=True)
    worked(world)
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_what_lies_outside_the_window_is_not_told(world: World) -> None:
    """A meeting of next year is told when the window reaches it; one of last week no more."""
    for event_id, day in (("far", "2027-11-20"), ("past", "2026-11-10")):
        times = {name: {"dateTime": f"{day}T12:00:00", "timeZone": "UTC"} for name in ("start", "end")}
        world.events.by_id[event_id] = event(event_id, **times)
        assert worked(world, event_id) == {"no-news": 1}
    assert world.webhook.taken == []


def test_what_the_partner_knows_is_told_wherever_it_goes(world: World) -> None:
    """A meeting that was moved out of the window has not vanished."""
    world.events.by_id["E"] = event()
    worked(world)
    times = {name: {"dateTime": "2027-11-20T12:00:00", "timeZone": "UTC"} for name in ("start", "end")}
    world.events.by_id["E"] = event(etag="2", **times)
    worked(world)
    assert world.webhook.news == [("created", "E"), ("updated", "E")]
    assert world.webhook.taken[-1][1]["data"]["event"]["start"] == "2027-11-20T12:00:00Z"
