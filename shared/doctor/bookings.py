"""The doctor's look at the permissions of the feature bookings, which Entra ID alone grants: the token names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.doctor.finding import Failed, Finding, check, inconclusive
from shared.errors import RelayError
from shared.features import BY_NAME

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.diagnostics import GraphDiagnostics

FEATURE = BY_NAME["bookings"]
NEEDED = frozenset(FEATURE.permissions)
(CANCELLING,) = FEATURE.optional_permissions
_GRANT = (
    "Grant it in Entra ID: Grant-RelayPermission.ps1 -Feature bookings. A token that exists already knows nothing of "
    "it: give an app registration an hour or so, a managed identity a day."
)
_FIRST = "Put token right first."


def roles_of_bookings(settings: Settings) -> frozenset[str]:
    """Return the permissions that may be granted for the feature; none while it is off."""
    return NEEDED | {CANCELLING} if "bookings" in settings.switched_on else frozenset()


@dataclass(frozen=True)
class BookingsPermissionCheck:
    """Compares the token with what the feature needs."""

    settings: Settings
    graph_diagnostics: Callable[[], GraphDiagnostics]

    def run(self) -> list[Finding]:
        """Return whether the token carries what the feature needs; nothing while it is off."""
        return [check("bookings", self._roles, _FIRST)] if "bookings" in self.settings.switched_on else []

    def _roles(self) -> str:
        try:
            roles = self.graph_diagnostics().roles()
        except RelayError:
            raise inconclusive("cannot be told without a token", _FIRST) from None
        if missing := sorted(NEEDED - roles):
            raise Failed(f"the feature is on, and the token carries no {', '.join(missing)}", _GRANT)
        detail = f"the token carries {', '.join(sorted(NEEDED))}"
        if CANCELLING in roles:
            return detail
        return f"{detail}; without {CANCELLING} no message can be sent at a cancellation"
