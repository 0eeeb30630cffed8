"""The brakes: when Graph's answers cannot all be true, few consequences follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphUnavailable
from shared.subscriptions.brakes import HELD_FOR, HOUR, LossBrake
from shared.subscriptions.due import CONFIRM_AFTER
from tests.support.subscribed import FAR, SOON, lost, stored, subscribed
from tests.support.world import World

MINUTE = CONFIRM_AFTER.total_seconds() + 1
FORBIDDEN = GraphForbidden(403, "ErrorAccessDenied")


def mailboxes(number: int) -> list[str]:
    """Return addresses."""
    return [f"room{each}@contoso.com" for each in range(number)]


def brake_of(world: World, watches: int = 0) -> LossBrake:
    """Return the brake of another instance, with the same table."""
    return LossBrake(world.brake_row, lambda: watches, world.now)


def run(brake: LossBrake, answers: int, missing: int) -> bool:
    """Make a run with a number of 404s, and return whether the brake is on after it."""
    brake.begin(answers)
    for _ in range(missing):
        brake.saw_missing()
    return brake.end()


@pytest.mark.parametrize(
    ("answers", "missing", "is_on"),
    [(10, 10, False), (11, 11, True), (1_100, 11, False), (1_100, 12, True), (10_000, 100, False), (0, 11, True)],
)
def test_the_brake_needs_over_ten_and_over_a_hundredth(world: World, answers: int, missing: int, is_on: bool) -> None:  # noqa: FBT001
    """Of a run's answers. Fewer are believed."""
    assert run(world.loss_brake, answers, missing) is is_on
    assert (world.loss_brake.state().since is not None) is is_on


@pytest.mark.parametrize(("watches", "an_hour"), [(20, 1), (199, 1), (200, 2), (5_000, 50)])
def test_the_brake_lets_a_hundredth_pass_each_hour(world: World, watches: int, an_hour: int) -> None:
    """At least one; of all watches at the time when it was applied."""
    brake = brake_of(world, watches)
    run(brake, 20, 20)
    for _ in range(2):
        assert [brake.takes_place() for _ in range(an_hour + 5)] == [True] * an_hour + [False] * 5
        world.pass_by(HOUR.total_seconds() - 1)
        assert not brake.takes_place()
        world.pass_by(1)


def test_two_instances_share_the_brake(world: World) -> None:
    """What one applies holds the other, and both take from one hour's share."""
    first, second = brake_of(world, 200), brake_of(world, 200)
    run(first, 20, 20)
    assert [second.takes_place(), first.takes_place(), second.takes_place(), first.takes_place()] == [
        True, True, False, False,
    ]  # fmt: skip
    world.pass_by(HELD_FOR.total_seconds())
    assert not run(second, 1_000, 0)
    assert [first.takes_place() for _ in range(5)] == [True] * 5


def test_a_run_without_losses_releases_the_brake(world: World) -> None:
    """Not one that only continues the run that applied it."""
    run(world.loss_brake, 20, 20)
    assert run(world.loss_brake, 5, 0)
    world.pass_by(HELD_FOR.total_seconds())
    assert not run(world.loss_brake, 5, 0)
    assert world.loss_brake.state().since is None


def test_losses_outside_of_a_run_are_counted_for_an_hour(world: World) -> None:
    """Eleven events of Graph in an hour apply the brake; a few each day do not."""
    for _ in range(30):
        world.loss_brake.saw_missing()
        world.pass_by(HOUR.total_seconds() / 5)
    assert world.loss_brake.state().since is None
    for _ in range(11):
        world.loss_brake.saw_missing()
    assert world.loss_brake.state().since is not None


