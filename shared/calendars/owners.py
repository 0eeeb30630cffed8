"""Which calendars of an allowed mailbox may be used: its own, and those whose owner is allowed, too.

A mailbox also has the calendars that others shared with it; `owner` is then who shared it ("calendar resource type").
A calendar whose owner Graph does not name may be anybody's: it is not used. The default calendar is the mailbox's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import problems
from shared.api.graph_errors import NO_ITEM
from shared.errors import GraphNotFound, RequestRejected
from shared.policy.allow_list import Decision, forbidden

if TYPE_CHECKING:
    from shared.graph.calendars import Calendars
    from shared.policy.permission import Permission, Verb

_OF_ANOTHER = "This calendar belongs to another mailbox, which the customer's ALLOWED_MAILBOXES does not name."
_UNKNOWN = "Graph does not name the owner of this calendar, so that nobody knows whether it may be used."


@dataclass(frozen=True)
class CalendarOwners:
    """Holds the owners of calendars against the allow-list. Methods raise RequestRejected for a caller who may not use
    a calendar, 502 or 503 while that is unknown; and GraphError.
    """

    permission: Permission
    calendars: Calendars

    def usable(self, mailbox: str, verb: Verb) -> list[dict[str, Any]]:
        """Return the calendars of a mailbox that may be used; the others are left out, since names tell much."""
        every = self.calendars.all(mailbox)
        own = _own_addresses(mailbox, every)
        return [each for each in every if self._decide(each, own, verb).is_allowed()]

    def require(self, mailbox: str, calendar_id: str, verb: Verb) -> None:
        """Check a calendar by its id, before it is used; the default calendar has none."""
        if calendar_id:
            self._require(mailbox, self.calendars.get_calendar(mailbox, calendar_id), verb)

    def require_of_event(self, mailbox: str, event_id: str, verb: Verb) -> None:
        """Check the calendar of an event. An event that Graph does not find may be too new: it is not another's if the
        mailbox has no calendars of others.
        """
        try:
            calendar = self.calendars.of_event(mailbox, event_id)
        except GraphNotFound as error:
            if error.code not in NO_ITEM or self._has_others(mailbox, verb):
                raise
        else:
            self._require(mailbox, calendar, verb)

    def _has_others(self, mailbox: str, verb: Verb) -> bool:
        """Return whether a mailbox may have calendars that cannot be used; True if the list lacks its default one."""
        every = self.calendars.all(mailbox)
        own = _own_addresses(mailbox, every)
        is_whole = any(map(_is_default, every))
        return not (is_whole and all(self._decide(each, own, verb).allowed for each in every))

    def _require(self, mailbox: str, calendar: Mapping[str, Any], verb: Verb) -> None:
        if self._decide(calendar, {mailbox}, verb).allowed is not True:
            # The mailbox may have been named by another of its addresses than that in its calendars.
            own = {mailbox, _owner_of(self.calendars.get_calendar(mailbox, ""))} - {""}
            self._decide(calendar, own, verb).require()

    def _decide(self, calendar: Mapping[str, Any], own: set[str], verb: Verb) -> Decision:
        """Return whether a calendar may be used. `own`: the addresses of its mailbox."""
        owner = _owner_of(calendar)
        if owner in own or (not owner and _is_default(calendar)):
            return Decision(allowed=True)
        if not owner:
            return forbidden(RequestRejected(problems.MAILBOX_NOT_ALLOWED, _UNKNOWN), "mailbox")
        decision = self.permission.may(None, owner, "", "partner", verb)
        if decision.cause != "mailbox":
            return decision
        return forbidden(RequestRejected(problems.MAILBOX_NOT_ALLOWED, _OF_ANOTHER), "mailbox")


def _own_addresses(mailbox: str, calendars: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the addresses of a mailbox: that of the call, and the owner of its default calendar."""
    return ({mailbox} | {_owner_of(each) for each in calendars if _is_default(each)}) - {""}


def _is_default(calendar: Mapping[str, Any]) -> bool:
    return calendar.get("isDefaultCalendar") is True


def _owner_of(calendar: Mapping[str, Any]) -> str:
    """Return the address of the owner in lower case; empty if Graph names none."""
    owner = calendar.get("owner")
    address = owner.get("address") if isinstance(owner, Mapping) else None
    return address.strip().lower() if isinstance(address, str) else ""
