"""A small site with processes that have nothing but a name, a version and a clock, for tests of the properties."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from shared.graph import client_state
from shared.graph.client_state import Key
from shared.graph.subscriptions import DeleteReason
from shared.storage.tombstones import Tombstones
from shared.storage.watches import Watch, Watches, watch_id_of
from tests.schedules.absence import Absence
from tests.schedules.creations import Creations
from tests.schedules.deletions import Deletions
from tests.schedules.desires import ALL_ALLOWED, Desires
from tests.schedules.process import PRESENT, Process
from tests.schedules.rest import Rest
from tests.schedules.scheduler import Scheduler
from tests.schedules.site import Site
from tests.schedules.strategies import Recorded
from tests.simulation.subscriptions import Held

ROOM = "room0@contoso.com"
LIFE = timedelta(days=6)


@dataclass
class Actor:
    """What the properties read of a process."""

    name: str
    given: dict[str, str]
    version: str = PRESENT
    offset: timedelta = field(default_factory=timedelta)


class Stage:
    """A site with the properties, an actor `a` that acts, and an actor `b`."""

    def __init__(self) -> None:
        self.site = Site(Scheduler(Recorded({})))
        self.site.given["ALLOWED_MAILBOXES"] = ALL_ALLOWED
        self.a, self.b = (Actor(name, dict(self.site.given)) for name in "ab")
        actors = cast("list[Process]", [self.a, self.b])
        self.desires = Desires(self.site, actors)
        self.desires.partner[ROOM] = True
        self.deletions = Deletions(self.site, self.desires, checks_before=False)
        self.broken = self.deletions.broken
        self.creations = Creations(self.site, actors, self.deletions.rows, self.broken)
        self.absence = Absence(self.site, self.desires, self.deletions.rows, self.broken)
        self.own_urls = frozenset([f"{self.site.given['PUBLIC_BASE_URL']}/api/notifications"])
        self.rest = Rest(self.site, self.desires, [ROOM], lambda: self.own_urls)
        self.watches = Watches(lambda: self.site.tables["watches"])
        self.site.acting = self.a

    def now(self) -> datetime:
        """Return the time."""
        return self.site.now()

    def wait(self, **given: float) -> None:
        """Let time pass."""
        self.site.scheduler.clock.pass_by(timedelta(**given).total_seconds())

    def held(self, key: Key | None = None) -> Held:
        """Return a new subscription of the room that posts to the relay."""
        base, graph = self.site.given["PUBLIC_BASE_URL"], self.site.graph
        state = client_state.sign(watch_id_of(ROOM), key or self.site.keys[0], "relay", "")
        return graph.hold(ROOM, f"{base}/api/notifications", f"{base}/api/lifecycle", state, self.now() + LIFE)

    def row(self, held: Held | None = None, **changes: Any) -> Watch:
        """Return the room's row, new and live with a subscription."""
        named = {"subscription_id": held.subscription.id, "described_id": held.subscription.id} if held else {}
        made: dict[str, Any] = {
            "state": "live", "renewed": self.now(), "expires": self.now() + LIFE, "key_version": "v1",
            "lifecycle_url": f"{self.site.given['PUBLIC_BASE_URL']}/api/lifecycle",
            "posts_to": f"{self.site.given['PUBLIC_BASE_URL']}/api/notifications", **named,
        }  # fmt: skip
        row = self.watches.insert(Watch(watch_id_of(ROOM), ROOM, "relay", self.now(), **made | changes))
        assert row is not None
        return row

    def claimed(self, row: Watch) -> Watch:
        """Claim the row as the relay does."""
        claimed = self.watches.claim(row, self.now())
        assert claimed is not None
        return claimed

    def announce(self, held: Held) -> None:
        """Write the tombstone of a subscription, and read the row after it, as the relay does."""
        Tombstones(lambda: self.site.tables["watches"]).write(held.subscription.id, self.now())
        self.watches.get(watch_id_of(ROOM))

    def delete(self, held: Held, reason: DeleteReason) -> list[str]:
        """Announce and delete a subscription; return what the properties say of it."""
        self.announce(held)
        before = len(self.broken)
        self.site.graph.delete(held.subscription.id, reason)
        return [each.rpartition(": ")[2] for each in self.broken[before:]]
