"""The parts of the feature rooms, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.graph import GraphParts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.rooms.busy_mailboxes import BusyMailboxFinder
    from shared.rooms.directory import RoomDirectory

FEATURE = "rooms"


class RoomParts(GraphParts):
    """The services of the feature rooms. While it is on, the allow-list reads room lists through its directory."""

    @cached_property
    def room_directory(self) -> RoomDirectory:
        """The rooms of the allow-list with their properties."""
        from shared.rooms.directory import RoomDirectory
        from shared.storage.rooms.readings import RoomReadings

        return RoomDirectory(
            allow_list=self.allow_list,
            permission=self.permission,
            graph=self.rooms,
            readings=RoomReadings(lambda: self.watches_table),
            now=self.now,
        )

    @cached_property
    def busy_mailbox_finder(self) -> BusyMailboxFinder:
        """Finds when mailboxes are busy."""
        from shared.rooms.busy_mailboxes import BusyMailboxFinder
        from shared.rooms.permitted import PermittedMailboxes

        return BusyMailboxFinder(
            permitted=PermittedMailboxes(self.permission, self.partner_watches, self.now),
            schedules=self.schedules,
            limits=self.mailbox_limits,
        )

    def rooms_of_list(self, address: str) -> Iterable[str]:
        """Return the addresses of a room list's rooms; with the feature, a reading may serve both."""
        if FEATURE in self.settings.switched_on:
            return self.room_directory.of_list(address)
        return super().rooms_of_list(address)
