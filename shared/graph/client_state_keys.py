"""The keys of the clientState, from Key Vault."""

from __future__ import annotations

from collections.abc import Callable

from shared.caller_keys import RULE, has_variety, is_strong
from shared.errors import ConfigurationError
from shared.graph.client_state import Key
from shared.key_vault import Secret, Secrets
from shared.key_vault_errors import NotUsable

SHORTEST_RETIRING = 16  # characters; earlier versions of the relay accepted such keys


class ClientStateKeys:
    """The two newest versions of the secret `name`, newest first.

    The newest must be strong. The one before it may be as short as earlier versions of the relay accepted it, so that
    what it signed is verified until it retires; it is left out if it can be guessed.
    """

    def __init__(self, secrets: Secrets, name: Callable[[], str]) -> None:
        self._secrets = secrets
        self._name = name
        self._cached: tuple[list[Secret], list[Key]] = ([], [])

    def __call__(self) -> list[Key]:
        """Return the keys; may wait for the vault. Raises ConfigurationError or ServiceUnavailable."""
        return self._usable(self._secrets.latest_two(self._name()))

    def cached(self) -> list[Key] | None:
        """Return the keys without waiting, or None if they have not been read yet."""
        cached = self._secrets.peek_latest_two(self._name())
        if cached is None:
            return None
        # Rebuilt only after the vault was read again, because this runs at every POST of Graph.
        if self._cached[0] is not cached:
            self._cached = (cached, self._usable(cached))
        return self._cached[1]

    def further(self) -> list[str]:
        """Return the enabled versions before these two, when the vault was last asked."""
        return self._secrets.enabled(self._name())[2:]

    def older(self, version: str) -> Key | None:
        """Return the key of a version before these two; None if the vault says that it is disabled or not there.

        A direct subscription keeps what it signed, which the partner knows. Raises ServiceUnavailable, and
        ConfigurationError if the vault denies access.
        """
        try:
            secret = self._secrets.get_version(self._name(), version)
        except NotUsable:
            return None
        return _key(secret) if _may_verify(secret.value) else None

    def _usable(self, versions: list[Secret]) -> list[Key]:
        newest, *retiring = versions
        if not is_strong(newest.value):
            raise ConfigurationError(self._name(), RULE)
        return [_key(newest), *(_key(secret) for secret in retiring if _may_verify(secret.value))]


def _may_verify(value: str) -> bool:
    return len(value) >= SHORTEST_RETIRING and has_variety(value)


def _key(secret: Secret) -> Key:
    return Key(secret.version, secret.value.encode(), secret.created)
