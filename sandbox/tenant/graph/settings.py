"""The settings of the simulated Graph: the seed gives them, control changes them, each use reads them anew."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: dict[str, Any] = {
    "seed": 0,  # of everything random, so that a run's hints can be had again
    "flipSeconds": 2.0,  # tenant's seconds until a room processes a booking
    "hintsPerChange": [2, 4],  # least and most notifications of one change
    "hintSpreadSeconds": 0.3,  # tenant's seconds over which they come
    "batchSeconds": 0.1,  # tenant's seconds in which notifications for one URL are collected
    "batchMax": 100,  # most notifications in one POST
    "shuffle": True,  # whether their order is lost
    "handshakeSeconds": 10.0,  # real seconds for an endpoint's validation
    "firstAnswerSeconds": 3.0,  # real seconds for the answer to a first attempt
    "laterAnswerSeconds": 10.0,  # real seconds for the answer to a retry
    "judgedAfter": 20,  # answers of an endpoint within ten minutes before it can be found slow
    "tokenSeconds": 0.0,  # tenant's seconds for which a subscription's access token lives; 0: for ever, as app-only
    "retrySeconds": 10.0,  # tenant's seconds before the first retry; each later pause is twice as long
    "latencySeconds": 0.01,  # real seconds that Exchange takes for a call, at least
    "subscriptionPage": 100,  # subscriptions in one page of the list
    "bookingsHiddenSeconds": 0.0,  # tenant's seconds until a new appointment shows in lists
    "bookingsFound": 500,  # businesses that a search may find before Bookings gives up
    "roomLists": {},  # room addresses by the address of their list
}


def setting(settings: Mapping[str, Any], name: str) -> Any:
    """Return a setting, or its default."""
    return settings.get(name, DEFAULTS[name])


def check(changes: Mapping[str, Any]) -> None:
    """Raise ValueError for a name that is no setting of Graph, or a value of another kind than its default."""
    for name, value in changes.items():
        if name not in DEFAULTS:
            raise ValueError(f"unknown: {name}; known: {', '.join(DEFAULTS)}")
        default = DEFAULTS[name]
        number = isinstance(default, int | float) and not isinstance(default, bool)
        if number and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name}: not a number of at least 0")
        if not number and not isinstance(value, type(default)):
            raise ValueError(f"{name}: of another kind than {default!r}")
    _check_hints(changes.get("hintsPerChange", [1, 1]))


def _check_hints(bounds: list[Any]) -> None:
    """Raise ValueError unless these are the least and most hints of a change."""
    if len(bounds) != 2 or not all(type(one) is int for one in bounds) or not 1 <= bounds[0] <= bounds[1]:
        raise ValueError("hintsPerChange: not [least, most], of at least 1")
