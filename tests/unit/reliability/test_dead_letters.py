"""Claims about dead letters: which are meant, how they are replayed, and what is noted of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import RequestRejected
from shared.messages import Job, write_changes
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import MOST_IDS, parse_selection
from shared.storage.parked import DEAD, Parked
from tests.support.world import START, WATCH_ID, World, event

HOUR = timedelta(hours=1)


def die(world: World, number: int) -> list[str]:
    """Let so many events die, an hour after one another, and return the ids of their letters in that order."""
    world.watch()
    for one in range(number):
        world.events.by_id[f"E{one}"] = event(f"E{one}")
        message = world.hint(f"E{one}")
        world.dead_letters.dead_letter(message, message.changes[0], "rejected", 400)
        world.time += HOUR
    return [one.id for one in sorted(world.parked.page(DEAD, 1000), key=lambda one: one.at)]


def played(world: World, **selection: Any) -> list[str]:
    """Replay a selection to its end, and return the events that the partner gets."""
    replay = world.dead_letters.start_replay(parse_selection(selection), "tester")
    while steps := world.jobs.take_jobs():
        for step in steps:
            world.job_runner.run_job(step)
    after = world.replays.get(replay.id)
    assert after is not None
    assert after.done is not None
    for message, _ in world.changes.take():
        world.delivery.deliver(message)
    assert after.queued == len(world.webhook.taken)
    return sorted(event_id for _, event_id in world.webhook.news)


def letters(world: World) -> int:
    """Return how many dead letters there are."""
    return len(world.parked.page(DEAD, 1000))


def test_all_are_replayed_and_gone(world: World) -> None:
    """Each in its event's state of now."""
    die(world, 3)
    world.events.by_id["E1"] = event("E1", "99", subject="Kari")
    assert played(world, all=True) == ["E0", "E1", "E2"]
    assert letters(world) == 0
    assert any(body["data"]["event"]["title"] == "Kari" for _, body in world.webhook.taken)


def test_more_than_a_step_holds_are_replayed_step_by_step(world: World) -> None:
    """A hundred at a time."""
    die(world, 101)
    world.webhook.taken.clear()
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    (step,) = world.jobs.take_jobs()
    assert world.job_runner.run_job(step) == "replayed-100"
    [(again, delay)] = world.jobs.wanted
    assert (again, delay) == (step, 3.0)
    assert world.job_runner.run_job(again) == "replayed-1"
    assert letters(world) == 0


def test_some_are_replayed_by_their_ids(world: World) -> None:
    """Unknown ones are none of it, the others stay."""
    ids = die(world, 3)
    assert played(world, ids=[ids[0], ids[2], "f" * 32]) == ["E0", "E2"]
    assert letters(world) == 1


def test_a_time_is_from_its_first_moment_until_before_its_last(world: World) -> None:
    """The second and the third of four."""
    die(world, 4)
    begin, end = (START + HOUR).isoformat(), (START + 3 * HOUR).isoformat()
    assert played(world, **{"from": begin, "to": end}) == ["E1", "E2"]
    assert letters(world) == 2


def test_what_dies_during_a_replay_is_not_replayed_for_ever(world: World) -> None:
    """The partner still rejects them: they die anew, once."""
    die(world, 2)
    world.webhook.failure = NotDelivered(422, "status 422")
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    world.pass_by(1)
    for _ in range(5):
        for step in world.jobs.take_jobs():
            world.job_runner.run_job(step)
        for message, _ in world.changes.take():
            world.delivery.deliver(message)
    assert len(world.webhook.tried) == 2
    assert letters(world) == 2


def test_a_replay_that_is_done_is_not_done_again(world: World) -> None:
    """Its message came twice; or somebody made the id up."""
    die(world, 1)
    replay = world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    step = Job(replay.id, "replay")
    ends = [world.job_runner.run_job(one) for one in (step, step, Job("f" * 32, "replay"))]
    assert ends == ["replayed-1", "nothing-to-replay", "nothing-to-replay"]


