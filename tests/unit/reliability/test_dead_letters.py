"""Dead letters: which are selected, how they are replayed, and what the audit log records."""

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
    """Turn a number of events into dead letters, an hour apart, and return their ids in that order."""
    world.watch()
    for index in range(number):
        world.events.by_id[f"E{index}"] = event(f"E{index}")
        message = world.hint(f"E{index}")
        world.dead_letters.dead_letter(message, message.changes[0], "rejected", 400)
        world.time += HOUR
    return [change.id for change in sorted(world.parked.page(DEAD, 1000), key=lambda change: change.at)]


def played(world: World, **selection: Any) -> list[str]:
    """Replay a selection to its end, and return the events that the partner receives."""
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
    """Return the number of dead letters."""
    return len(world.parked.page(DEAD, 1000))


def test_all_dead_letters_are_replayed_and_removed(world: World) -> None:
    """Each event is delivered in its current state."""
    die(world, 3)
    world.events.by_id["E1"] = event("E1", "99", subject="Kari")
    assert played(world, all=True) == ["E0", "E1", "E2"]
    assert letters(world) == 0
    assert any(body["data"]["event"]["title"] == "Kari" for _, body in world.webhook.taken)


def test_a_large_replay_runs_in_steps(world: World) -> None:
    """A step takes a hundred dead letters."""
    die(world, 101)
    world.webhook.taken.clear()
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    (step,) = world.jobs.take_jobs()
    assert world.job_runner.run_job(step) == "replayed-100"
    [(again, delay)] = world.jobs.wanted
    assert (again, delay) == (step, 3.0)
    assert world.job_runner.run_job(again) == "replayed-1"
    assert letters(world) == 0


def test_dead_letters_are_replayed_by_id(world: World) -> None:
    """Unknown ids are ignored, other dead letters stay."""
    ids = die(world, 3)
    assert played(world, ids=[ids[0], ids[2], "f" * 32]) == ["E0", "E2"]
    assert letters(world) == 1


def test_a_time_range_excludes_its_end(world: World) -> None:
    """The second and the third of four are selected."""
    die(world, 4)
    begin, end = (START + HOUR).isoformat(), (START + 3 * HOUR).isoformat()
    assert played(world, **{"from": begin, "to": end}) == ["E1", "E2"]
    assert letters(world) == 2


def test_a_change_rejected_during_a_replay_is_not_replayed_again(world: World) -> None:
    """The partner still rejects the changes: each becomes a dead letter again, once."""
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


def test_a_finished_replay_does_not_run_again(world: World) -> None:
    """Its message may arrive twice, or the id may be invented."""
    die(world, 1)
    replay = world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    step = Job(replay.id, "replay")
    outcomes = [world.job_runner.run_job(job) for job in (step, step, Job("f" * 32, "replay"))]
    assert outcomes == ["replayed-1", "nothing-to-replay", "nothing-to-replay"]


def test_dead_letters_are_deleted_by_the_same_selections(world: World) -> None:
    """The number of deleted dead letters is returned."""
    ids = die(world, 4)
    chosen: list[dict[str, Any]] = [{"ids": ids[:1]}, {"from": (START + 3 * HOUR).isoformat()}, {"all": True}]
    deleted = [world.dead_letters.delete(parse_selection(selection), "tester") for selection in chosen]
    assert deleted == [1, 1, 2]
    assert world.changes.take() == []


def test_the_caller_is_audited(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Each operation writes one audit line with the caller."""
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
def test_an_invalid_selection_is_rejected(content: dict[str, Any]) -> None:
    """The error says what to send instead; a mistake must not delete everything."""
    with pytest.raises(RequestRejected) as refusal:
        parse_selection(content)
    assert refusal.value.status == 422


def test_a_poison_message_is_retried_on_schedule(world: World) -> None:
    """The host gave up after five tries; nothing stays on the poison queue."""
    (text,) = write_changes(world.hint("E"))
    world.poison_messages.keep_changes(text)
    [(message, delay)] = world.changes.take()
    assert (message.attempt, message.changes, 4 <= delay <= 6) == (1, world.hint("E").changes, True)


def test_a_message_that_is_poison_for_a_week_is_a_dead_letter(world: World) -> None:
    """It can be listed, and replayed with another version of the relay."""
    (text,) = write_changes(replace(world.hint("E"), attempt=20))
    world.poison_messages.keep_changes(text)
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.event_id, letter.reason) == (WATCH_ID, "E", "gave-up")
    assert world.changes.take() == []


@pytest.mark.parametrize("text", ["", "garbage", "{}", '{"v": 99}', "canary" * 10_000, "\udcff", "null"])
def test_an_unreadable_message_is_kept_without_its_content(world: World, text: str) -> None:
    """Its content may be anything. It is listed once, and cannot be replayed."""
    for _ in range(2):
        world.poison_messages.keep_changes(text)
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.reason) == ("", "unreadable-message")
    assert "canary" not in str(world.parked_rows.rows)
    assert played(world, all=True) == []
    assert [type(change) for change in world.parked.page(DEAD, 10)] == [Parked]


def test_a_later_dead_letter_is_not_part_of_a_replay(world: World) -> None:
    """The caller of the replay has not seen it."""
    die(world, 1)
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    world.pass_by(1)
    message = world.hint("later")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 400)
    (step,) = world.jobs.take_jobs()
    assert world.job_runner.run_job(step) == "replayed-1"
    assert [change.event_id for change in world.parked.page(DEAD, 10)] == ["later"]


def test_dead_letters_are_selected_by_watch(world: World) -> None:
    """To delete or to replay them, also within a time; those of other watches stay."""
    die(world, 3)
    other = world.watch("room2@contoso.com")
    for number in range(2):
        message = world.hint(f"O{number}", watch_id=other.id)
        world.dead_letters.dead_letter(message, message.changes[0], "rejected", 400)
    world.time += HOUR
    assert played(world, watch=WATCH_ID, to=(START + 2 * HOUR).isoformat()) == ["E0", "E1"]
    assert world.dead_letters.delete(parse_selection({"watch": WATCH_ID}), "tester") == 1
    assert {letter.watch_id for letter in world.parked.page(DEAD, 9)} == {other.id}
    assert world.dead_letters.delete(parse_selection({"watch": "f" * 32}), "tester") == 0


@pytest.mark.parametrize("watch", ["", "f" * 31, "F" * 32, "room1@contoso.com", 7, None])
def test_a_malformed_watch_selects_nothing(watch: object) -> None:
    """It is refused, and never taken for all."""
    with pytest.raises(RequestRejected):
        parse_selection({"watch": watch})


@pytest.mark.parametrize("more", [{"all": True}, {"ids": ["f" * 32]}])
def test_a_watch_and_another_way_are_ambiguous(more: dict[str, Any]) -> None:
    """Exactly one way selects."""
    with pytest.raises(RequestRejected):
        parse_selection({"watch": WATCH_ID, **more})
