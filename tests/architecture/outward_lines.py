"""The log lines that operators read: a call of each telemetry function, and a day of a room."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from shared import telemetry
from shared.errors import GraphNotFound
from shared.messages import ChangeMessage, Job
from shared.partner.webhook import NotDelivered
from shared.storage.partner_endpoint import EndpointState
from shared.storage.watches import watch_id_of
from tests.support.world import MAILBOX, WATCH_ID, World, event

ELSEWHERE, DIRECT = "room1@elsewhere.example", "direct@contoso.com"


class _Recorder(logging.Handler):
    """Records log lines."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[list[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line with its logger and its level."""
        self.lines.append([record.name, record.levelname, record.getMessage()])


@contextmanager
def recorded_lines() -> Iterator[list[list[str]]]:
    """Yield a list that receives every line of the relay's telemetry."""
    root, handler = logging.getLogger(), _Recorder()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def lines_now() -> list[list[str]]:
    """Return the lines of one call of each telemetry function: without dimensions a line ends with a blank, and 0 is
    not counted.
    """
    with recorded_lines() as lines:
        telemetry.count("changes", 3, end="told")
        telemetry.count("repairs", kind="probe", end="not-now")
        telemetry.count("changes", 0, end="told")
        telemetry.gauge("watches", 0, state="refused")
        telemetry.gauge("queue_depth", 7)
        telemetry.audit("pause", "Åse", reason="nightly 'work'")
        telemetry.audit("resync", "master key", subscription="a" * 32, full=True)
    return lines


def lines_of_a_day() -> list[str]:
    """Return the counters, sorted by text, while a room's changes have most outcomes, and jobs of each kind run."""
    world = World()
    with recorded_lines() as lines:
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
    world.breaker.transition(EndpointState.FLOWING, "the partner is ready")
    world.job_runner.run_job(Job("", "drain"))
    world.breaker.transition(EndpointState.FAILING, "too many failures")
    _later(world, world.hint(deleted=True))
    world.pass_by(60)
    world.job_runner.run_job(Job("", "probe"))
