"""What the partner, the directory and the administrator want: which subscriptions have to live, and which may end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.schedules.process import BEFORE
from tests.schedules.site import UNREADABLE

if TYPE_CHECKING:
    from tests.schedules.process import Process
    from tests.schedules.site import Site

LISTS = ("list0@contoso.com", "list1@contoso.com")
ALL_ALLOWED = "@contoso.com," + ",".join(f"roomlist:{each}" for each in LISTS)
REMEMBERED = timedelta(hours=2)  # a room that left and came back: a removal that began before may still end it


class Desires:
    """The desires of a run. `ending` are mailboxes of which somebody wished the end since they were last settled."""

    def __init__(self, site: Site, processes: Sequence[Process]) -> None:
        self._site, self.processes = site, processes
        self.partner: dict[str, bool] = {}
        self.lists: dict[str, bool] = dict.fromkeys(LISTS, False)
        self.ending: set[str] = set()
        self.left_at: dict[str, datetime] = {}
        self.forgotten: set[str] = set()

    def is_wanted(self, mailbox: str) -> bool:
        """Return whether the mailbox is to be watched, if that is allowed."""
        of_lists = (self._site.directory.rooms[each] for each, wanted in self.lists.items() if wanted)
        return self.partner.get(mailbox, False) or any(mailbox in rooms for rooms in of_lists)

    def is_allowed(self, mailbox: str) -> bool:
        """Return whether the present settings allow the mailbox."""
        return self._allows(self._site.given["ALLOWED_MAILBOXES"], mailbox)

    def forbids(self, given: Mapping[str, str], mailbox: str) -> bool:
        """Return whether settings forbid a mailbox, or did so before its room came back to its list."""
        left = self.left_at.get(mailbox)
        has_left = left is not None and self._site.now() - left < REMEMBERED
        return has_left or not self._allows(given["ALLOWED_MAILBOXES"], mailbox)

    def may_end(self, mailbox: str) -> bool:
        """Return whether somebody asked for the end of the mailbox's subscription, or did so a short time ago."""
        left = self.left_at.get(mailbox)
        has_left = left is not None and self._site.now() - left < REMEMBERED
        settings = [self._site.given, *(process.given for process in self.processes)]
        forbids = any(not self._allows(given["ALLOWED_MAILBOXES"], mailbox) for given in settings)
        return mailbox in self.ending | self.forgotten or has_left or forbids or not self.is_wanted(mailbox)

    def runs_before(self) -> bool:
        """Return whether a process of the version before runs."""
        return any(each.version == BEFORE for each in self.processes)

    def addresses(self) -> list[tuple[str, str]]:
        """Return the URLs for notifications and lifecycle notifications, by each setting in use."""
        bases = {each["PUBLIC_BASE_URL"] for each in [self._site.given, *(process.given for process in self.processes)]}
        return [(f"{base}/api/notifications", f"{base}/api/lifecycle") for base in sorted(bases)]

    def restored(self) -> None:
        """Note the mailboxes whose latest request the restored storage does not hold, until it is made again."""
        rows = self._site.tables["watches"].rows.values()
        asked = {row["mailbox"] for row in rows if row["PartitionKey"] == "watch" and row.get("asked")}
        lists = {row["address"] for row in rows if row["PartitionKey"] == "roomlist"}
        missing = [
            self._site.directory.rooms[each]
            for each, is_wanted in self.lists.items()
            if is_wanted and each not in lists
        ]
        of_partner = {mailbox for mailbox, is_wanted in self.partner.items() if is_wanted and mailbox not in asked}
        self.forgotten |= of_partner.union(*missing)

    def has_row(self, mailbox: str) -> bool:
        """Return whether storage has a row of the mailbox."""
        rows = self._site.tables["watches"].rows.partition("watch")
        return any(row.get("mailbox") == mailbox for row in rows)

    def is_unreadable(self, mailbox: str) -> bool:
        """Return whether no version can read the row of the mailbox now."""
        rows = self._site.tables["watches"].rows.partition("watch")
        return any(row.get("mailbox") == mailbox and str(row["created"]).startswith(UNREADABLE) for row in rows)

    def accepted(self, mailbox: str) -> None:
        """Note that a set-up call was accepted: whatever asked for an end before must not end it any more."""
        self.ending.discard(mailbox)
        self.forgotten.discard(mailbox)
        self.left_at.pop(mailbox, None)

    def left(self, mailbox: str) -> None:
        """Note that a room left its list."""
        self.left_at[mailbox] = self._site.now()

    def _allows(self, setting: str, mailbox: str) -> bool:
        entries = [each.strip() for each in setting.split(",")]
        lists = (each.removeprefix("roomlist:") for each in entries if each.startswith("roomlist:"))
        is_room = any(mailbox in self._site.directory.rooms.get(each, ()) for each in lists)
        return is_room or mailbox in entries or "@" + mailbox.partition("@")[2] in entries
