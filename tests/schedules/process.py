"""One process of the relay: an App of a version, whose calls wait for the scheduler, with a clock of its own."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphQuotaExceeded, GraphUnauthorized, GraphUnavailable, RelayError
from shared.partner.webhook import NotDelivered
from tests.schedules import version_before
from tests.schedules.inline import Inline
from tests.schedules.locks import schedule_locks
from tests.schedules.ports import GRAPH_CALLS, GRAPH_WRITES, TABLE_CALLS, TABLE_ERRORS, TABLE_WRITES, Errors, Port
from tests.schedules.site import QUEUES, TABLES, Site

PRESENT, BEFORE = "shared", "before"
WRONG_FOR = 10_800.0  # seconds for which a clock stays wrong
BUILT = ("reconciler", "job_runner", "watch_setup", "delivery", "recovery", "room_list_service")
GRAPH_ERRORS: Errors = {
    "fail": lambda: GraphUnavailable(503, "ServiceUnavailable"),
    "lost": lambda: GraphUnavailable(0, "NoAnswer.ReadTimeout"),
}  # fmt: skip
PARTNER_ERRORS: Errors = {
    "fail": lambda: NotDelivered(500, "status 500"), "lost": lambda: NotDelivered(0, "no answer (ReadTimeout)"),
}  # fmt: skip


class Process:
    """A process with a name, a version, `faults` that its calls may have, and `fates`: the faults that the next call
    of a name will have.
    """

    def __init__(self, name: str, site: Site, version: str = PRESENT, faults: Collection[str] = ()) -> None:
        self.name, self.site, self.faults = name, site, faults
        self.version = self.next_version = version  # the next one is deployed, and runs from the next start
        self.scheduler = site.scheduler
        self.offset = timedelta()
        self._jumped_at = 0.0
        self.fates: dict[str, str] = {}
        self.failed = 0  # calls in rounds that had no answer, or an error
        self.writes: Counter[str] = Counter()  # to Graph, by worker
        self.skew: timedelta | None = None
        self.given = dict(site.given)
        self.app: Any = None
        self.start()

    def start(self) -> None:
        """Start, the first time or again: only stored state survives. The settings are read at the start."""
        self.version = self.next_version
        self.fates.clear()
        self.offset = timedelta()
        self.package = self.earlier() if self.version == BEFORE else PRESENT
        self.given, self.skew = dict(self.site.given), None
        self.app = self.part("bootstrap.app").App(self.given, **self._parts())
        schedule_locks([getattr(self.app, name) for name in BUILT], self.scheduler, self.package)

    def earlier(self) -> str:
        """Return the package of the version before."""
        return version_before.installed()

    def has_tables(self) -> bool:
        """Return whether the version has a part for each table."""
        return self.version != BEFORE

    def part(self, module: str) -> Any:
        """Return a module of this process's version."""
        return importlib.import_module(f"{self.package}.{module}")

    def now(self) -> datetime:
        """Return the time by this process's clock."""
        if self.offset and self.scheduler.clock.seconds - self._jumped_at > WRONG_FOR:
            self.offset = timedelta()
        return self.site.now() + self.offset

    def jump(self, seconds: float) -> None:
        """Move this process's clock. After WRONG_FOR it is synchronized again, as after a start elsewhere."""
        self.offset, self._jumped_at = timedelta(seconds=seconds), self.scheduler.clock.seconds

    def count(self, name: str, *, is_write: bool) -> None:
        """Note that this process calls a part in a round."""
        worker = self.scheduler.here()
        if worker is not None and is_write and name == "graph":
            self.writes[worker.name] += 1

    def acts(self) -> None:
        """Note that this process calls, and compare its clock with the others'."""
        self.site.acting = self
        self.skew = self.site.date_skew - self.offset

    def own(self, error: Exception) -> Exception:
        """Return an error as this version knows it."""
        if self.package == PRESENT or not isinstance(error, RelayError):
            return error
        if isinstance(error, NotDelivered):
            made: Exception = self.part("partner.webhook").NotDelivered(error.status, "not accepted", error.retry_after)
            return made
        errors, name = self.part("errors"), type(error).__name__
        if isinstance(error, GraphUnauthorized):
            name = "GraphForbidden"
        if isinstance(error, GraphQuotaExceeded):
            name = "GraphUnavailable" if error.status == 429 else "GraphForbidden"
        given = error.__dict__
        parts = [given[each] for each in ("status", "code", "request_id", "retry_after") if each in given]
        own: Exception = getattr(errors, name)(*parts) if "status" in given else getattr(errors, name)("storage")
        return own

    def _parts(self) -> dict[str, Any]:
        """Return the parts that are replaced by ports."""
        site, part = self.site, self.part
        tables = {name: Port(self, name, site.tables[name], TABLE_CALLS, TABLE_ERRORS, TABLE_WRITES) for name in TABLES}
        queues = {name: self._queue(name) for name in QUEUES}
        graph: Any = Port(self, "graph", site.graph, GRAPH_CALLS, GRAPH_ERRORS, GRAPH_WRITES)
        parts = {
            "now": self.now, "sleep": self.scheduler.sleep, "subscriptions": graph,
            "events": Port(self, "calendars", site.calendars, ("get", "calendar_view", "instances"), GRAPH_ERRORS),
            "webhook": Port(self, "partner", site.partner, ("deliver",), PARTNER_ERRORS, ("deliver",)),
            "resolver": part("http.resolver").Resolver(lookup=_detected),
            "client_state_keys": Vault(self),
            "changes": part("queues").ChangeQueue(queues["changes"]), "jobs": part("queues").JobQueue(queues["jobs"]),
            "parked": part("storage.parked").ParkedChanges(lambda: tables["parked"]),
            "workers": part("threads").MailboxWorkers(Inline(), part("threads").MailboxLimits()),
            "rooms": Port(self, "rooms", site.directory, ("of_list",), GRAPH_ERRORS),
        }  # fmt: skip
        if not self.has_tables():
            return parts | self._parts_before(tables, graph)
        return parts | {
            **{f"{name}_table": tables[name] for name in ("watches", "ledger", "attempts")},
            **({"slots_table": lambda: tables["slots"]} if self.version == PRESENT else {}),
            "work": part("queues").JobQueue(queues["work"]), "clock_skew": lambda: self.skew,
            "leases": part("storage.leases").Leases(
                lambda: tables["attempts"], clock=lambda: self.scheduler.clock.seconds
            ),
        }  # fmt: skip

    def _parts_before(self, tables: dict[str, Port], graph: Any) -> dict[str, Any]:
        """Return what the version before has to be given in another way: it has no part for a table."""
        part, watches = self.part, lambda: tables["watches"]
        return {
            "watches": part("storage.watches").Watches(watches),
            "room_lists": part("storage.room_lists").RoomLists(watches),
            "heartbeat": part("storage.heartbeat").Heartbeat(watches),
            "endpoints": part("storage.partner_endpoint").Endpoints(watches),
            "replays": part("storage.replays").Replays(watches),
            "ledger": part("storage.ledger").Ledger(lambda: tables["ledger"], self.now),
            "subscriptions": Before(graph),
        }  # fmt: skip

    def _queue(self, name: str) -> Any:
        errors = {kind: lambda: self.part("errors").ServiceUnavailable("storage") for kind in ("fail", "lost", "again")}
        return Port(self, name, self.site.queues[name], ("put",), errors, ("put",))


def _detected(_: str, port: int, **__: object) -> list[Any]:
    """Return one public address for each name."""
    return [(2, 1, 6, "", ("20.50.2.1", port))]


class Vault:
    """The keys of the clientState, without waiting: the product reads them from its cache."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def __call__(self) -> Any:
        """Return the keys, newest first. Raises ServiceUnavailable while the vault is gone."""
        if not self._process.site.has_vault:
            raise self._process.part("errors").ServiceUnavailable("Key Vault")
        return self._process.site.keys

    def cached(self) -> Any:
        """Return the keys that were read last."""
        return self._process.site.keys

    def further(self) -> list[str]:
        """Return no version: a rotation disables what is older than the two newest keys."""
        return []

    def older(self, _version: str) -> None:
        """Return no key, as for a disabled version. Raises ServiceUnavailable while the vault is gone."""
        self()


class Before:
    """Graph's subscriptions as the version before calls them."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    def delete(self, subscription_id: str) -> None:
        """Delete without a reason."""
        self._graph.delete(subscription_id, "the version before")
