"""Who calls, and what they may do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

READ, SETUP, ADMIN = "Relay.Read", "Relay.Setup", "Relay.Admin"  # app roles of the relay's registration
_INCLUDED = {READ: {READ}, SETUP: {READ, SETUP}, ADMIN: {READ, SETUP, ADMIN}}


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller that was recognized: by its token, or by a key that the Functions host has checked.

    `name` stands in audit lines and counts calls: the app's id, or which kind of key. The host does not tell which
    key it was, so all who share the function key are one caller.
    """

    name: str
    roles: frozenset[str]
    by_token: bool = False

    def may(self, role: str) -> bool:
        """Return whether one of the caller's roles includes this one; a role that is not ours includes nothing."""
        return any(role in _INCLUDED.get(own, ()) for own in self.roles)


FUNCTION_KEY = Caller("key", frozenset({SETUP}))
MASTER_KEY = Caller("master key", frozenset({ADMIN}))
