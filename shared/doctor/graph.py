"""The doctor's checks of Graph: the token, the clock, and room lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.doctor.bookings import roles_of_bookings
from shared.doctor.finding import Failed, Finding, check, inconclusive
from shared.doctor.permissions import defeating
from shared.errors import GraphForbidden, GraphNotFound, RelayError

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.diagnostics import GraphDiagnostics
    from shared.policy.allow_list import AllowList
    from shared.storage.room_lists import RoomLists

LARGEST_SKEW = timedelta(minutes=5)  # with more, signatures and tokens are rejected
ROOM_LIST_ROLE = "Place.Read.All"
TRY_AGAIN = "Try again soon; Microsoft 365's service health shows whether Graph is down."
_LOGIN = "Check TENANT_ID and CLIENT_ID, and put a client secret or certificate that has not expired into the vault."
FOR_EXCHANGE = "Calendars."  # what the relay uses: Exchange grants it for single mailboxes
_EVERY_CALENDAR = (
    "; calendar permissions from Entra ID apply to every calendar of the tenant, regardless of Exchange's scope"
)
_GRANT = "python -m relay_admin entra grant relay --app-id CLIENT_ID --feature"
_LATER = "Existing tokens do not contain it: wait an hour for an app registration, a day for a managed identity."
_REVOKE = "python -m relay_admin entra revoke relay --app-id CLIENT_ID --permission"
_FIRST_IN_EXCHANGE = (
    "Grant what the relay needs in Exchange, which takes up to two hours: infra/exchange/Grant-RelayMailboxAccess.ps1. "
    "Then revoke it in Entra ID: "
)


@dataclass(frozen=True)
class GraphChecks:
    """The checks that are the same for all mailboxes. `allow_list` reads its setting when it is called."""

    settings: Settings
    graph_diagnostics: Callable[[], GraphDiagnostics]
    allow_list: AllowList
    room_lists: RoomLists
    now: Callable[[], datetime]

    def check_token(self) -> list[Finding]:
        """Request a token, and report permissions that Entra ID has granted beyond the need.

        Grants add up, and Exchange's grants are in no token: a calendar permission in a token was granted by Entra ID,
        and bypasses Exchange's scope. ("Role Based Access Control for Applications in Exchange Online")
        """
        return [check("token", self._token, _LOGIN)]

    def check_clock(self) -> list[Finding]:
        """Compare the relay's clock with Graph's."""
        return [check("clock", self._clock, TRY_AGAIN)]

    def check_room_lists(self) -> list[Finding]:
        """Test Place.Read.All, if any room list is used."""
        return [check("roomLists", self._room_lists, TRY_AGAIN)]

    def check_rooms(self) -> list[Finding]:
        """Read one room of the tenant; empty while the feature rooms is off."""
        return [check("rooms", self._rooms, TRY_AGAIN)] if "rooms" in self.settings.switched_on else []

    def _token(self) -> str:
        roles = self.graph_diagnostics().roles()
        if surplus := sorted(roles - {ROOM_LIST_ROLE} - roles_of_bookings(self.settings)):
            raise _surplus_roles(surplus)
        return (
            f"login returns a token; Entra ID has granted {', '.join(sorted(roles)) or 'nothing (Exchange may have)'}"
        )

    def _clock(self) -> str:
        server_time = self.graph_diagnostics().server_time()
        if server_time is None:
            raise inconclusive("Graph does not return its time", TRY_AGAIN)
        skew = self.now() - server_time
        seconds = round(skew.total_seconds())
        detail = f"the relay's clock is {abs(seconds)} s {'behind' if seconds < 0 else 'ahead of'} Graph's"
        if abs(skew) > LARGEST_SKEW:
            remedy = "Restart the app: its host's clock is wrong. Signatures and tokens are rejected until then."
            raise Failed(detail, remedy)
        return detail

    def _room_lists(self) -> str:
        lists = {*self.allow_list.room_lists, *(room_list.address for room_list in self.room_lists.all())}
        if not lists:
            return f"no room list is used, so {ROOM_LIST_ROLE} is not needed"
        try:
            diagnostics_with_token(self.graph_diagnostics).read_room_list(min(lists))
        except GraphForbidden as error:
            remedy = f"Grant {ROOM_LIST_ROLE} in Entra ID: {_GRANT} room-lists"
            raise Failed(f"room lists cannot be read: {error}", remedy) from None
        except GraphNotFound as error:
            remedy = "Correct its address in ALLOWED_MAILBOXES, or remove the room list."
            raise Failed(f"{min(lists)} is not a room list: {error}", remedy) from None
        return f"{min(lists)} can be read"

    def _rooms(self) -> str:
        try:
            diagnostics_with_token(self.graph_diagnostics).read_rooms()
        except GraphForbidden as error:
            remedy = f"Grant {ROOM_LIST_ROLE} in Entra ID: {_GRANT} rooms. {_LATER}"
            raise Failed(f"FEATURES includes rooms, but rooms cannot be read: {error}", remedy) from None
        return "rooms can be read"


def _surplus_roles(surplus: list[str]) -> Failed:
    """Return the failure for permissions that Entra ID should not have granted, and which defeat Exchange's scope."""
    detail = f"the token contains more than is needed: {', '.join(surplus)}"
    used = [role for role in surplus if role.startswith(FOR_EXCHANGE)]
    if used:
        detail += _EVERY_CALENDAR
    for why, names in defeating([role for role in surplus if role not in used]).items():
        detail += f"; {', '.join(names)} from Entra ID defeats Exchange's scope: {why}"
    return Failed(detail, f"{_FIRST_IN_EXCHANGE if used else 'Revoke it in Entra ID: '}{_REVOKE} {','.join(surplus)}")


def diagnostics_with_token(graph_diagnostics: Callable[[], GraphDiagnostics]) -> GraphDiagnostics:
    """Return diagnostics with a token. Raises Failed (inconclusive) without one, which the check token reports."""
    diagnostics = graph_diagnostics()
    try:
        diagnostics.roles()
    except RelayError:
        raise inconclusive("cannot be checked without a token", "Fix the finding token first.") from None
    return diagnostics
