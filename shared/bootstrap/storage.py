"""Clock, identity, and the parts in the storage account, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared.http.session import USER_AGENT

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

    from shared.package import Package
    from shared.queues import ChangeQueue, JobQueue
    from shared.storage.awaited_jobs import AwaitedJobs
    from shared.storage.connection import StorageAccount
    from shared.storage.diagnostics import StorageDiagnostics
    from shared.storage.heartbeat import Heartbeat
    from shared.storage.leases import Leases
    from shared.storage.parked import ParkedChanges
    from shared.storage.partner_endpoint import Endpoints
    from shared.storage.replays import Replays
    from shared.storage.room_lists import RoomListReadings, RoomLists
    from shared.storage.tombstones import RemovedWatches, Tombstones
    from shared.storage.watches import Watches
    from shared.watches.partner_watches import PartnerWatches

IDENTITY_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3, "read_timeout": 4, "retry_total": 1, "user_agent": USER_AGENT,
}  # fmt: skip


class StoredParts:
    """The parts in the storage account, configured from an environment."""

    _environ: Mapping[str, str]
    started: datetime  # when this process began to use the parts

    @cached_property
    def now(self) -> Callable[[], datetime]:
        """The clock, in UTC."""
        return lambda: datetime.now(UTC)

    @cached_property
    def package(self) -> Package:
        """The package that this process runs from."""
        from shared.package import package

        return package()

    @cached_property
    def sleep(self) -> Callable[[float], None]:
        """Sleeps for some seconds."""
        return time.sleep

    @cached_property
    def credential(self) -> TokenCredential:
        """The app's identity for Key Vault and storage: managed identity in Azure, the developer's own locally."""
        from azure.identity import DefaultAzureCredential

        from shared.token_errors import CheckedCredential

        return CheckedCredential(DefaultAzureCredential(**IDENTITY_OPTIONS))

    @cached_property
    def storage(self) -> StorageAccount:
        """The storage account."""
        from shared.storage.connection import StorageAccount

        return StorageAccount(self._environ, lambda: self.credential)

    @cached_property
    def watches_table(self) -> TableClient:
        """The table of watches and of all rows beside them."""
        return self.storage.table("watches")

    @cached_property
    def ledger_table(self) -> TableClient:
        """The table of the ledger."""
        return self.storage.table("ledger")

    @cached_property
    def attempts_table(self) -> TableClient:
        """The table of leases."""
        return self.storage.table("attempts")

    @cached_property
    def pairs_table(self) -> TableClient:
        """The table of pairs of the feature dataverse."""
        return self.storage.table("pairs")

    @cached_property
    def watches(self) -> Watches:
        """The table of watches."""
        from shared.storage.watches import Watches

        return Watches(lambda: self.watches_table)

    @cached_property
    def partner_watches(self) -> PartnerWatches:
        """The watches that the partner may see."""
        from shared.watches.partner_watches import PartnerWatches

        return PartnerWatches(self.watches)

    @cached_property
    def tombstones(self) -> Tombstones:
        """The tombstones of deleted watches."""
        from shared.storage.tombstones import Tombstones

        return Tombstones(lambda: self.watches_table)

    @cached_property
    def removed_watches(self) -> RemovedWatches:
        """Knows which watches were removed."""
        from shared.storage.tombstones import RemovedWatches

        return RemovedWatches(self.watches, self.tombstones)

    @cached_property
    def room_lists(self) -> RoomLists:
        """The rows of watched room lists."""
        from shared.storage.room_lists import RoomLists

        return RoomLists(lambda: self.watches_table)

    @cached_property
    def room_list_readings(self) -> RoomListReadings:
        """The rows of what readings of room lists have shown."""
        from shared.storage.room_lists import RoomListReadings

        return RoomListReadings(lambda: self.watches_table)

    @cached_property
    def heartbeat(self) -> Heartbeat:
        """The time of the timer's last run."""
        from shared.storage.heartbeat import Heartbeat

        return Heartbeat(lambda: self.watches_table)

    @cached_property
    def awaited_jobs(self) -> AwaitedJobs:
        """The row of the jobs that are waited for."""
        from shared.storage.awaited_jobs import AwaitedJobs

        return AwaitedJobs(lambda: self.watches_table)

    @cached_property
    def changes(self) -> ChangeQueue:
        """The queue of changes."""
        from shared.queues import ChangeQueue
        from shared.storage.queues import CHANGES, Queue

        return ChangeQueue(Queue(cache(lambda: self.storage.queue(CHANGES))))

    @cached_property
    def jobs(self) -> JobQueue:
        """The queue of jobs."""
        from shared.queues import JobQueue
        from shared.storage.queues import REPAIRS, Queue

        return JobQueue(Queue(cache(lambda: self.storage.queue(REPAIRS))))

    @cached_property
    def work(self) -> JobQueue:
        """The queue of jobs that earlier versions do not know."""
        from shared.queues import JobQueue
        from shared.storage.queues import WORK, Queue

        return JobQueue(Queue(cache(lambda: self.storage.queue(WORK))))

    @cached_property
    def leases(self) -> Leases:
        """Named locks with one holder at a time."""
        from shared.storage.leases import Leases

        return Leases(lambda: self.attempts_table)

    @cached_property
    def endpoints(self) -> Endpoints:
        """The state of the partner endpoint."""
        from shared.storage.partner_endpoint import Endpoints

        return Endpoints(lambda: self.watches_table)

    @cached_property
    def parked(self) -> ParkedChanges:
        """Parked changes and dead letters."""
        from shared.storage.parked import ParkedChanges

        return ParkedChanges(cache(lambda: self.storage.table("parked")))

    @cached_property
    def replays(self) -> Replays:
        """Replays of dead letters."""
        from shared.storage.replays import Replays

        return Replays(lambda: self.watches_table)

    def storage_diagnostics(self) -> StorageDiagnostics:
        """Return a tester of the storage account."""
        from shared.storage.diagnostics import PROBES, StorageDiagnostics

        return StorageDiagnostics(lambda: self.watches_table, cache(lambda: self.storage.queue(PROBES)))
