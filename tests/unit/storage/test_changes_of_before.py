"""The relay continues with the ledger, parked changes and replays that the code before the restructure stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from shared.messages import Change, Job
from shared.partner.payload import message_id
from shared.reliability.dead_letters import parse_selection
from shared.storage.parked import DEAD, WAITING, parked_id
from tests.support.world import WATCH_ID, event
from tests.unit.storage.world_of_before import WorldOfBefore, world

__all__ = ["world"]  # a fixture, which pytest finds by its name
MASTER = "E-series/+="


def ends(
    world: WorldOfBefore, event_id: str, *, notified_at: float = 0, retry_token: str = "", deleted: bool = False
) -> str:
    """Deliver a change notified a number of seconds ago, and return its outcome."""
    message = world.hint(event_id, deleted=deleted)
    message = replace(
        message, notified_at=world.time - timedelta(seconds=notified_at), skip_settling=True, retry_token=retry_token
    )
    (end,) = world.delivery.deliver(message)
    return end


def test_a_pause_of_before_parks_changes(world: WorldOfBefore) -> None:
    """No delivery is attempted, and the change is parked beside the three parked before."""
    assert ends(world, "E-new") == "parked"
    assert world.webhook.tried == []
    found = world.pause.delivery_status()
    assert (found.endpoint.reason, found.waiting, found.dead) == ("maintenance of the partner", 4, 4)


def test_changes_parked_before_are_drained_and_delivered(world: WorldOfBefore) -> None:
    """Each is delivered once, and those with `force` although they are unchanged."""
    for name in ("E-waiting", "E-waiting-deleted", "E-waiting-again"):
        world.events.by_id[name] = event(name)
    assert world.flowing().recovery.drain() == "drained-3"
    messages = [message for message, _ in world.changes.take()]
    assert {one.event_id: (one.deleted, message.force) for message in messages for one in message.changes} == {
        "E-waiting": (False, False), "E-waiting-deleted": (True, False), "E-waiting-again": (True, True),
    }  # fmt: skip
    assert sum((world.delivery.deliver(message) for message in messages), Counter()) == {"told": 3}
    assert world.parked.count(WAITING) == 0


def test_a_read_of_before_covers_earlier_notifications(world: WorldOfBefore) -> None:
    """E-told was read at 10:29:04; E-doubted at 10:30:08 with a check of the calendar, which covers a deletion, too."""
    world.flowing()
    assert ends(world, "E-told", notified_at=300) == "covered"
    assert ends(world, "E-doubted", notified_at=300, deleted=True) == "covered"
    assert ends(world, "E-told", notified_at=300, deleted=True) == "told"
    assert ends(world, "E-doubted", notified_at=100, deleted=True) == "told"


def test_a_state_delivered_before_is_not_delivered_again(world: WorldOfBefore) -> None:
    """The stored etag is compared with the current one."""
    world.flowing().events.by_id["E-told"] = event("E-told", 'W/"told"')
    assert ends(world, "E-told") == "no-news"
    world.events.by_id["E-told"] = event("E-told", 'W/"newer"')
    assert ends(world, "E-told") == "told"
    assert world.webhook.news == [("updated", "E-told")]


def test_a_claim_of_before_holds_until_it_expires(world: WorldOfBefore) -> None:
    """It expires at 10:33:33. What its owner delivered is not known, so the event's deletion is delivered."""
    assert ends(world.flowing(), "E-claimed") == "busy"
    world.pass_by(34)
    assert ends(world, "E-claimed", deleted=True) == "told"


def test_the_retries_of_before_continue(world: WorldOfBefore) -> None:
    """The message named in the ledger is processed, an older one is superseded."""
    world.flowing().events.by_id["E-retry"] = event("E-retry")
    assert ends(world, "E-retry", notified_at=300, retry_token="0" * 32) == "covered"
    assert ends(world, "E-retry", notified_at=300, retry_token="bef00000000040008000000000000006") == "told"


def test_a_series_of_before_is_recognized(world: WorldOfBefore) -> None:
    """Neither the series master nor an unchanged occurrence is delivered; the deletion of a missing occurrence is."""
    series = event(MASTER, 'W/"newer"', type="seriesMaster")
    world.flowing().events.by_id[MASTER] = series
    world.events.of_master[MASTER] = [event("E-occurrence", 'W/"occurrence"', seriesMasterId=MASTER)]
    assert (ends(world, MASTER), world.changes.take()) == ("no-news", [])
    world.events.of_master[MASTER] = []
    assert ends(world, MASTER) == "no-news"
    [(message, _)] = world.changes.take()
    assert message.changes == (Change(WATCH_ID, "user", "E-occurrence", deleted=True, series_id=MASTER),)
    assert world.webhook.tried == []


def test_a_deletion_delivered_before_is_counted_and_not_repeated(world: WorldOfBefore) -> None:
    """When the event returns, it is delivered under an id of its own."""
    world.flowing()
    assert ends(world, "E-deleted", deleted=True) == "no-news"
    world.events.by_id["E-deleted"] = event("E-deleted", 'W/"deleted"')
    assert ends(world, "E-deleted") == "told"
    assert world.webhook.tried == [message_id(WATCH_ID, "E-deleted", 'W/"deleted" 1')]


def test_dead_letters_of_before_are_listed_and_replayed(world: WorldOfBefore) -> None:
    """A rejected change is delivered; its dead letter and the mark in the ledger are removed."""
    letters = world.parked.page(DEAD, 10)
    assert Counter(one.reason for one in letters) == {"gave-up": 2, "rejected": 1, "unreadable-message": 1}
    world.flowing().events.by_id["E-dead"] = event("E-dead")
    wanted = parse_selection({"ids": [parked_id(WATCH_ID, "E-dead")]})
    replay = world.dead_letters.start_replay(wanted, "tester")
    assert world.job_runner.run_job(Job(replay.id, "replay")) == "replayed-1"
    for message, _ in world.changes.take():
        world.delivery.deliver(message)
    assert world.webhook.news == [("created", "E-dead")]
    assert (len(world.parked.page(DEAD, 10)), world.entry("E-dead").is_dead_lettered) == (3, False)


def test_a_replay_of_before_continues_where_it_stopped(world: WorldOfBefore) -> None:
    """It stopped after dead letter bbbb…, and of the four only E-dead follows. A finished replay stays finished."""
    assert world.dead_letters.replay_step("e" * 32) == "replayed-1"
    [(message, _)] = world.changes.take()
    assert [one.event_id for one in message.changes] == ["E-dead"]
    after = world.replays.get("e" * 32)
    assert after is not None
    assert (after.queued, after.done) == (101, world.time)
    assert world.dead_letters.replay_step("f" * 32) == "nothing-to-replay"
