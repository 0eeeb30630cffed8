"""Alerts while an older version runs, beside this one or after a rollback.

It writes the host's records of requests and the gauges of the timer, but no `requests=`, `timer_runs=` or
`relay_stopped=`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.insights import insights
from tests.unit.functions.alert_scene import HALF_HOUR, Scene
from tests.unit.functions.conftest import HostWorld
from tests.unit.functions.test_notifications import item
from tools.kql.queries import alerts

QUERIES = alerts()
NEW_LINES = ("requests=", "timer_runs=", "relay_stopped=")


class OlderScene(Scene):
    """A scene whose relay can be of an older version: then the lines that it does not know are dropped."""

    is_older = False

    def timer(self, runs: int = 1) -> None:
        """Let the timer of the running version run."""
        super().timer(runs)
        self._drop()

    def notified(self, *items: object, milliseconds: float = 20.0) -> None:
        """Let Graph, or a stranger, post to the running version."""
        super().notified(*items, milliseconds=milliseconds)
        self._drop()

    def answered(self, status: int) -> None:
        """Let the older version answer Graph with a status."""
        self.seen.invoke("receive_notifications", lambda: Answer(status))

    def fires(self, alert: str) -> bool:
        """Return whether an alert fires now."""
        return self.seen.answer(QUERIES[alert]) != []

    def _drop(self) -> None:
        """Drop the last invocation's lines that an older version does not write."""
        if self.is_older:
            now, lines = self.world.now(), self.seen.tables["traces"]
            self.seen.tables["traces"] = [row for row in lines if not _is_unknown(row, now)]


class Answer:
    """A response of the older version."""

    def __init__(self, status: int) -> None:
        self.status_code = status


def _is_unknown(row: dict[str, Any], now: object) -> bool:
    return row["timestamp"] == now and str(row["message"]).startswith(NEW_LINES)


@pytest.fixture
def scene(world: HostWorld) -> Iterator[OlderScene]:
    """Return a relay of an older version whose telemetry is kept, with twenty live watches."""
    with insights(world.now) as seen:
        made = OlderScene(world, seen)
        made.watched(20)
        made.is_older = True
        yield made


def test_a_rollback_raises_no_alert_of_silence(scene: OlderScene) -> None:
    """The older version renews, and Graph's notifications arrive: four hours of it."""
    for _ in range(8):
        scene.timer()
        scene.notified(item())
        scene.world.pass_by(HALF_HOUR)
    assert [name for name in ("timer-silent", "no-notifications", "errors-to-graph", "slow-answers")
            if scene.fires(name)] == []  # fmt: skip


def test_an_older_version_that_is_silent_raises_the_alerts(scene: OlderScene) -> None:
    """No run of its timer succeeds, and no notification comes."""
    scene.timer(7)
    assert scene.fires("no-notifications")
    scene.world.pass_by(7200)
    assert scene.fires("timer-silent")


def test_errors_of_an_older_version_raise_the_alert(scene: OlderScene) -> None:
    """It has no line for them, but the host's record."""
    scene.answered(202)
    assert not scene.fires("errors-to-graph")
    scene.answered(503)
    assert scene.fires("errors-to-graph")


@pytest.mark.parametrize(("slow", "fires"), [(1, False), (2, True)])
def test_slow_answers_of_an_older_version_raise_the_alert(scene: OlderScene, slow: int, *, fires: bool) -> None:
    """More than one of a hundred."""
    scene.timer()
    for number in range(100):
        scene.notified(item(), milliseconds=1500 if number < slow else 20)
    assert scene.fires("slow-answers") == fires


def test_a_release_raises_no_alert_of_silence(scene: OlderScene) -> None:
    """Notifications came to the older version only; this one has run its timer once since."""
    scene.timer()
    scene.notified(item())
    scene.world.pass_by(HALF_HOUR)
    scene.is_older = False
    scene.timer()
    scene.world.pass_by(90 * 60)
    assert not scene.fires("timer-silent")
    assert not scene.fires("no-notifications")


def test_strangers_silence_nothing_once_the_older_version_is_gone(scene: OlderScene) -> None:
    """Three hours after the last run of its timer."""
    scene.timer()
    scene.is_older = False
    for _ in range(7):
        scene.world.pass_by(HALF_HOUR)
        scene.timer()
        scene.notified(item(clientState="x"), milliseconds=1500)
    scene.world.pass_by(timedelta(minutes=1).total_seconds())
    assert scene.fires("no-notifications")
    assert not scene.fires("slow-answers")
