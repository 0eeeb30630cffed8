"""The doctor's look at the permissions of the feature bookings, which Entra ID alone grants: the token names them."""

from __future__ import annotations

from shared.config import Settings
from shared.doctor.finding import Failed, Finding, found, untold
from shared.doctor.request import Examined
from shared.errors import RelayError
from shared.features import BY_NAME

NEEDED = frozenset(BY_NAME["bookings"].permissions)
(CANCELLING,) = BY_NAME["bookings"].optional_permissions
_GRANT = (
    "Grant it in Entra ID: Grant-RelayPermission.ps1 -Feature bookings. A token that exists already knows nothing of "
    "it: give an app registration an hour or so, a managed identity a day."
)
_FIRST = "Put token right first."


def roles_of_bookings(settings: Settings) -> frozenset[str]:
    """Return the permissions that may be granted for the feature; none while it is off."""
    return NEEDED | {CANCELLING} if "bookings" in settings.switched_on else frozenset()


def bookings(parts: Examined) -> list[Finding]:
    """Tell whether the token carries what the feature needs; nothing while it is off."""
    return [found("bookings", lambda: _look(parts), _FIRST)] if "bookings" in parts.settings.switched_on else []


def _look(parts: Examined) -> str:
    try:
        roles = parts.graph_probe().roles()
    except RelayError:
        raise untold("cannot be told without a token", _FIRST) from None
    if missing := sorted(NEEDED - roles):
        raise Failed(f"the feature is on, and the token carries no {', '.join(missing)}", _GRANT)
    told = f"the token carries {', '.join(sorted(NEEDED))}"
    return told if CANCELLING in roles else f"{told}; without {CANCELLING} no message can be sent at a cancellation"
