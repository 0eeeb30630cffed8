"""What a partner with the guide's receiver has after the deliveries of two versions of the relay."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from tests.fixtures.before_fingerprints.load import content_of
from tests.support.guide import in_python
from tests.support.world import MAILBOX


def earlier_posts() -> list[dict[str, Any]]:
    """Return the POSTs of the version before fingerprints that arrived; an event's title is its state."""
    return [
        {"webhook_id": post["webhook_id"], "answer": 204, "body": {
            "type": f"calendar.event.{post['type']}", "timestamp": post["timestamp"],
            "data": {"mailbox": MAILBOX, "event": {"id": post["event"], "title": post["state"]}},
        }}
        for post in content_of("partner") if post["answer"] in (204, "worker killed")
    ]  # fmt: skip


def received(posts: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the title of each event that the receiver has, after the earlier POSTs and those that follow."""
    guide = in_python()
    with sqlite3.connect(":memory:") as database:
        database.executescript(guide["SCHEMA"])
        for post in [*earlier_posts(), *posts]:
            if post["answer"] == 204:
                guide["take"](database, post["webhook_id"], post["body"])
        rows = database.execute("SELECT id, json_extract(event, '$.title') FROM events WHERE event IS NOT NULL")
        return dict(rows.fetchall())


def last_states() -> dict[str, str]:
    """Return the fixture's events as they are on the calendar: no series masters, and none that never was in the
    window.
    """
    events = [line for line in content_of("calendar") if line.get("type") != "seriesMaster"]
    return {line["id"]: line["etag"] for line in events if line["id"] != "E-outside"}