def test_a_wrong_404_for_all_costs_a_single_subscription_an_hour(world: World) -> None:
    """Graph denies twenty subscriptions for six hours: the jobs and the runs make one anew each hour, and the rows of
    the others keep their subscriptions.
    """
    for mailbox in mailboxes(20):
        lost(world, mailbox, SOON + timedelta(hours=8))
    created = []
    for hour in range(1, 7):
        for _ in range(2):
            world.reconciler.run()
            world.pass_by(MINUTE)
            for job in world.work.take_jobs():
                world.job_runner.run_job(job, world.work)
            world.work.take_jobs()
            world.pass_by(1_800 - MINUTE)
        created.append(world.subscriptions.calls.count("create"))
        assert created[-1] <= hour
    assert created[-1] >= 5
    assert world.loss_brake.state().since is not None


def test_the_share_counts_answers_about_subscriptions_only(world: World) -> None:
    """Notes in 1,500 rows and creations are no answers: twelve of twelve renewals were denied."""
    for mailbox in mailboxes(12):
        lost(world, mailbox, SOON)
    for number in range(1_500):
        world.watch(f"other{number}@contoso.com", state="paused", subscription_id="", expires=None)
    world.allow(",".join(mailboxes(12)))
    world.__dict__.pop("allow_list", None)
    world.reconciler.run()
    assert world.loss_brake.state().since is not None


def refuse(world: World, refused: int, renewed: int) -> list[str]:
    """Run with a number of PATCHes that are refused and others; return the states of the refused watches."""
    for mailbox in mailboxes(refused + renewed):
        subscribed(world, mailbox, SOON)
    world.subscriptions.failures = [FORBIDDEN] * refused
    world.reconciler.run()
    return [stored(world, mailbox).state for mailbox in mailboxes(refused + renewed)]


def test_too_many_refusals_change_no_state(world: World) -> None:
    """More than ten and five percent are Graph's incident, or a permission that IT withdrew: the next try is soon."""
    assert set(refuse(world, 11, 0)) == {"live"}
    assert world.brake_row.read().refused_since == world.time
    assert [(job.kind, delay) for job, delay in world.work.wanted] == [("run", 300.0)]
    assert all(stored(world, mailbox).retry_at is None for mailbox in mailboxes(11))


@pytest.mark.parametrize(("refused", "renewed"), [(10, 0), (11, 209)])
def test_fewer_refusals_are_believed_at_the_end_of_the_run(world: World, refused: int, renewed: int) -> None:
    """Each of the refused watches shows it, and is tried again in an hour."""
    states = refuse(world, refused, renewed)
    assert (states.count("refused"), states.count("live")) == (refused, renewed)
    assert world.brake_row.read().refused_since is None


def test_the_end_of_the_incident_is_recorded(world: World) -> None:
    """By the next run whose calls succeed."""
    refuse(world, 11, 0)
    world.pass_by(300)
    world.reconciler.run()
    assert world.brake_row.read().refused_since is None
    assert all((stored(world, mailbox).expires or world.time) > world.time + FAR for mailbox in mailboxes(11))


def test_a_refusal_outside_of_a_run_is_believed_at_once(world: World) -> None:
    """A job about one watch says nothing about the others; an error that is no refusal is never held back."""
    watch = subscribed(world)
    assert not world.refusal_brake.holds(watch, FORBIDDEN)
    world.refusal_brake.begin(1)
    assert not world.refusal_brake.holds(watch, GraphUnavailable(503, "x"))
    assert not world.refusal_brake.holds(lost(world, "room2@contoso.com", subscription_id=""), FORBIDDEN)
    assert world.refusal_brake.holds(watch, FORBIDDEN)


def test_the_other_subscriptions_are_looked_up_while_many_are_missing(world: World) -> None:
    """Also when some of these questions fail: the run goes on."""
    for mailbox in mailboxes(12):
        lost(world, mailbox, SOON)
    for number in range(60):
        subscribed(world, f"other{number}@contoso.com", FAR)
    world.subscriptions.failures = [None] * 12 + [GraphUnavailable(503, "x")] * 3
    assert world.reconciler.run()["missing"] == 12
    assert world.subscriptions.calls.count("get") == 50
