"""Lines that the product writes for who watches it: one call of each way to tell, and a day in the life of a room."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from shared import telemetry
from shared.errors import GraphNotFound
from shared.messages import ChangeMessage, Job
from shared.partner.webhook import NotDelivered
from shared.storage.watches import watch_id_of
from tests.support.world import MAILBOX, WATCH_ID, World, event

ELSEWHERE, DIRECT = "room1@elsewhere.example", "direct@contoso.com"


class _Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[list[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line with its logger and its level."""
        self.lines.append([record.name, record.levelname, record.getMessage()])


@contextmanager
def kept_lines() -> Iterator[list[list[str]]]:
    """Yield a list that takes every line of the relay's own way to tell."""
    root, handler = logging.getLogger(), _Kept()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def lines_now() -> list[list[str]]:
    """Return the lines of one call of each way to tell: a blank ends those without dimensions, and 0 is not counted."""
    with kept_lines() as lines:
        telemetry.count("changes", 3, end="told")
        telemetry.count("repairs", kind="probe", end="not-now")
        telemetry.count("changes", 0, end="told")
        telemetry.gauge("watches", 0, state="refused")
        telemetry.gauge("queue_depth", 7)
        telemetry.audit("pause", "Åse", reason="nightly 'work'")
        telemetry.audit("resync", "master key", subscription="a" * 32, full=True)
    return lines


def lines_of_a_day() -> list[str]:
    """Return, in the order of its texts, what is counted while a room's changes come to most ends that there are, and
    repairs of each kind.
    """
    world = World()
    with kept_lines() as lines:
        for mailbox in (MAILBOX, ELSEWHERE, DIRECT):
            world.watch(mailbox, **({"delivery": "direct"} if mailbox == DIRECT else {}))
        _changes(world)
        _repairs(world)
        _failures(world)
    world.end()
    return sorted(text for name, _, text in lines if name == "relay.metric")


def _later(world: World, message: ChangeMessage) -> None:
    world.pass_by(12)
    world.delivery.deliver(message)


def _changes(world: World) -> None:
    world.events.by_id["E"] = event()
    first = world.hint()
    world.delivery.deliver(first)
    _later(world, first)
    world.delivery.deliver(first)
    _later(world, world.hint())
    for watch_id in ("f" * 32, watch_id_of(ELSEWHERE), watch_id_of(DIRECT)):
        _later(world, world.hint(watch_id=watch_id))


def _repairs(world: World) -> None:
    world.events.by_id["F"] = event("F")
    for kind in ("probe", "drain", "reconcile", "replay"):
        world.job_runner.run_job(Job("", kind))
    for kind in ("missed", "resync", "resync-full", "subscriptionRemoved", "reauthorizationRequired"):
        world.job_runner.run_job(Job(WATCH_ID, kind))
        world.job_runner.run_job(Job(WATCH_ID, kind, "another"))
    world.job_runner.run_job(Job(watch_id_of(ELSEWHERE), "missed"))
    world.job_runner.run_job(Job("f" * 32, "missed"))


def _failures(world: World) -> None:
    for number, status in enumerate((0, 500, 401, 422, 410)):
        world.events.by_id["E"] = event(etag=f"new-{number}")
        world.webhook.failure = NotDelivered(status, f"status {status}")
        _later(world, world.hint())
    _later(world, world.hint())
    world.webhook.failure = None
    world.events.by_id["E"] = GraphNotFound(404, "ErrorItemNotFound")
    world.breaker.transition("flowing", "the partner is ready")
    world.job_runner.run_job(Job("", "drain"))
    world.breaker.transition("failing", "too many failures")
    _later(world, world.hint())
    world.pass_by(60)
    world.job_runner.run_job(Job("", "probe"))
