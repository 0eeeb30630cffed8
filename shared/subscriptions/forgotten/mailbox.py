"""Forget a mailbox: first its subscriptions at Graph are deleted, then every row that names it.

Nothing is deleted while a subscription may still stand: it would go on posting, and no row would say what it is. An
error of Graph or of storage ends the call, and the next call goes on. What is on a queue then names a watch that does
not exist, and is dropped when it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from shared import problems, telemetry
from shared.api.fields import checked_address
from shared.errors import GraphError, RequestRejected, ServiceUnavailable
from shared.forgetting.rows import MailboxRows
from shared.policy.permission import Permission
from shared.storage.deletion.pair_rows import PairRows
from shared.storage.followed.deletion import FollowedRows
from shared.storage.room_lists import RoomLists, room_list_id_of
from shared.storage.rooms.readings import RoomReadings
from shared.storage.watches import Watch, Watches, watch_id_of
from shared.subscriptions.endings import Endings
from shared.subscriptions.unknown.unknown_cleanup import GRAPH_ERROR, ONLY_SUBSCRIPTION, UnknownCleanup
from shared.unreadable_rows import Unreadable
from shared.watches.graph_errors import rejection_of

TRY_AGAIN_AFTER = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many of each kind were deleted, and whether the allow-list still names the mailbox; None if that is unknown.

    One that it names may be set up again.
    """

    counts: Counter[str]
    allowed: bool | None


@dataclass(frozen=True, slots=True)
class _Names:
    """What names a mailbox: the address that was given, all its addresses in lower case, and its watches."""

    address: str
    addresses: frozenset[str]
    watches: tuple[Watch, ...]

    @property
    def watch_id(self) -> str:
        """The id of the watch of the given address, also if there is none."""
        return watch_id_of(self.address)

    @property
    def user_ids(self) -> set[str]:
        """The object ids of the mailbox, as far as its watches name them."""
        return {each.user_id.lower() for each in self.watches if each.user_id}


