"""The doctor's look at Graph: the token, the clock, and room lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.doctor.bookings import roles_of_bookings
from shared.doctor.finding import Failed, Finding, check, inconclusive
from shared.errors import GraphForbidden, GraphNotFound, RelayError

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.diagnostics import GraphDiagnostics
    from shared.policy.allow_list import AllowList
    from shared.storage.room_lists import RoomLists

LARGEST_SKEW = timedelta(minutes=5)  # more, and signatures and tokens are refused
ROOM_LIST_ROLE = "Place.Read.All"
FOR_EXCHANGE = "Calendars."  # what it can grant for some mailboxes; in a token it holds for every mailbox of the tenant
TRY_AGAIN = "Try again soon; Microsoft 365's service health tells whether Graph is away."
_LOGIN = "Check TENANT_ID and CLIENT_ID, and put a client secret or certificate that has not expired into the vault."
_FIRST_IN_EXCHANGE = (  # the scripts are those of infra/permissions
    "Grant what the relay needs in Exchange, which takes up to two hours: Grant-RelayMailboxAccess.ps1. Then take it "
    "away in Entra ID: "
)


@dataclass(frozen=True)
class GraphChecks:
    """Tries what is the same for all mailboxes. `allow_list` reads a setting when it is called."""

    settings: Settings
    graph_diagnostics: Callable[[], GraphDiagnostics]
    allow_list: AllowList
    room_lists: RoomLists
    now: Callable[[], datetime]

    def check_token(self) -> list[Finding]:
        """Ask login for a token, and name what Entra ID has granted beyond the need.

        Grants add up, and what Exchange grants is in no token: a permission on calendars that is in one was granted by
        Entra ID, and defeats Exchange's scope. ("Role Based Access Control for Applications in Exchange Online")
        """
        return [check("token", self._token, _LOGIN)]

    def check_clock(self) -> list[Finding]:
        """Compare our clock with Graph's."""
        return [check("clock", self._clock, TRY_AGAIN)]

    def check_room_lists(self) -> list[Finding]:
        """Try Place.Read.All, if room lists are used at all."""
        return [check("roomLists", self._room_lists, TRY_AGAIN)]

    def _token(self) -> str:
        roles = self.graph_diagnostics().roles()
        if surplus := sorted(roles - {ROOM_LIST_ROLE} - roles_of_bookings(self.settings)):
            raise _surplus_roles(surplus)
        return f"login gives a token; Entra ID has granted {', '.join(sorted(roles)) or 'nothing (Exchange may have)'}"

    def _clock(self) -> str:
        server_time = self.graph_diagnostics().server_time()
        if server_time is None:
            raise inconclusive("Graph does not tell its time", TRY_AGAIN)
        skew = self.now() - server_time
        seconds = round(skew.total_seconds())
        detail = f"our clock is {abs(seconds)} s {'behind' if seconds < 0 else 'ahead of'} Graph's"
        if abs(skew) > LARGEST_SKEW:
            remedy = "Restart the app: its host's clock is wrong. Signatures and tokens are refused until then."
            raise Failed(detail, remedy)
        return detail

    def _room_lists(self) -> str:
        lists = {*self.allow_list.room_lists, *(room_list.address for room_list in self.room_lists.all())}
        if not lists:
            return f"no room list is used, so {ROOM_LIST_ROLE} is not needed"
        try:
            diagnostics_with_token(self.graph_diagnostics).read_room_list(min(lists))
        except GraphForbidden as error:
            raise Failed(f"room lists cannot be read: {error}", f"Consent to {ROOM_LIST_ROLE} in Entra ID.") from None
        except GraphNotFound as error:
            remedy = "Correct its address in ALLOWED_MAILBOXES, or remove the room list."
            raise Failed(f"{min(lists)} is no room list: {error}", remedy) from None
        return f"{min(lists)} can be read"


def _surplus_roles(surplus: list[str]) -> Failed:
    """Return the failure for permissions that Entra ID should not have granted."""
    detail = f"the token carries more than is needed: {', '.join(surplus)}"
    revoke = f"Revoke-RelayPermission.ps1 -AppId CLIENT_ID -Permission {','.join(surplus)}."
    if not any(role.startswith(FOR_EXCHANGE) for role in surplus):
        return Failed(detail, f"Take it away in Entra ID: {revoke}")
    detail += (
        "; what Entra ID grants on calendars holds for every calendar of the tenant, whatever Exchange's scope says"
    )
    return Failed(detail, _FIRST_IN_EXCHANGE + revoke)


def diagnostics_with_token(graph_diagnostics: Callable[[], GraphDiagnostics]) -> GraphDiagnostics:
    """Return diagnostics that have their token. Raises Failed, inconclusive, without one: another check names that."""
    diagnostics = graph_diagnostics()
    try:
        diagnostics.roles()
    except RelayError:
        raise inconclusive("cannot be told without a token", "Put token right first.") from None
    return diagnostics
