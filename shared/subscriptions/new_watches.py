"""Create the subscription of a new watch, or undo the set-up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from shared import problems
from shared.errors import GraphError, GraphUnavailable, RelayError, RequestRejected
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import is_left_before, is_left_by
from shared.storage.watches import Watch, Watches
from shared.subscriptions.creation import Creation
from shared.subscriptions.records import Records
from shared.watches.graph_errors import rejection_of
from shared.watches.sources import PARTNER, WatchSources


@dataclass(frozen=True)
class NewWatches:
    """Completes the set-up of a watch whose row was just stored and claimed."""

    watches: Watches
    sources: WatchSources
    ledger: Ledger
    creation: Creation
    records: Records

    def create(self, watch: Watch) -> Watch:
        """Create the subscription, and return the row, which another process may have changed; on failure undo all.

        Raises RequestRejected, ConfigurationError or ServiceUnavailable.
        """
        try:
            # Entries of an earlier watch whose removal was interrupted; workers may be writing those of this one.
            self.ledger.forget(watch.id, is_left_before(watch))
            live = self.creation.create(watch)
        except RelayError as error:
            self._undo(watch, error)
            raise (rejection_of(error) if isinstance(error, GraphError) else error) from error
        if live is None:
            raise RequestRejected(
                problems.SUBSCRIPTION_DELETED, "The subscription was deleted while it was being set up."
            )
        return live

    def _undo(self, watch: Watch, error: RelayError) -> None:
        rejected = isinstance(error, GraphError) and (error.status == 429 or not isinstance(error, GraphUnavailable))
        if not rejected:  # the subscription may exist: Graph's response was lost, or the row could not be written
            with suppress(RelayError):
                self.creation.undo(watch)
        with suppress(RelayError):  # if this fails the row stays, and the timer or the next call takes it over
            self._abandon(watch, error)

    def _abandon(self, watch: Watch, error: RelayError) -> None:
        """End a failed setup: delete its row, or leave it to the room lists and features that hold it by now.

        Repeat while the row changes: a claim that stays in the row would make the next call wait in vain.
        """
        current: Watch | None = watch
        while current is not None and current.pending_since == watch.pending_since:
            if not self.sources.held_by(current) - {PARTNER}:
                if self.watches.delete(current):
                    self.ledger.forget(current.id, is_left_by(current))  # what workers have written meanwhile
                    return
            elif (released := self.sources.release(PARTNER, current)) is not None:
                self.records.believe(released, error)
                return
            current = self.watches.get(watch.id)
