"""A watched room with a subscription, and the jobs of its watch."""

from __future__ import annotations

from datetime import datetime

from shared.graph.subscriptions import Subscription, resource_of
from shared.messages import Job
from tests.support.world import MAILBOX, WATCH_ID, World

URLS = ("https://relay.example/api/notifications", "https://relay.example/api/lifecycle")


def watch_room(world: World) -> None:
    """Watch the room; it has a subscription."""
    watch = world.watch()
    assert watch.expires is not None
    world.subscriptions.existing["s-0"] = Subscription("s-0", resource_of(MAILBOX), *URLS, watch.expires)


def run(
    world: World, kind: str, watch_id: str = WATCH_ID, subscription_id: str = "s-0", attempt: int = 0,
    at: datetime | None = None,
) -> str:  # fmt: skip
    """Process a lifecycle event, and return the outcome."""
    return world.job_runner.run_job(Job(watch_id, kind, subscription_id, attempt, at))
