"""Whether deliveries flow: few late changes are no stop, and the numbers cost no write for each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.reliability.delivery_metrics import LAPSE, MOST_LATE, WRITE_FROM, DeliveryMetrics, DeliveryReport
from shared.storage.parked import WAITING, Parked, ParkedChanges
from shared.storage.retries import DeliveryCounts, Retries, Retry
from tests.support.table import FakeTable

START = datetime(2026, 11, 20, 10, 3, tzinfo=UTC)


class FailingRetries(Retries):
    """A table that cannot be written."""

    def put(self, changes: Sequence[Retry]) -> None:  # noqa: ARG002  (the real signature)
        """Fail."""
        raise ServiceUnavailable("storage")

    def forget(self, change_id: str) -> None:  # noqa: ARG002  (as above)
        """Fail."""
        raise ServiceUnavailable("storage")


class MetricsWorld:
    """A clock and the numbers, in memory. `metrics` are those of one process."""

    def __init__(self) -> None:
        self.time = START
        self.rows = FakeTable()
        self.writes = 0
        self.parked = ParkedChanges(lambda: self.rows)
        self.metrics = self.process()

    def process(self) -> DeliveryMetrics:
        """Return the metrics of a new process."""
        retries, counts = Retries(lambda: self.rows), DeliveryCounts(lambda: self.rows)
        return DeliveryMetrics(retries, counts, self.parked, lambda: self.time)

    def fail(self, *events: str, delay: float = 1800) -> None:
        """Let the first attempts of events fail."""
        self.metrics.failed([("w", event) for event in events], self.time, delay)

    def deliver(self, number: int) -> None:
        """Deliver changes at the first attempt."""
        for _ in range(number):
            self.metrics.delivered()

    def pass_by(self, minutes: float) -> None:
        """Move the clock forward."""
        self.time += timedelta(minutes=minutes)


@pytest.fixture
def world() -> MetricsWorld:
    """Return a world."""
    return MetricsWorld()


def test_without_failures_it_flows(world: MetricsWorld) -> None:
    """Also without any delivery, at night."""
    assert str(world.metrics.report()) == "flowing, 0 retried"
    world.deliver(100)
    assert str(world.metrics.report()) == "flowing, 0 retried"


def test_a_bad_event_is_counted_and_is_no_stop_for_longer_than_an_hour(world: MetricsWorld) -> None:
    """Its attempts fail for a week; the number and the beginning are said all the time."""
    world.fail("E")
    assert world.metrics.report().is_flowing
    world.pass_by(11)
    report = world.metrics.report()
    assert not report.is_flowing
    assert str(report) == (
        "not flowing: 1 of about 1 deliveries of the last hour are more than ten minutes late; "
        "1 retried since 2026-11-20T10:03:00Z"
    )
    world.pass_by(50)
    for _ in range(14):
        world.metrics.failed([("w", "E")], None, 12 * 3600)
        assert str(world.metrics.report()) == "flowing, 1 retried since 2026-11-20T10:03:00Z"
        world.pass_by(12 * 60)


@pytest.mark.parametrize(("late", "is_flowing"), [(2, True), (3, False)])
def test_a_hundredth_of_the_last_hours_deliveries_may_be_late(
    world: MetricsWorld,
    late: int,
    is_flowing: bool,  # noqa: FBT001
) -> None:
    """Of 253 deliveries, 3 are too many."""
    world.deliver(250)
    world.fail(*"ABC"[:late])
    world.pass_by(11)
    assert world.metrics.report() == DeliveryReport(late, START, late, 250)
    assert world.metrics.report().is_flowing is is_flowing


def test_twenty_late_changes_are_a_stop_whatever_is_delivered(world: MetricsWorld) -> None:
    """Nineteen are none, beside 2,500 deliveries."""
    world.deliver(2_500)
    world.fail(*map(str, range(MOST_LATE - 1)))
    world.pass_by(11)
    assert world.metrics.report().is_flowing
    world.metrics.failed([("w", "one more")], START, 60)
    assert str(world.metrics.report()).startswith("not flowing: 20+ of about 2")


def test_a_delivery_ends_the_retries(world: MetricsWorld) -> None:
    """Attempts in between keep the beginning."""
    world.fail("A", "B", delay=60)
    world.pass_by(1)
    world.metrics.failed([("w", "A")], None, 300)
    world.metrics.resolved("w", "B")
    assert str(world.metrics.report()) == "flowing, 1 retried since 2026-11-20T10:03:00Z"
    world.metrics.resolved("w", "A")
    world.metrics.resolved("w", "never retried")
    assert str(world.metrics.report()) == "flowing, 0 retried"


def test_what_is_never_tried_again_counts_no_longer(world: MetricsWorld) -> None:
    """The watch was deleted, or an earlier version delivered the change. The row is deleted in time."""
    world.fail("A", delay=300)
    world.pass_by(5 + LAPSE.total_seconds() / 60)
    assert world.metrics.report().retried == 1
    world.metrics.drop_old()
    assert len(world.rows.rows) == 1
    world.pass_by(1)
    assert world.metrics.report().retried == 0
    world.metrics.drop_old()
    assert world.rows.rows == {}


def test_changes_that_stay_parked_are_late(world: MetricsWorld) -> None:
    """Deliveries flow, but nobody drains; an event that is also retried counts once."""
    world.parked.put(WAITING, [Parked("w", "u", event, START, "failing") for event in "AB"])
    world.fail("A")
    world.pass_by(9)
    assert world.metrics.report().is_flowing
    world.pass_by(2)
    assert world.metrics.report().late == 2


def test_deliveries_are_written_in_groups(world: MetricsWorld) -> None:
    """A write is a read and a write of a row; the number is at most a tenth too low, or by WRITE_FROM."""
    calls: list[int] = []
    world.rows.before = lambda: calls.append(1)
    world.deliver(WRITE_FROM - 1)
    assert calls == []
    world.deliver(1)
    assert len(calls) == 2
    world.deliver(10_000)
    assert len(calls) < 120
    world.rows.before = lambda: None
    world.fail("A")
    world.pass_by(11)
    assert 9_000 < world.metrics.report().delivered <= 10_000 + WRITE_FROM


def test_processes_share_the_numbers_of_the_last_hour(world: MetricsWorld) -> None:
    """Rows are used again after their time."""
    for _ in range(30):
        for process in (world.process(), world.process(), world.process()):
            world.metrics = process
            world.deliver(WRITE_FROM)
        world.pass_by(10)
    world.fail("A")
    world.pass_by(10.1)
    assert world.metrics.report().delivered == 4 * 3 * WRITE_FROM  # in the slots that began within it
    assert len(world.rows.rows) <= 8 * 16 + 1


def test_a_number_that_storage_does_not_take_is_kept(world: MetricsWorld) -> None:
    """It is written with the next deliveries; these do not notice."""
    world.rows.failing = 1
    world.deliver(WRITE_FROM + 1)
    world.fail("A")
    world.pass_by(11)
    assert world.metrics.report().delivered == WRITE_FROM + 1


def test_a_failure_to_record_does_not_reach_the_delivery(world: MetricsWorld) -> None:
    """The numbers are for people only."""
    retries = FailingRetries(lambda: world.rows)
    metrics = DeliveryMetrics(retries, DeliveryCounts(lambda: world.rows), world.parked, lambda: world.time)
    metrics.failed([("w", "E")], START, 5)
    metrics.resolved("w", "E")
