"""The doctor's checks of Key Vault: each secret, read without the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.doctor.finding import Finding, check
from shared.partner.webhook import signed_headers

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.client_state import Key
    from shared.key_vault import Secrets

_GRANT = (
    "Check that the vault has the secret, enabled, and that the app's identity has the role Key Vault Secrets User "
    "there and can reach the vault."
)


@dataclass(frozen=True)
class VaultChecks:
    """Reads each secret that the settings name."""

    settings: Settings
    secrets: Secrets
    client_state_keys: Callable[[], list[Key]]
    now: Callable[[], datetime]

    def check_secrets(self) -> list[Finding]:
        """Return a finding for each secret; it fails if the settings do not name one."""
        return [
            check("clientStateKey", self._client_state_key, _GRANT),
            check("signingSecret", self._signing_secret, _GRANT),
            check("graphSecret", self._graph_secret, _GRANT),
        ]

    def _client_state_key(self) -> str:
        name = self.settings.client_state_key_name
        versions = len(self.secrets.latest_two(name, fresh=True))
        self.client_state_keys()  # raises for a key that is too short
        return f"{name} is in the vault; {versions} version{'s' if versions > 1 else ''} in use"

    def _signing_secret(self) -> str:
        name = self.settings.partner_signing_secret_name
        secrets = self.secrets.get(name, fresh=True).value
        signed_headers(name, secrets, "msg_probe", self.now(), "{}")
        return f"{name} is in the vault and signs"

    def _graph_secret(self) -> str:
        from shared.graph.token import certificate_credential

        kind, settings = self.settings.graph_credential, self.settings
        if kind == "managed-identity":
            return "not needed: GRAPH_CREDENTIAL is managed-identity"
        name = settings.graph_certificate_name if kind == "certificate" else settings.graph_client_secret_name
        secret = self.secrets.get(name, fresh=True).value
        if kind == "certificate":
            certificate_credential(name, secret)
        return f"{name} is in the vault"