def test_dead_letters_are_deleted_by_the_same_selections(world: World) -> None:
    """And counted."""
    ids = die(world, 4)
    chosen = [{"ids": ids[:1]}, {"from": (START + 3 * HOUR).isoformat()}, {"all": True}]
    deleted = [world.dead_letters.delete(parse_selection(one), "tester") for one in chosen]
    assert deleted == [1, 1, 2]
    assert world.changes.take() == []


def test_who_did_it_is_noted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """One audit line each, with the caller."""
    with caplog.at_level(logging.INFO):
        world.dead_letters.delete(parse_selection({"all": True}), "Ola's app")
        world.dead_letters.start_replay(parse_selection({"all": True}), "the key")
    lines = [record.message for record in caplog.records if record.name == "relay.audit"]
    assert [line.partition(":")[0] for line in lines] == [
        "delete-dead-letters by Ola's app",
        "replay-dead-letters by the key",
    ]


@pytest.mark.parametrize("content", [
    {}, {"all": False}, {"all": "true"}, {"all": 1}, {"all": None}, {"everything": True},
    {"ids": []}, {"ids": "x"}, {"ids": ["x"]}, {"ids": [1]}, {"ids": ["F" * 32]}, {"ids": ["../../watches"]},
    {"ids": ["f" * 32], "all": True}, {"ids": ["f" * 32] * (MOST_IDS + 1)},
    {"from": "yesterday"}, {"from": "2026-11-20"}, {"from": "2026-11-20T10:00:00"}, {"since": "2026-11-20T10:00:00Z"},
    {"to": 5.5, "all": True}, {"from": "2026-11-20T10:00:00Z", "all": True},
])  # fmt: skip
def test_what_is_no_selection_is_refused(content: dict[str, Any]) -> None:
    """With what to send instead; a slip must not delete everything."""
    with pytest.raises(RequestRejected) as refusal:
        parse_selection(content)
    assert refusal.value.status == 422


def test_a_message_that_killed_its_workers_is_tried_on_schedule(world: World) -> None:
    """The host gave up on it after its five tries; nothing rests on the poison queue."""
    (text,) = write_changes(world.hint("E"))
    world.poison_messages.keep_changes(text)
    [(message, delay)] = world.changes.take()
    assert (message.attempt, message.changes, 4 <= delay <= 6) == (1, world.hint("E").changes, True)


def test_a_message_that_kills_for_a_week_is_a_dead_letter(world: World) -> None:
    """It can be seen, and replayed with another version of the relay."""
    (text,) = write_changes(replace(world.hint("E"), attempt=20))
    world.poison_messages.keep_changes(text)
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.event_id, letter.reason) == (WATCH_ID, "E", "gave-up")
    assert world.changes.take() == []


@pytest.mark.parametrize("text", ["", "garbage", "{}", '{"v": 99}', "canary" * 10_000, "\udcff", "null"])
def test_a_message_that_nobody_wrote_is_noted_without_its_content(world: World, text: str) -> None:
    """It may hold anything. It is there to be seen, once, and cannot be replayed."""
    for _ in range(2):
        world.poison_messages.keep_changes(text)
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.reason) == ("", "unreadable-message")
    assert "canary" not in str(world.parked_rows.rows)
    assert played(world, all=True) == []
    assert [type(one) for one in world.parked.page(DEAD, 10)] == [Parked]


def test_what_dies_after_a_replay_was_asked_for_is_not_meant(world: World) -> None:
    """Who asked has not seen it."""
    die(world, 1)
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    world.pass_by(1)
    message = world.hint("later")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 400)
    (step,) = world.jobs.take_jobs()
    assert world.job_runner.run_job(step) == "replayed-1"
    assert [one.event_id for one in world.parked.page(DEAD, 10)] == ["later"]
