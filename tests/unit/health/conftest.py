"""Health checks and gauges on a world in memory."""

from __future__ import annotations

import base64

import pytest

from shared.health.checks import HealthChecks
from shared.health.metrics import Gauges
from shared.reliability.delivery_metrics import DeliveryMetrics
from shared.storage.retries import DeliveryCounts, Retries
from tests.support.table import FakeTable
from tests.support.world import World

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()


class HealthWorld:
    """The checks and gauges of a world, with delivery metrics in a table of their own."""

    def __init__(self, world: World) -> None:
        world.webhook.secret = SECRET
        self.table = FakeTable()
        self.retries = Retries(lambda: self.table)
        counts = DeliveryCounts(lambda: self.table)
        self.delivery_metrics = DeliveryMetrics(self.retries, counts, world.parked, world.now)
        self.checks = HealthChecks(
            world.settings, lambda: world.client_state_keys(), world.webhook, lambda: world.get_token(),  # noqa: PLW0108
            world.watches, world.heartbeat, world.changes, world.pause, world.now,
        )  # fmt: skip
        self.gauges = Gauges(world.watches, world.changes, world.pause, world.now, self.delivery_metrics)


@pytest.fixture
def health(world: World) -> HealthWorld:
    """Return the checks and gauges of the world."""
    return HealthWorld(world)
