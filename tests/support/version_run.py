"""Runs the relay in memory on stored rows and messages until nothing is left to do.

It needs nothing that the version before fingerprints did not have, so tests/support/rolled_back.py runs it with that
version's code: `python -m tests.support.version_run` reads a case from stdin and prints what remains.
"""

from __future__ import annotations

import heapq
import itertools
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from shared.graph.subscriptions import Subscription, resource_of
from shared.messages import Job, read_changes, read_jobs, write_changes, write_jobs
from shared.partner.webhook import NotDelivered
from tests.support.fake_graph import FakeEvents
from tests.support.world import MAILBOX, FakeWebhook, World, event

Case = dict[str, Any]


class Calendar(FakeEvents):
    """A mailbox whose view lists what Graph's does: single events and occurrences in the window."""

    def put(self, line: dict[str, Any]) -> None:
        """Add an event. Its title is its etag, so that the partner's picture shows which state it has."""
        named = {name: line[name] for name in ("type", "seriesMasterId") if name in line}
        times = {
            name: {"dateTime": f"{line['day']}T{hour}:00:00.0000000", "timeZone": "UTC"}
            for name, hour in (("start", 12), ("end", 13)) if "day" in line
        }  # fmt: skip
        one = self.by_id[line["id"]] = event(line["id"], line["etag"], **{"subject": line["etag"]} | named | times)
        if "seriesMasterId" in line:
            self.of_master.setdefault(line["seriesMasterId"], []).append(one)

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the events that overlap the window."""
        first, last = (moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in (start, end))
        for one in super().calendar_view(mailbox, start, end):
            is_inside = one["start"]["dateTime"] < last and one["end"]["dateTime"] > first
            if one["type"] != "seriesMaster" and is_inside:
                yield one


class Partner(FakeWebhook):
    """Refuses with a status by event, and loses the answers of the events in `lost` once it took them."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.refused: dict[str, int] = case.get("refused", {})
        self.lost: set[str] = set(case.get("lost", ()))
        self.posts: list[dict[str, Any]] = []

    def deliver(self, message_id: str, body: str) -> Any:
        """Take a delivery or refuse it, and keep it either way."""
        content = json.loads(body)
        event_id = content["data"]["event"]["id"]
        status = self.refused.get(event_id, self.refused.get("*", 204))
        self.posts.append({"webhook_id": message_id, "answer": status, "body": content})
        self.failure = None if status == 204 else NotDelivered(status, f"status {status}")
        answer = super().deliver(message_id, body)
        if event_id in self.lost:
            raise NotDelivered(0, "no answer")
        return answer


class VersionRun:
    """A world with a case's rows, messages and events; its clock stands at the case's moment."""

    def __init__(self, case: Case) -> None:
        self.calendar, self.partner = Calendar(), Partner(case)
        self.world = world = World({"events": self.calendar, "webhook": self.partner})
        world.time = datetime.fromisoformat(case["now"])
        tables = {"watches": world.rows, "ledger": world.ledger_rows, "parked": world.parked_rows}
        for name, table in tables.items():
            for row in case["rows"].get(name, ()):
                table.create_entity(row)
        for line in case.get("calendar", ()):
            self.calendar.put(line)
        urls = world.addresses.relay_url, world.addresses.lifecycle_url
        end = world.time + timedelta(days=6)
        world.subscriptions.existing["s-1"] = Subscription("s-1", resource_of(MAILBOX), *urls, end)
        self._tables, self._numbers = tables, itertools.count()
        self._waiting: list[tuple[datetime, int, str, str]] = []
        for queue in ("changes", "jobs"):
            for text in case.get(queue, ()):
                self.put(queue, text)

    def put(self, queue: str, text: str, delay: float = 0) -> None:
        """Put a text on a queue: "changes", "jobs" or "work"."""
        due = self.world.time + timedelta(seconds=delay)
        heapq.heappush(self._waiting, (due, next(self._numbers), queue, text))

    def start(self, kind: str, watch_id: str = "") -> None:
        """Put a job on its queue."""
        for text in write_jobs([Job(watch_id, kind)]):
            self.put("jobs", text)

    def run(self, hours: float = 24, most: int = 2_000) -> None:
        """Process messages in the order in which they are due, up to a time and a number."""
        end = self.world.time + timedelta(hours=hours)
        self._collect()
        while self._waiting and self._waiting[0][0] <= end:
            most -= 1
            assert most >= 0, "the messages do not end"
            due, _, queue, text = heapq.heappop(self._waiting)
            self.world.time = max(self.world.time, due)
            self._process(queue, text)
            self._collect()

    def left(self) -> Case:
        """Return a case for another run: what is stored, queued and on the calendar now."""
        queued = sorted(self._waiting)
        rows = {name: [dict(row) for _, row in sorted(table.rows.items())] for name, table in self._tables.items()}
        return {
            "now": self.world.time.isoformat(),
            "rows": rows,
            "changes": [text for _, _, queue, text in queued if queue == "changes"],
            "jobs": [text for _, _, queue, text in queued if queue != "changes"],
            "posts": self.partner.posts,
        }  # fmt: skip

    def _process(self, queue: str, text: str) -> None:
        if queue == "changes":
            self.world.delivery.deliver(read_changes(text))
        else:
            self.world.job_runner.run_jobs(read_jobs(text), self.world.work if queue == "work" else None)

    def _collect(self) -> None:
        """Take over what the product put on its queues."""
        for message, delay in self.world.changes.take():
            for text in write_changes(message):
                self.put("changes", text, delay)
        for name, jobs in (("jobs", self.world.jobs), ("work", self.world.work)):
            wanted, jobs.wanted = jobs.wanted, []
            for job, delay in wanted:
                for text in write_jobs([job]):
                    self.put(name, text, delay)


def main() -> None:
    """Run the case on stdin: its jobs and messages, resumed if `resume` says so, for `hours`."""
    case = json.load(sys.stdin)
    run = VersionRun(case)
    if case.get("resume"):
        run.world.pause.resume("a test", "tester")
    run.run(case.get("hours", 24))
    json.dump(run.left(), sys.stdout)
    run.world.end()


if __name__ == "__main__":
    main()
