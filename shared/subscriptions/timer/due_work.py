"""Read which work on subscriptions is due, and note that all rows were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import RelayError
from shared.graph import client_state
from shared.policy.permission import Permission
from shared.storage.maintenance import SingleRow, Sweep
from shared.storage.tombstones import Tombstones
from shared.storage.watches import Watch, Watches, is_being_created
from shared.subscriptions.addresses import Addresses
from shared.subscriptions.due import Timing
from shared.subscriptions.plan import DesiredState, Step, next_step
from shared.subscriptions.timer.rollout import target_of

if TYPE_CHECKING:
    from shared.graph.client_state_keys import ClientStateKeys
    from shared.unreadable_rows import Unreadable

SWEEP_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Due:
    """The steps that are due, most urgent first, and the target of the mass changes among them.

    `due_until`: subscriptions that end until then are to be renewed. `swept`: what to note once all is done, if all
    rows were read.
    """

    steps: list[Step]
    target: str
    due_until: datetime
    swept: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DueWork:
    """Reads the rows. Methods raise ServiceUnavailable or ConfigurationError."""

    addresses: Addresses
    watches: Watches
    sweep: SingleRow[Sweep]
    tombstones: Tombstones
    keys: ClientStateKeys
    permission: Permission
    timing: Callable[[], Timing]
    rooms_hash: Callable[[], str | None]
    now: Callable[[], datetime]

    def read(self) -> Due:
        """Return what is due.

        All rows are read without a filter once a day, and after a change of settings or rooms until all its steps are
        done: a filter does not find the rows of an earlier version, which have no `due_at`.
        """
        desired = self._desired()
        due_until = desired.now + desired.renew_before
        target = target_of(desired.notification_url, desired.lifecycle_url, desired.signing)
        # Room lists are not read while the relay is stopped; None: unknown
        sweep, rooms_hash = self.sweep.read(), None if desired.is_stopped else self.rooms_hash()
        is_swept = sweep.read_at is not None and abs(desired.now - sweep.read_at) < SWEEP_EVERY
        is_same = sweep.settings_hash == desired.settings_hash and rooms_hash in (None, sweep.rooms_hash)
        if is_swept and is_same:
            return Due(_steps_for(self.watches.due(desired.now), desired), target, due_until)
        if not is_same and sweep.settings_hash:  # so that a return to the former settings reads all rows, too
            self.sweep.write(lambda _: {"settings_hash": ""})
        self.tombstones.drop_old(desired.now)
        self.permission.owners.drop_old()
        known = {"rooms_hash": rooms_hash} if rooms_hash is not None else {}
        swept = {"read_at": desired.now, "settings_hash": desired.settings_hash, **known}
        rows = list(self.watches.rows())
        is_whole = not any(_is_left_alone(row, desired.now) for row in rows)
        return Due(_steps_for(rows, desired), target, due_until, swept if is_whole else {})

    def done(self, due: Due) -> None:
        """Note that all rows were read, and that all that was due is done."""
        if due.swept:
            self.sweep.write(lambda _: due.swept)

    def _desired(self) -> DesiredState:
        keys, timing = self.keys(), self.timing()
        return DesiredState(
            now=self.now(),
            notification_url=self.addresses.relay_url,
            lifecycle_url=self.addresses.lifecycle_url,
            renew_before=timing.renew_before,
            keys=[key.version for key in keys],
            signing=client_state.signing_key(keys, self.now()).version,
            settings_hash=timing.settings_hash,
            allows=self._is_allowed,
            is_stopped=self.permission.is_stopped(),
            is_retired=self._is_retired,
        )

    def _is_retired(self, version: str) -> bool:
        try:
            return self.keys.older(version) is None
        except RelayError:  # unknown: what the partner verifies stays
            return False

    def _is_allowed(self, watch: Watch) -> bool | None:
        return self.permission.may(watch, watch.mailbox, "", "relay", "renew").allowed


def _steps_for(rows: Iterable[Watch | Unreadable], desired: DesiredState) -> list[Step]:
    watches = (row for row in rows if isinstance(row, Watch))  # an unreadable row keeps its subscription
    steps = (next_step(watch, desired) for watch in watches)
    return sorted((step for step in steps if step is not None), key=lambda step: step.urgency)


def _is_left_alone(row: Watch | Unreadable, now: datetime) -> bool:
    """Return whether a row gets no step and no `due_at` now, so that only the next reading of all rows finds it."""
    return isinstance(row, Watch) and row.due_at is None and is_being_created(row, now)
