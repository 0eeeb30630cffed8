"""The settings of the simulated Graph: set by the seed, changed by control, read at each use."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: dict[str, Any] = {
    "seed": 0,  # of all random choices, so that runs can be repeated
    "flipSeconds": 2.0,  # tenant's seconds until a room processes a booking
    "hintsPerChange": [2, 4],  # minimum and maximum of notifications per change
    "hintSpreadSeconds": 0.3,  # tenant's seconds over which they are spread
    "batchSeconds": 0.1,  # tenant's seconds in which notifications for one URL are collected
    "batchMax": 100,  # maximum of notifications in one POST
    "shuffle": True,  # whether to shuffle them
    "handshakeSeconds": 10.0,  # real seconds for an endpoint's validation
    "firstAnswerSeconds": 3.0,  # real seconds for the answer to a first attempt
    "laterAnswerSeconds": 10.0,  # real seconds for the answer to a retry
    "judgedAfter": 20,  # responses of an endpoint within ten minutes before its health is judged
    "tokenSeconds": 0.0,  # tenant's seconds until a subscription's access token expires; 0: never, as app-only
    "retrySeconds": 10.0,  # tenant's seconds before the first retry; each later pause is twice as long
    "latencySeconds": 0.01,  # real seconds that a call to Exchange takes at least
    "subscriptionPage": 100,  # subscriptions in one page of the list
    "longestMinutes": 10_080,  # maximum lifetime of a subscription
    "longestText": "minutes",  # how a refusal says it: "minutes", "span" (of .NET) or "none"
    "validatesPatchedUrl": True,  # whether a PATCH of notificationUrl validates it: not documented
    "bookingsHiddenSeconds": 0.0,  # tenant's seconds until lists include a new appointment
    "bookingsFound": 500,  # maximum of businesses that a search may find
    "directoryPage": 100,  # most objects on a page of the directory
    "directoryLagReads": 0,  # reads until the directory shows a write
    "directoryLagSeconds": 0.0,  # tenant's seconds until it does
    "directoryEmpty": "empty",  # how it writes lists without items: empty, null or missing
    "roomLists": {},  # addresses of rooms by address of their room list
    "places": {},  # properties of rooms by their address, such as {"capacity": 8}
    "distributionLists": {},  # addresses of members by address of their distribution list
}


def setting(settings: Mapping[str, Any], name: str) -> Any:
    """Return a setting, or its default."""
    return settings.get(name, DEFAULTS[name])


def check(changes: Mapping[str, Any]) -> None:
    """Raise ValueError for an unknown name, or a value whose type differs from the default."""
    for name, value in changes.items():
        if name not in DEFAULTS:
            raise ValueError(f"unknown: {name}; known: {', '.join(DEFAULTS)}")
        default = DEFAULTS[name]
        number = isinstance(default, int | float) and not isinstance(default, bool)
        if number and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name}: not a number of at least 0")
        if not number and not isinstance(value, type(default)):
            raise ValueError(f"{name}: of another type than {default!r}")
    _check_hints(changes.get("hintsPerChange", [1, 1]))
    if changes.get("longestText", "none") not in ("minutes", "span", "none"):
        raise ValueError("longestText: one of minutes, span, none")
    if changes.get("directoryEmpty", "empty") not in ("empty", "null", "missing"):
        raise ValueError("directoryEmpty: one of empty, null, missing")
    if changes.get("directoryPage", 1) < 1:
        raise ValueError("directoryPage: at least 1")


def _check_hints(bounds: list[Any]) -> None:
    """Raise ValueError unless these are the minimum and maximum of notifications per change."""
    if len(bounds) != 2 or not all(type(bound) is int for bound in bounds) or not 1 <= bounds[0] <= bounds[1]:
        raise ValueError("hintsPerChange: not [least, most], of at least 1")
