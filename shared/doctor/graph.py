"""The doctor's look at Graph: the token, the clock, and which mailboxes can be read and which cannot."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.doctor.bookings import roles_of_bookings
from shared.doctor.finding import Failed, Finding, found, untold
from shared.doctor.request import MOST_MAILBOXES, Examined, Wish
from shared.errors import GraphError, GraphForbidden, GraphNotFound, RelayError
from shared.features import FEATURES

if TYPE_CHECKING:
    from shared.graph.diagnostics import GraphDiagnostics

LARGEST_SKEW = timedelta(minutes=5)  # more, and signatures and tokens are refused
CALENDARS, PLACES, WRITE = "Calendars.Read", "Place.Read.All", "Calendars.ReadWrite"
FOR_EXCHANGE = "Calendars."  # what it can grant for some mailboxes; in a token it holds for every mailbox of the tenant
WRITERS = frozenset(feature.name for feature in FEATURES if feature.writes_calendars)
_LOGIN = "Check TENANT_ID and CLIENT_ID, and put a client secret or certificate that has not expired into the vault."
_AGAIN = "Try again soon; Microsoft 365's service health tells whether Graph is away."
# The scripts are those of infra/permissions.
_GRANT = (
    "Grant it in Exchange, for the mailboxes that the relay may read: Grant-RelayMailboxAccess.ps1. If that was done, "
    "Test-RelayMailboxAccess.ps1 tells what Exchange thinks. It needs up to two hours to know."
)
_FIRST_IN_EXCHANGE = (
    "Grant what the relay needs in Exchange, which takes up to two hours: Grant-RelayMailboxAccess.ps1. Then take it "
    "away in Entra ID: "
)
_WIDEN = (
    "Add the mailbox to the group that the scope in Exchange is made of, or watch it no more; "
    "Test-RelayMailboxAccess.ps1 tells what Exchange thinks. It needs up to two hours to know."
)
_NARROW = (
    "Narrow the scope: take the mailbox out of the group that it is made of, and remove what Entra ID has granted for "
    "the whole tenant (Revoke-RelayPermission.ps1), because grants add up."
)


def token(parts: Examined) -> Finding:
    """Ask login for a token, and tell what Entra ID has granted beyond the need.

    Grants add up, and what Exchange grants is in no token: a permission on calendars that is in one was granted by
    Entra ID, and defeats Exchange's scope. ("Role Based Access Control for Applications in Exchange Online")
    """

    def look() -> str:
        roles = parts.graph_probe().roles()
        if surplus := sorted(roles - {PLACES} - roles_of_bookings(parts.settings)):
            raise _too_much(surplus)
        return f"login gives a token; Entra ID has granted {', '.join(sorted(roles)) or 'nothing (Exchange may have)'}"

    return found("token", look, _LOGIN)


def _too_much(surplus: list[str]) -> Failed:
    """Return what to say about permissions that Entra ID should not have granted."""
    told = f"the token carries more than is needed: {', '.join(surplus)}"
    to_do = f"Revoke-RelayPermission.ps1 -AppId CLIENT_ID -Permission {','.join(surplus)}."
    if not any(role.startswith(FOR_EXCHANGE) for role in surplus):
        return Failed(told, f"Take it away in Entra ID: {to_do}")
    told += "; what Entra ID grants on calendars holds for every calendar of the tenant, whatever Exchange's scope says"
    return Failed(told, _FIRST_IN_EXCHANGE + to_do)


def clock(parts: Examined) -> Finding:
    """Compare our clock with Graph's."""

    def look() -> str:
        theirs = parts.graph_probe().moment()
        if theirs is None:
            raise untold("Graph does not tell its time", _AGAIN)
        skew = parts.now() - theirs
        seconds = round(skew.total_seconds())
        told = f"our clock is {abs(seconds)} s {'behind' if seconds < 0 else 'ahead of'} Graph's"
        if abs(skew) > LARGEST_SKEW:
            raise Failed(
                told, "Restart the app: its host's clock is wrong. Signatures and tokens are refused until then."
            )
        return told

    return found("clock", look, _AGAIN)


def allow_list(parts: Examined, wish: Wish) -> Finding:
    """Hold the mailboxes against ALLOWED_MAILBOXES."""

    def look() -> str:
        entries = parts.settings.allowed_mailboxes
        if not entries.strip():
            raise Failed(
                "ALLOWED_MAILBOXES is empty and allows none", "Name the mailboxes, domains or room lists in it."
            )
        try:
            missing = [one for one in wish.allowed if not parts.allow_list.allows(one)]
            surplus = [one for one in wish.refused if parts.allow_list.allows(one)]
        except GraphError:
            raise untold("cannot be told while a room list cannot be read", "Put roomLists right first.") from None
        if missing:
            raise Failed(f"ALLOWED_MAILBOXES does not hold {', '.join(missing)}", "Add them to ALLOWED_MAILBOXES.")
        if surplus:
            raise Failed(f"ALLOWED_MAILBOXES holds {', '.join(surplus)}", "Narrow ALLOWED_MAILBOXES.")
        return f"ALLOWED_MAILBOXES has {len(entries.split(','))} entries"

    return found("allowList", look, _AGAIN)


