"""The keys of the clientState, from Key Vault."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import ConfigurationError
from shared.graph.client_state import Key
from shared.key_vault import Secret, Secrets

SHORTEST = 16  # characters


class ClientStateKeys:
    """The two newest versions of the secret `name`, newest first."""

    def __init__(self, secrets: Secrets, name: Callable[[], str]) -> None:
        self._secrets = secrets
        self._name = name
        self._cached: tuple[list[Secret], list[Key]] = ([], [])

    def __call__(self) -> list[Key]:
        """Return the keys; may wait for the vault. Raises ConfigurationError or ServiceUnavailable."""
        return [self._key(secret) for secret in self._secrets.latest_two(self._name())]

    def cached(self) -> list[Key] | None:
        """Return the keys without waiting, or None if they have not been read yet."""
        cached = self._secrets.peek_latest_two(self._name())
        if cached is None:
            return None
        # Rebuilt only after the vault was read again, because this runs at every POST of Graph.
        if self._cached[0] is not cached:
            self._cached = (cached, [self._key(secret) for secret in cached])
        return self._cached[1]

    def _key(self, secret: Secret) -> Key:
        if len(secret.value) < SHORTEST:
            raise ConfigurationError(self._name(), f"must be at least {SHORTEST} random characters")
        return Key(secret.version, secret.value.encode(), secret.created)
