"""The relay with its tables and queue in memory, over the sandbox's Graph and Dataverse: bookings into calendars."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from sandbox.tenant.tokens import GRAPH
from shared.config import Settings
from shared.dataverse.flow.hints import HintQueue
from shared.dynamics.client import DynamicsClient
from shared.graph.client import GraphClient
from shared.graph.events import Events
from shared.messages import Change
from shared.storage.pairs.pair import Pair
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import APP, BOOKINGS, OLA, DataverseWorld, dataverse_world
from tests.support.world import SETTINGS, World

MOST_MESSAGES = 400  # until the queue is empty: more would be a loop
Call = tuple[str, str]


class MemoryQueue:
    """A queue of texts, each with the moment at which it becomes visible."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.messages: list[tuple[datetime, str]] = []
        self.before: Callable[[], None] = lambda: None

    def put(self, text: str, delay: float = 0) -> None:
        """Keep a message, after `before` has run."""
        self.before()
        self.messages.append((self.now() + timedelta(seconds=delay), text))

    def depth(self) -> int:
        """Return how many there are."""
        return len(self.messages)

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the first visible ones, encoded as a storage queue keeps them."""
        visible = [(text, moment) for moment, text in sorted(self.messages) if moment <= self.now()]
        return [(base64.b64encode(text.encode()).decode(), moment) for text, moment in visible[:most]]

    def take(self) -> tuple[float, str]:
        """Take the first message, and return it after the seconds until it is visible."""
        first = min(self.messages, key=lambda each: each[0])
        self.messages.remove(first)
        return max((first[0] - self.now()).total_seconds(), 0.0), first[1]


class Recorded(requests.Session):
    """Sends requests and keeps their methods and paths; `on_call` runs before and after each and may raise."""

    def __init__(self, ca: Path) -> None:
        super().__init__()
        self.trust_env, self.verify = False, str(ca)
        self.calls: list[Call] = []
        self.on_call: Any = lambda _: None

    def request(self, method: Any, url: Any, *args: Any, **named: Any) -> requests.Response:
        """Send a request."""
        self.on_call("before")
        self.calls.append((str(method), str(url).partition("?")[0]))
        answer = super().request(method, url, *args, **named)
        self.on_call("after")
        return answer

    @property
    def writes(self) -> list[Call]:
        """The calls that write."""
        return [call for call in self.calls if call[0] != "GET"]


class PairsWorld(World):
    """The relay, the environment `dataverse` and what was sent to each side."""

    def __init__(self, dataverse: DataverseWorld, folder: Path, **settings: str) -> None:
        self.dataverse = dataverse
        self.to_graph, self.to_dynamics = Recorded(folder / "ca.pem"), Recorded(folder / "ca.pem")
        self.deleted_event = ""  # the id of the event that a test has put into Deleted Items last
        tenant = dataverse.tenant
        self.queue = MemoryQueue(tenant.clock.now)

        def graph_token(*, fresh: bool = False) -> str:
            del fresh
            return tenant.tokens.issue(tenant.clients[APP], GRAPH)[0]

        def token(*, fresh: bool = False) -> str:
            del fresh
            return dataverse.token()

        graph = GraphClient(lambda: f"{dataverse.graph_url}/v1.0", graph_token, lambda: self.to_graph, tenant.clock.now)
        parts = {"graph": graph, "events": None, "pair_queue": HintQueue(self.queue)}
        required = {
            "FEATURES": "dataverse", "DATAVERSE_URL": dataverse.url, "DATAVERSE_RESOURCES": "column:new_calendarrelay",
            "ALLOW_LOOPBACK_ADDRESSES": "true", "WINDOW_PAST_DAYS": "7",
        }  # fmt: skip
        self._given = required | settings
        super().__init__(parts, **self._given)
        self.events = Events(graph, self.title_filter)  # type: ignore[assignment]  # not a fake in this world
        self.dynamics = DynamicsClient(lambda: dataverse.url, token, lambda: self.to_dynamics, self.dynamics_breaker)

    def now(self) -> datetime:
        """Return the tenant's time."""
        return self.dataverse.tenant.clock.now()

    def allow(self, allowed_mailboxes: str) -> None:
        """Change ALLOWED_MAILBOXES; the other settings stay."""
        self.settings = Settings.load(SETTINGS | self._given | {"ALLOWED_MAILBOXES": allowed_mailboxes})

    def begin_to_follow(self) -> PairsWorld:
        """Start the feature and settle what it finds."""
        self.dataverse_start.start("it")
        self.empty_queue()
        return self

    def empty_queue(self) -> int:
        """Process messages until the queue is empty, and return how many there were. Time passes up to delayed ones."""
        for number in range(MOST_MESSAGES):
            if not self.queue.messages:
                return number
            wait, text = self.queue.take()
            if wait:
                self.dataverse.tenant.clock.advance(wait)
            self.pair_settling.process(text)
        raise AssertionError(f"the queue is never empty: {self.queue.messages}")

    def follow_on(self) -> None:
        """Run the timer, and settle."""
        self.follow.run()
        self.empty_queue()

    def notify(self, mailbox: str = OLA) -> None:
        """Notify the relay of every event of a mailbox and of those of its pairs, as Graph does, and settle."""
        self.hint_events(mailbox)
        self.empty_queue()

    def hint_events(self, *mailboxes: str) -> None:
        """Queue every event of mailboxes, and those of the pairs, as hints."""
        for mailbox in mailboxes:
            watch = self.watches.get(watch_id_of(mailbox))
            assert watch is not None
            ids = {each["id"] for each in self.calendar(mailbox)} | {pair.event_id for pair in self.pairs.all()}
            changes = [Change(watch.id, "user", each) for each in sorted(ids - {""})]
            self.event_changes.changed(watch, changes, self.now())

    def calendar(self, mailbox: str = OLA) -> list[dict[str, Any]]:
        """Return the events of the next weeks."""
        begin = self.now() - timedelta(days=7)
        return list(self.marked_events.view(mailbox, begin, begin + timedelta(days=60)))

    def times(self, mailbox: str = OLA) -> list[tuple[str, str, str]]:
        """Return subject, start and end of each event, in order."""
        shown = ((e["subject"], e["start"]["dateTime"][:16], e["end"]["dateTime"][:16]) for e in self.calendar(mailbox))
        return sorted(shown)

    def move(self, booking_id: str, hours: float, **columns: Any) -> None:
        """Move a booking as a dispatcher."""
        body = self.dataverse.booking(hours=hours) | columns
        named = {name: body[name] for name in (*columns, "starttime", "endtime", "duration")}
        self.dataverse.control("PATCH", f"/rows/{BOOKINGS}/{booking_id}", named)

    def change(self, booking_id: str, **columns: Any) -> None:
        """Change columns of a booking as a dispatcher."""
        self.dataverse.control("PATCH", f"/rows/{BOOKINGS}/{booking_id}", columns)

    def tenant_fault(self, fault: dict[str, Any]) -> None:
        """Let Graph fail."""
        url = f"{self.dataverse.graph_url}/_control/faults"
        answer = self.dataverse.session.post(url, json=fault, timeout=60)
        assert answer.ok, answer.text

    def pairs_in(self, state: str) -> list[Pair]:
        """Return the pairs in a state."""
        return [pair for pair in self.pairs.all() if pair.state == state]

    def forget_calls(self) -> None:
        """Begin to count calls anew."""
        self.to_graph.calls.clear()
        self.to_dynamics.calls.clear()


@contextmanager
def pairs_world(folder: Path, settings: dict[str, str] | None = None, **seed: Any) -> Iterator[PairsWorld]:
    """Serve an environment and yield the relay over it."""
    with dataverse_world(folder, **seed) as dataverse:
        world = PairsWorld(dataverse, folder, **(settings or {}))
        try:
            yield world
        finally:
            world.end()
