"""Claims about what waits for its delivery: one chain of attempts, dead letters, and the endpoint's state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import ConfigurationError
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import parse_selection
from shared.reliability.retry_schedule import ATTEMPT_OFFSETS
from shared.storage.parked import DEAD
from shared.storage.partner_endpoint import EndpointState
from tests.support.appointments_world import NOON
from tests.support.followed_world import FollowedWorld

HOUR = timedelta(hours=1)
FAR = NOON + timedelta(days=40)


def refusal(status: int) -> NotDelivered:
    """Return the error of a partner that answers a status."""
    return NotDelivered(status, f"status {status}")


def test_every_attempt_of_a_state_is_the_same_delivery(world: FollowedWorld) -> None:
    """Its webhook-id and its body are; the next state has another id."""
    bodies: list[tuple[str, str]] = []
    world.webhook.on_arrival = lambda message_id, body: bodies.append((message_id, body))
    world.webhook.failure = refusal(500)
    made = world.booked_by_others(NOON)
    world.run()
    world.time += timedelta(seconds=10)
    world.send()
    world.webhook.failure = None
    world.run()
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    world.moved_by_others(made, start=NOON + HOUR)
    world.run()
    assert world.webhook.taken[-1][0] != bodies[0][0]


def test_a_state_that_returns_has_another_id(world: FollowedWorld) -> None:
    """The partner would take it for a repetition, and stay with the state in between."""
    made = world.booked_by_others(NOON)
    for start in (NOON, NOON + HOUR, NOON):
        world.moved_by_others(made, start=start)
        world.run()
    first, second, third = world.webhook.taken
    assert first[1]["data"] == third[1]["data"]
    assert len({first[0], second[0], third[0]}) == 3


def test_failed_attempts_follow_the_retry_schedule_and_end_as_a_dead_letter(world: FollowedWorld) -> None:
    """About as many as for a change of the core, over seven days; then nothing is tried any more."""
    world.webhook.failure = refusal(500)
    world.booked_by_others(FAR)
    for _ in range(8 * 96):
        world.run()
        world.time += timedelta(seconds=6)
        world.send()
    assert len(world.webhook.tried) == len(ATTEMPT_OFFSETS)
    [letter] = world.parked.page(DEAD, 10)
    assert (letter.source, letter.reason, letter.attempts) == ("bookings", "gave-up", len(ATTEMPT_OFFSETS))


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_rejected_delivery_is_a_dead_letter_at_once(world: FollowedWorld, status: int) -> None:
    """It is replayed with the state of then, once; the letter is gone."""
    world.webhook.failure = refusal(status)
    made = world.booked_by_others(NOON)
    world.run()
    [letter] = world.parked.page(DEAD, 10)
    assert (letter.event_id, letter.status, letter.source) == (made, status, "bookings")
    world.run()
    assert len(world.webhook.tried) == 1
    world.webhook.failure = None
    replay = world.dead_letters.start_replay(parse_selection({"all": True}), "admin")
    world.time += timedelta(seconds=1)
    world.job_runner.run_job(Job(replay.id, "replay"))
    world.send()
    assert (world.delivered, world.parked.page(DEAD, 10)) == ([("created", made)], [])
    assert not world.changes.puts


def test_a_later_state_is_sent_in_spite_of_a_dead_letter(world: FollowedWorld) -> None:
    """And ends it."""
    world.webhook.failure = refusal(422)
    made = world.booked_by_others(NOON)
    world.run()
    world.webhook.failure = None
    world.moved_by_others(made, start=NOON + HOUR)
    world.run()
    assert world.delivered == [("created", made)]
    assert world.parked.page(DEAD, 10) == []


def test_the_letters_of_a_feature_that_is_off_stay(world: FollowedWorld) -> None:
    """A replay leaves them for the time when it is on again."""
    world.webhook.failure = refusal(422)
    world.booked_by_others(NOON)
    world.run()
    vars(world)["backlogs"] = dict  # as with the feature switched off
    world.__dict__.pop("parking"), world.__dict__.pop("dead_letters")
    world.time += timedelta(seconds=1)
    replay = world.dead_letters.start_replay(parse_selection({"all": True}), "admin")
    assert world.dead_letters.replay_step(replay.id) == "replayed-1"
    assert len(world.parked.page(DEAD, 10)) == 1
    assert not world.changes.puts


def test_while_deliveries_are_paused_nothing_is_sent_and_all_is_counted(world: FollowedWorld) -> None:
    """After the resumption the last state is sent, without waiting for the next reading."""
    world.pause.pause("maintenance", "admin")
    made = world.booked_by_others(NOON)
    world.run()
    world.moved_by_others(made, start=NOON + HOUR)
    world.run()
    assert (world.webhook.tried, world.pause.delivery_status().waiting) == ([], 1)
    world.pause.resume("done", "admin")
    world.job_runner.run_job(Job("", "drain"))
    world.send()
    assert world.replica[made][2] == "2026-11-24T13:00:00Z"
    assert (world.delivered, world.pause.delivery_status().waiting) == ([("created", made)], 0)


def test_while_the_relay_is_stopped_nothing_is_read_or_sent(world: FollowedWorld) -> None:
    """The tenant is not called; after the start the change is found."""
    world.stop.set_stopped("incident") if hasattr(world.stop, "set_stopped") else world.stopping.stop(
        "incident", "admin"
    )
    made = world.booked_by_others(NOON)
    world.graph.calls.clear()
    world.run()
    assert (world.graph.calls, world.webhook.tried) == ([], [])
    assert [each.failing_since for each in world.followed_businesses.all()] == [None]
    world.stopping.start("over", "admin")
    world.time += timedelta(seconds=5)
    world.run()
    assert world.delivered == [("created", made)]


def test_a_state_that_returns_after_an_attempt_without_an_answer_is_delivered(world: FollowedWorld) -> None:
    """The partner may have the state in between, although it did not say so."""
    booked = world.booked_by_others(NOON)
    world.run()
    world.webhook.failure = refusal(0)
    world.moved_by_others(booked, start=NOON + HOUR)
    world.run()
    world.webhook.failure = None
    world.moved_by_others(booked, start=NOON)
    world.run()
    assert world.delivered == [("created", booked), ("updated", booked)]
    assert world.row(booked).tried == ""


def test_a_410_ends_all_deliveries_and_loses_nothing(world: FollowedWorld) -> None:
    """It is no attempt; after the resumption the state is sent."""
    world.webhook.failure = refusal(410)
    made = world.booked_by_others(NOON)
    world.run()
    assert world.breaker.endpoint(fresh=True).state == EndpointState.GONE_410
    assert world.row(made).attempts == 0
    world.webhook.failure = None
    world.run()
    assert world.delivered == []
    world.pause.resume("again", "admin")
    world.run()
    assert world.delivered == [("created", made)]


def test_a_failing_endpoint_is_probed_with_an_appointment_when_nothing_else_waits(world: FollowedWorld) -> None:
    """A failed probe is no attempt of its chain; a successful one closes the breaker and sends the rest."""
    world.webhook.failure = refusal(503)
    made = [world.booked_by_others(NOON + number * HOUR) for number in range(12)]
    world.run()
    assert world.breaker.endpoint(fresh=True).state == EndpointState.FAILING
    attempts = sum(world.row(each).attempts for each in made)
    for _ in range(3):
        world.time += timedelta(minutes=1)
        assert world.recovery.probe() == "failed"
    assert sum(world.row(each).attempts for each in made) == attempts
    world.webhook.failure = None
    world.time += timedelta(minutes=1)
    assert world.recovery.probe() == "taken"
    assert world.breaker.allows_delivery()
    world.recovery.drain()
    world.send()
    world.run()
    assert sorted(world.delivered) == sorted(("created", each) for each in made)


def test_a_signing_secret_that_cannot_be_used_loses_nothing(world: FollowedWorld) -> None:
    """Nothing is sent and no attempt is counted; the job comes again."""
    world.webhook.failure = ConfigurationError("partner-signing-secret", "contains no signing secret")
    made = world.booked_by_others(NOON)
    world.run()
    assert world.row(made).attempts == 0
    world.webhook.failure = None
    world.run()
    assert world.delivered == [("created", made)]


def test_a_worker_that_is_killed_after_a_delivery_repeats_it_as_it_was(world: FollowedWorld) -> None:
    """With the same webhook-id, which the partner drops."""

    class Killed(BaseException):
        """The process ends here."""

    world.booked_by_others(NOON)
    world.time += timedelta(minutes=15)
    world.appointment_poll.run()

    def die() -> None:
        raise Killed

    def die_next(*_: object) -> None:
        world.appointment_rows.before = die

    world.webhook.on_arrival = die_next
    with pytest.raises(Killed):
        world.send()
    world.appointment_rows.before = lambda: None
    world.webhook.on_arrival = lambda *_: None
    world.run()
    (first, body), (second, again) = world.webhook.taken
    assert (first, body) == (second, again)