@dataclass(frozen=True)
class MailboxForgetting:
    """Forgets mailboxes. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    watches: Watches
    room_lists: RoomLists
    endings: Endings
    unknown: UnknownCleanup
    rows: MailboxRows
    pairs: PairRows
    permission: Permission
    followed: FollowedRows
    room_readings: RoomReadings

    def forget(self, mailbox: str, caller: str) -> Forgotten:
        """Forget a mailbox by one of its addresses. Idempotent; works also if it is not watched any more.

        Raises RequestRejected 409 for a room that a watched room list would bring back, and for a room list.
        """
        address = checked_address("mailbox", mailbox)
        self._check_room_list(address)
        names = self._names_of(address)
        for watch in names.watches:
            self._check_room(watch)
        counts = self._forget(names, lambda _: True)
        telemetry.audit("forget", caller, subscription=watch_id_of(address), number=counts.total())
        return Forgotten(counts, self._may_be_listed(address))

    def forget_if(self, mailbox: str, only_if: Callable[[Watch], bool]) -> Counter[str]:
        """Forget an address without a request, if its watch fulfils a condition at the moment of its removal, or there
        is none; return how many of each kind were deleted. Other addresses of the same mailbox may be allowed.
        """
        address = mailbox.lower()
        watch = self.watches.get(watch_id_of(address))
        if watch is not None and not only_if(watch):
            return Counter()
        return self._forget(_Names(address, frozenset([address]), (watch,) if watch is not None else ()), only_if)

    def _names_of(self, address: str) -> _Names:
        """Return what names the mailbox of an address: also a watch under a former address, or an alias.

        Raises ServiceUnavailable if such a row cannot be read: its subscription may still stand.
        """
        own = self.watches.get(watch_id_of(address))
        found = [*([own] if own is not None else []), *self._select("new_address", address)]
        present = [self.watches.get(watch_id_of(each.new_address)) for each in found if each.new_address]
        found += [each for each in present if each is not None]
        ids = {each.user_id for each in found if each.user_id}  # storage compares letter by letter
        for user_id in ids | {each.lower() for each in ids} | {each.upper() for each in ids}:
            found += self._select("user_id", user_id)
        watches = tuple({each.id: each for each in found}.values())
        given = [each.lower() for watch in watches for each in (watch.mailbox, watch.new_address) if each]
        return _Names(address, frozenset([address, *given]), watches)

    def _select(self, column: str, value: str) -> list[Watch]:
        rows = list(self.watches.select(f"{column} eq @value", {"value": value}))
        if unreadable := [row.key for row in rows if isinstance(row, Unreadable)]:
            raise ServiceUnavailable("storage", f"holds a row that this version cannot read: {unreadable[0]}")
        return [row for row in rows if isinstance(row, Watch)]

    def _forget(self, names: _Names, only_if: Callable[[Watch], bool]) -> Counter[str]:
        """Delete what the names say. The watch of the given address is the last: until then the next call finds the
        other names, too.
        """
        others = [watch for watch in names.watches if watch.id != names.watch_id]
        counts = sum((self._removed(watch, only_if) for watch in others), Counter[str]())
        for address in names.addresses - {names.address}:
            counts += self._rows_deleted(address, names.user_ids)
        counts["roomReadings"] += sum(map(self.room_readings.forget, names.addresses))
        counts += Counter({"followedAppointments": sum(map(self.followed.forget, names.addresses))})
        mailboxes = {*names.addresses, *names.user_ids}
        counts += self._unknown_deleted(mailboxes, (GRAPH_ERROR,))
        counts += sum((self._removed(watch, only_if) for watch in names.watches if watch not in others), Counter[str]())
        if self.watches.find(names.watch_id) is not None:
            return counts  # it is wanted again: what is left belongs to it
        counts += self._rows_deleted(names.address, names.user_ids)
        return counts + self._unknown_deleted(mailboxes, (GRAPH_ERROR, ONLY_SUBSCRIPTION))

    def _rows_deleted(self, address: str, user_ids: Collection[str]) -> Counter[str]:
        """Delete the rows of an address. Pairs outlive their watch otherwise: without them a calendar that is followed
        again would get every event a second time.
        """
        watch_id = watch_id_of(address)
        pairs = Counter({"pairs": self.pairs.forget(watch_id, user_ids)})
        return self.rows.forget_slots(address) + self.rows.forget(watch_id) + pairs

    def _removed(self, watch: Watch, only_if: Callable[[Watch], bool]) -> Counter[str]:
        try:
            return self.endings.remove(watch.id, only_if) or Counter()
        except GraphError as error:
            raise rejection_of(error) from error

    def _unknown_deleted(self, mailboxes: set[str], refused: Collection[str]) -> Counter[str]:
        """Delete the subscriptions that no row names, and return how many. Raises RequestRejected 503 if one may still
        stand, because of one of the reasons in `refused`.
        """
        result = self.unknown.delete_of(mailboxes)
        if result.left or any(why in refused for _, why in result.kept):
            text = "A subscription of this mailbox at Graph could not be deleted. Repeat the call after Retry-After."
            raise RequestRejected(problems.GRAPH_UNAVAILABLE, text, TRY_AGAIN_AFTER)
        return Counter({"unknownSubscriptions": result.deleted + result.ended})

    def _check_room_list(self, address: str) -> None:
        if self.room_lists.find(room_list_id_of(address)) is not None:
            text = f"This is a watched room list. Remove it: DELETE /api/room-lists/{room_list_id_of(address)}."
            raise RequestRejected(problems.PART_OF_ROOM_LIST, text)

    def _check_room(self, watch: Watch) -> None:
        """Raise RequestRejected 409 for a room that the next run would watch again."""
        if watch.room_lists and self._may_be_listed(watch.mailbox) is not False:
            lists = ", ".join(watch.room_lists.split())
            text = (
                "The room belongs to a watched room list, which would bring it back. First take it off "
                f"ALLOWED_MAILBOXES or off the list, or remove the list: DELETE /api/room-lists/{lists}."
            )
            raise RequestRejected(problems.PART_OF_ROOM_LIST, text)

    def _may_be_listed(self, mailbox: str) -> bool | None:
        """Return whether the allow-list names a mailbox; None while that is unknown."""
        return self.permission.may(None, mailbox, "", "relay", "audit").allowed
