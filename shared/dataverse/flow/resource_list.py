"""Read which bookable resources IT has marked, hold the watches of their mailboxes, and store the state of each.

A list never says that a resource is not marked any more: it is read by its id before anything follows from that.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.dataverse.look import ResourceState
from shared.dynamics.environment import RESOURCE_KEY, Environment
from shared.dynamics.errors import RowGone
from shared.errors import GraphError, RelayError, RequestRejected
from shared.policy.permission import Permission
from shared.ports.watching import Watching
from shared.storage.pairs.resources import Resources, StoredResource

USER, FACILITY, EQUIPMENT = 3, 7, 4
OWNER_FRESH = timedelta(days=1)
COLUMN = "column:"
_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class ResourceList:
    """Methods raise RelayError; what was stored until then stays, and the next run goes on."""

    environment: Environment
    resources: Resources
    watching: Watching
    permission: Permission
    owner: Callable[[str], str]  # the address of the owner of a mailbox's calendar; raises GraphError
    marked: Callable[[], str]  # DATAVERSE_RESOURCES
    now: Callable[[], datetime]

    def refresh(self) -> list[str]:
        """Store the resources as they are now, and return the ids of those that are followed from now on."""
        before = {row.id: row for row in self.resources.all()}
        found = self.read(before)
        new = []
        for row in found:
            self._store(row, before.get(row.id))
            was = before.get(row.id)
            if row.state == ResourceState.FOLLOWED and (was is None or was.state != ResourceState.FOLLOWED):
                new.append(str(uuid.UUID(row.id)))
        return new

    def read(self, before: dict[str, StoredResource]) -> list[StoredResource]:
        """Return the marked resources, and those of before, as they are now. Stores nothing."""
        rows = {uuid.UUID(str(row[RESOURCE_KEY])).hex: row for row in self._marked_rows()}
        found = [self._judged(key, row, before.get(key)) for key, row in rows.items()]
        found += [self._absent(row) for key, row in before.items() if key not in rows]
        return _without_doubles(found, before)

    def _marked_rows(self) -> list[dict[str, Any]]:
        marked = self.marked()
        if marked.startswith(COLUMN):
            return list(self.environment.resources(marked.removeprefix(COLUMN)))
        rows = []
        for each in marked.split(","):
            try:
                rows.append(self.environment.resource(each))
            except RowGone:
                _logger.warning("DATAVERSE_RESOURCES names a resource that does not exist: %s", each)
        return rows

    def _absent(self, row: StoredResource) -> StoredResource:
        """Return a resource that the list does not have, as its own row says."""
        marked = self.marked()
        column = marked.removeprefix(COLUMN) if marked.startswith(COLUMN) else ""
        if column:
            try:
                read = self.environment.resource(str(uuid.UUID(row.id)), column)
            except RowGone:
                return replace(row, state=ResourceState.UNMARKED)
            if read.get(column) is True:
                return self._judged(row.id, read, row)
        return replace(row, state=ResourceState.UNMARKED)

    def _judged(self, key: str, row: dict[str, Any], was: StoredResource | None) -> StoredResource:
        address, user_id = _address_of(row)
        known = was or StoredResource(key)
        if not address:
            return replace(known, state=ResourceState.UNMARKED, mailbox="", read_at=self.now())
        if self._is_allowed(address) is False:
            return replace(known, state=ResourceState.OFF_LIST, user_id=user_id, read_at=self.now())
        is_fresh = known.read_at is not None and self.now() - known.read_at < OWNER_FRESH
        if known.state == ResourceState.FOLLOWED and known.user_id == user_id and is_fresh:
            return known
        return self._owned(replace(known, user_id=user_id), address) or known

    def _owned(self, row: StoredResource, address: str) -> StoredResource | None:
        """Return a resource with the mailbox that answers: its calendar's owner must be on the list, too.

        None while that is unknown of a followed one: it stays as it was stored, and the next run asks again.
        """
        try:
            owner = self.owner(row.user_id or address) or address
        except GraphError as error:
            _logger.warning("The calendar of a resource cannot be read: %s", error)
            return None if row.state == ResourceState.FOLLOWED else replace(row, state=ResourceState.REFUSED)
        verdict = self._is_allowed(owner)
        if verdict is None and row.state == ResourceState.FOLLOWED:
            return None  # a room list that cannot be read takes nothing away
        if verdict is not True:
            return replace(row, state=ResourceState.OFF_LIST, read_at=self.now())
        return replace(row, state=ResourceState.FOLLOWED, mailbox=owner, read_at=self.now())

    def _is_allowed(self, address: str) -> bool | None:
        """Return whether a mailbox is on the allow-list; None while that is unknown."""
        return self.permission.may(None, address, "", "dataverse", "audit").allowed

    def _store(self, row: StoredResource, was: StoredResource | None) -> None:
        watched = self._watched(row, was)
        changed = replace(watched, state=str(watched.state))  # a column holds a text
        if changed == was:
            return
        if was is None:
            self.resources.insert(replace(changed, since=self.now()))
        else:
            since = was.since if was.state == changed.state else self.now()
            self.resources.overwrite(replace(changed, since=since))

    def _watched(self, row: StoredResource, was: StoredResource | None) -> StoredResource:
        """Hold the watch of a followed mailbox, and release that of one that is followed no longer."""
        if was is not None and self._is_left(row, was):
            self.watching.release(was.mailbox)
        if row.state != ResourceState.FOLLOWED:
            return row
        try:
            return replace(row, watch_id=self.watching.hold(row.mailbox).id)
        except RequestRejected as error:
            _logger.warning("The mailbox of a resource cannot be watched: %s", error.problem.code)
            return replace(row, state=ResourceState.REFUSED)
        except RelayError:
            if row.watch_id:
                return row
            raise

    def _is_left(self, row: StoredResource, was: StoredResource) -> bool:
        is_other = row.state == ResourceState.UNMARKED or row.mailbox != was.mailbox
        is_held = was.watch_id and was.state != ResourceState.UNMARKED  # a refused one keeps its watch until it is left
        return bool(is_other and is_held) and not self._is_shared(was)

    def _is_shared(self, row: StoredResource) -> bool:
        """Return whether another followed resource leads to the same mailbox."""
        others = (each for each in self.resources.all() if each.id != row.id and each.mailbox == row.mailbox)
        return any(each.state == ResourceState.FOLLOWED for each in others)


def _without_doubles(rows: list[StoredResource], before: dict[str, StoredResource]) -> list[StoredResource]:
    """Of two resources that lead to one mailbox, follow the one that is followed already; found at once, neither."""
    followed = [row for row in rows if row.state in (ResourceState.FOLLOWED, ResourceState.DOUBLE)]
    number = Counter(row.mailbox for row in followed)
    old = {row.mailbox for row in before.values() if row.state == ResourceState.FOLLOWED}
    result = []
    for row in rows:
        is_double = row in followed and number[row.mailbox] > 1
        was = before.get(row.id)
        is_first = row.mailbox in old and was is not None and was.state == ResourceState.FOLLOWED
        result.append(replace(row, state=ResourceState.DOUBLE) if is_double and not is_first else row)
    return result


def _address_of(row: dict[str, Any]) -> tuple[str, str]:
    """Return the address and Entra's id of a resource's mailbox, "" if it has none ("bookableresource")."""
    kind, user = row.get("resourcetype"), row.get("UserId")
    if row.get("statecode") != 0:
        return "", ""
    if kind == USER and isinstance(user, dict) and user.get("isdisabled") is not True:
        address, user_id = user.get("internalemailaddress"), user.get("azureactivedirectoryobjectid")
        return str(address or "").lower(), str(user_id or "").lower()
    if kind in (FACILITY, EQUIPMENT):
        return str(row.get("msdyn_primaryemail") or "").lower(), ""
    return "", ""
