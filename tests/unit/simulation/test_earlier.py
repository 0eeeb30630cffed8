"""What the version before stores: the world's rows and messages are made so, with its columns alone."""

from __future__ import annotations

import json
from datetime import timedelta

from shared.messages import Job
from shared.storage.watches import PARTITION, watch_id_of
from shared.watches.requests import WatchRequest
from tests.fixtures.before_restructure.load import content_of
from tests.simulation.earlier import make_earlier, message
from tests.simulation.world import World

ROOM = "room1@contoso.com"


def test_rows_and_messages_are_those_of_the_version_before() -> None:
    """Without the columns, the rows, the jobs and the queue that it does not know."""
    world, known = World(), content_of("rows")["watches"]
    world.watch_setup.subscribe(WatchRequest(ROOM))
    world.reconciler.reconcile()
    world.jobs.send(Job(watch_id_of(ROOM), "resync", "s-1", at=world.time), 60)
    assert make_earlier(world) == 1
    assert {partition for partition, _ in world.rows.rows} <= {row["PartitionKey"] for row in known}
    columns = {name for row in known if row["PartitionKey"] == PARTITION for name in row}
    assert set(world.rows.rows[PARTITION, watch_id_of(ROOM)]) <= columns
    assert world.work_texts.depth() == 0
    (waiting,) = world.job_texts.waiting
    assert waiting[0] == world.time + timedelta(minutes=1)
    assert json.loads(waiting[2]) == json.loads(message("resync", watch_id_of(ROOM)))
