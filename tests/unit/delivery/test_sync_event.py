"""Sync of an event: created, updated, deleted; what counts as a deletion; the webhook-id of a state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable
from tests.support.world import REFUSED, World, event

GONE = GraphNotFound(404, "ErrorItemNotFound")


def worked(world: World, event_id: str = "E", *, deleted: bool = False) -> dict[str, int]:
    """Deliver a change of an event after it has settled, and return the outcomes."""
    message = world.hint(event_id, deleted=deleted)
    world.pass_by(12)
    return dict(world.delivery.deliver(message))


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room."""
    world.watch()


def test_an_event_is_created_updated_and_deleted(world: World) -> None:
    """The three types of delivery have three webhook-ids, and a deletion has ids only."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = event(etag="2")
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world, deleted=True)
    assert world.webhook.news == [("created", "E"), ("updated", "E"), ("deleted", "E")]
    assert world.webhook.taken[-1][1]["data"]["event"] == {"id": "E", "seriesId": None}
    assert len({message_id for message_id, _ in world.webhook.taken}) == 3


def test_a_deletion_is_confirmed_by_a_read(world: World) -> None:
    """Notifications come in any order, so the event is read before its deletion is delivered."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world, deleted=True)
    assert (world.events.reads, world.webhook.news[-1]) == (["E", "E"], ("deleted", "E"))


def test_what_was_never_sent_is_not_reported_as_deleted(world: World) -> None:
    """Neither after a notification of a deletion, nor after a second look."""
    assert worked(world, deleted=True) == {"no-news": 1}
    worked(world)
    ((look, delay),) = world.changes.take()
    assert (world.delivery.deliver(look), delay) == ({"no-news": 1}, 60.0)
    assert (world.webhook.tried, world.changes.take()) == ([], [])


def test_a_missing_event_is_looked_at_again(world: World) -> None:
    """A 404 may only mean that the event cannot be read yet: a minute later it counts."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    assert worked(world) == {"no-news": 1}
    ((look, _),) = world.changes.take()
    world.pass_by(60)
    assert world.delivery.deliver(look) == {"told": 1}
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_an_event_that_can_be_read_late_is_created(world: World) -> None:
    """Graph notifies of a creation before it finds the event."""
    worked(world)
    ((look, _),) = world.changes.take()
    world.events.by_id["E"] = event()
    world.pass_by(60)
    assert world.delivery.deliver(look) == {"told": 1}
    assert world.webhook.news == [("created", "E")]


def test_an_event_among_the_deleted_items_is_deleted(world: World) -> None:
    """Graph still returns it by its immutable id, but it is not in the calendar view."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.deleted_items.add("E")
    worked(world, deleted=True)
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_a_deletion_is_delivered_once(world: World) -> None:
    """Graph sends two to four notifications of a deletion."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    assert worked(world, deleted=True) == {"told": 1}
    assert worked(world, deleted=True) == {"no-news": 1}
    world.events.by_id["E"] = GONE
    assert worked(world) == {"no-news": 1}


def test_a_restored_event_is_created(world: World) -> None:
    """The restored event has another state and another webhook-id."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world, deleted=True)
    world.events.by_id["E"] = event(etag="2")
    worked(world)
    assert world.webhook.news == [("created", "E"), ("deleted", "E"), ("created", "E")]
    assert len({message_id for message_id, _ in world.webhook.taken}) == 3


def test_a_state_that_returns_after_its_deletion_has_a_new_webhook_id(world: World) -> None:
    """Graph may not return an event for a while; a partner that drops known webhook-ids must not drop its return."""
    for _ in range(3):
        world.events.by_id["E"] = event()
        worked(world)
        world.events.by_id["E"] = GONE
        worked(world, deleted=True)
    assert [kind for kind, _ in world.webhook.news] == ["created", "deleted"] * 3
    assert len({message_id for message_id, _ in world.webhook.taken}) == 6


def test_a_returned_state_keeps_its_webhook_id_at_every_attempt(world: World) -> None:
    """The deletion before it is counted once."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = GONE
    worked(world, deleted=True)
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
    """An error of the mailbox says nothing of its events: the change is put back, and nothing is delivered."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = failure
    assert worked(world) == {"put-back": 1}
    assert world.webhook.news == [("created", "E")]
    assert world.entry().delivered_state == "1"
    [(_, delay)] = world.changes.take()
    assert delay >= (failure.retry_after or 0)


def test_a_failed_creation_is_later_delivered_as_a_creation(world: World) -> None:
    """The first delivery that the partner takes is `created`, whatever the state is at that time."""
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    worked(world)
    world.events.by_id["E"] = event(etag="2")
    world.webhook.failure = None
    worked(world)
    assert world.webhook.news == [("created", "E")]
    assert len(set(world.webhook.tried)) == 2


def test_a_private_event_is_delivered_without_its_title(world: World) -> None:
    """No other content of it is in the delivery."""
    world.events.by_id["E"] = event(sensitivity="private", subject="canary")
    worked(world)
    body = world.webhook.taken[0][1]
    assert body["data"]["event"]["title"] == "Private"
    assert "canary" not in repr(body)


def test_the_timestamp_is_when_the_event_was_read(world: World) -> None:
    """It orders two deliveries of an event for the receiver."""
    world.events.by_id["E"] = event()
    worked(world)
    assert world.webhook.taken[0][1]["timestamp"] == "2026-11-20T10:00:12Z"


def test_an_event_deleted_and_restored_while_settling_exists(world: World) -> None:
    """Of two notifications the partner gets the state of the calendar."""
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


def test_notifications_out_of_order_end_with_the_calendars_state(world: World) -> None:
    """The notification of a deletion may come after that of the restoration."""
    world.events.by_id["E"] = event(etag="2")
    worked(world)
    world.pass_by(timedelta(seconds=5).total_seconds())
    worked(world, deleted=True)
    assert world.webhook.news[-1] == ("created", "E")


def test_a_late_notification_does_not_restore_a_deleted_event(world: World) -> None:
    """The notification of the move to the deleted items may come after that of the deletion."""
    world.events.by_id["E"] = event()
    worked(world)
    world.events.by_id["E"] = event(etag="2")
    world.events.deleted_items.add("E")
    worked(world, deleted=True)
    worked(world)
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_an_event_outside_the_window_is_not_delivered(world: World) -> None:
    """A later event is delivered once the window reaches it; a past one is not."""
    for event_id, day in (("far", "2027-11-20"), ("past", "2026-11-10")):
        times = {name: {"dateTime": f"{day}T12:00:00", "timeZone": "UTC"} for name in ("start", "end")}
        world.events.by_id[event_id] = event(event_id) | times
        assert worked(world, event_id) == {"no-news": 1}
    assert world.webhook.taken == []


def test_an_event_that_the_partner_has_is_followed_out_of_the_window(world: World) -> None:
    """An event that is moved out of the window still exists."""
    world.events.by_id["E"] = event()
    worked(world)
    times = {name: {"dateTime": "2027-11-20T12:00:00", "timeZone": "UTC"} for name in ("start", "end")}
    world.events.by_id["E"] = event(etag="2") | times
    worked(world)
    assert world.webhook.news == [("created", "E"), ("updated", "E")]
    assert world.webhook.taken[-1][1]["data"]["event"]["start"] == "2027-11-20T12:00:00Z"