def room_lists(parts: Examined) -> Finding:
    """Try Place.Read.All, if room lists are used at all."""

    def look() -> str:
        lists = {*parts.allow_list.room_lists, *(one.address for one in parts.room_lists.all())}
        if not lists:
            return f"no room list is used, so {PLACES} is not needed"
        try:
            probe_with_token(parts).read_room_list(min(lists))
        except GraphForbidden as error:
            raise Failed(f"room lists cannot be read: {error}", f"Consent to {PLACES} in Entra ID.") from None
        except GraphNotFound as error:
            text = "Correct its address in ALLOWED_MAILBOXES, or remove the room list."
            raise Failed(f"{min(lists)} is no room list: {error}", text) from None
        return f"{min(lists)} can be read"

    return found("roomLists", look, _AGAIN)


def calendars(parts: Examined, wish: Wish) -> list[Finding]:
    """Read calendars: is the permission there at all, and is Exchange's scope as wide as it should be?"""
    tries = _Tries(parts, wish)
    return [found("calendarsRead", tries.permission, _AGAIN), found("exchangeScope", tries.scope, _AGAIN)]


class _Tries:
    """What came of reading each mailbox; each is read once."""

    def __init__(self, parts: Examined, wish: Wish) -> None:
        self._parts = parts
        self._wish = wish
        self._probe: GraphDiagnostics | None = None
        self._ends: dict[str, RelayError | None] = {}

    def permission(self) -> str:
        """Tell whether any calendar can be read."""
        if not (allowed := self._allowed()):
            raise untold("no mailbox is watched yet", "Name a mailbox that may be read: allowed.")
        ends = {mailbox: self._end(mailbox) for mailbox in allowed}
        if readable := [mailbox for mailbox, end in ends.items() if end is None]:
            return f"{readable[0]} can be read"
        refused = next((end for end in ends.values() if isinstance(end, GraphForbidden)), None)
        if refused is None:
            raise next(end for end in ends.values() if end is not None)
        names = ", ".join(ends)
        raise Failed(f"{names} cannot be read: Exchange grants no {CALENDARS}, or not for them ({refused})", _GRANT)

    def scope(self) -> str:
        """Tell whether what must be readable is, and whether what must not be is not."""
        allowed = self._allowed()
        outside = [one for one in allowed if isinstance(self._end(one), GraphForbidden)]
        if outside and len(outside) == len(allowed):
            raise untold("cannot be told while no calendar can be read", "Put calendarsRead right first.")
        if outside:
            raise Failed(f"Exchange's scope does not hold {', '.join(outside)}", _WIDEN)
        if lost := [one for one in (*allowed, *self._wish.refused) if isinstance(self._end(one), GraphNotFound)]:
            raise Failed(f"Graph knows no mailbox {', '.join(lost)}", "Correct the address, or give it a licence.")
        if surplus := [one for one in self._wish.refused if self._end(one) is None]:
            raise Failed(f"{', '.join(surplus)} can be read, which must not be so", _NARROW)
        if failed := [end for one in (*allowed, *self._wish.refused) if (end := self._unclear(one))]:
            raise failed[0]
        if not self._wish.refused:
            raise untold("nobody has named a mailbox that must be refused", "Name one to prove the scope: refused.")
        return f"{', '.join(allowed)} can be read, {', '.join(self._wish.refused)} cannot: as it should be"

    def _allowed(self) -> tuple[str, ...]:
        return wished_or_live(self._parts, self._wish)

    def _unclear(self, mailbox: str) -> RelayError | None:
        end = self._end(mailbox)
        return None if isinstance(end, GraphForbidden) else end

    def _end(self, mailbox: str) -> RelayError | None:
        if mailbox not in self._ends:
            try:
                self._asked().read_calendar(mailbox)
                self._ends[mailbox] = None
            except GraphError as error:
                self._ends[mailbox] = error
        return self._ends[mailbox]

    def _asked(self) -> GraphDiagnostics:
        self._probe = self._probe or probe_with_token(self._parts)
        return self._probe


def wished_or_live(parts: Examined, wish: Wish) -> tuple[str, ...]:
    """Return the mailboxes that are to be tried: those that are named, or else some that are watched."""
    live = (watch.mailbox for watch in parts.watches.page(MOST_MAILBOXES) if watch.state == "live")
    return wish.allowed or tuple(live)


def probe_with_token(parts: Examined) -> GraphDiagnostics:
    """Return a probe that has its token. Raises what says that this is another finding's matter."""
    probe = parts.graph_probe()
    try:
        probe.roles()
    except RelayError:
        raise untold("cannot be told without a token", "Put token right first.") from None
    return probe
