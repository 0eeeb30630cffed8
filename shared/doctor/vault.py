"""The doctor's checks of Key Vault: each secret, read without the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.caller_keys import is_strong
from shared.doctor.finding import Failed, Finding, Passed, check
from shared.partner.webhook import is_guessable, signed_headers

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.client_state import Key
    from shared.key_vault import Secret, Secrets

_GRANT = (
    "Check that the vault has the secret, enabled, and that the app's identity has the role Key Vault Secrets User "
    "there and can reach the vault."
)

# The contentType of a secret that infra/main.bicep creates; a version that a person or `rotate` adds has none.
OF_THE_TEMPLATE = "made by the template"
_ROTATE = "Replace it by 32 random bytes: python -m relay_admin rotate"
_DEPLOY = "Deploy infra/main.bicep once: it creates the secret."


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
            check("identifierKey", self._identifier_key, _GRANT),
        ]

    def _client_state_key(self) -> str | Passed:
        name = self.settings.client_state_key_name
        versions = self.secrets.latest_two(name, fresh=True)
        self.client_state_keys()  # raises for a key that is too short
        seen = f"{name} is in the vault; {len(versions)} version{'s' if len(versions) > 1 else ''} in use"
        return _with_origin(seen, versions[0], "client-state-key")

    def _signing_secret(self) -> str | Passed:
        name = self.settings.partner_signing_secret_name
        secret = self.secrets.get(name, fresh=True)
        signed_headers(name, secret.value, "msg_probe", self.now(), "{}")
        if is_guessable(secret.value):
            text = f"{name} signs, but has few different bytes: whoever guesses it can forge deliveries"
            raise Failed(text, f"{_ROTATE} partner-signing-secret")
        number = len(secret.value.split())
        with_several = f" with {number} secrets, during a rotation" if number > 1 else ""
        command = "partner-signing-secret, with --at-once before the partner has it"
        return _with_origin(f"{name} is in the vault and signs{with_several}", secret, command)

    def _identifier_key(self) -> str | Passed:
        """A deployment that is upgraded by code alone lacks this secret, and makes ids as before."""
        name = self.settings.identifier_key_name
        if self.secrets.exists(name, fresh=True):
            return self._strong(name)
        return Passed(f"{name} is not in the vault; ids are made as before", _DEPLOY)

    def _strong(self, name: str) -> str:
        if not is_strong(self.secrets.get(name, fresh=True).value):
            raise Failed(f"{name} can be guessed: calls with an Idempotency-Key get 503", f"Delete it. {_DEPLOY}")
        return f"{name} is in the vault"

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


def _with_origin(seen: str, secret: Secret, rotated: str) -> str | Passed:
    """Add that a secret still is the one that the template made, and the command that replaces it."""
    if secret.content_type != OF_THE_TEMPLATE:
        return seen
    return Passed(f"{seen}; {OF_THE_TEMPLATE}", f"{_ROTATE} {rotated}")
