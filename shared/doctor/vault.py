"""The doctor's look into Key Vault: each secret by its name, asked for anew."""

from __future__ import annotations

from collections.abc import Callable

from shared.doctor.finding import Finding, found
from shared.doctor.request import Examined
from shared.partner.webhook import signed_headers

_GRANT = (
    "See that the vault has the secret, enabled, and that the app's identity has the role Key Vault Secrets User there "
    "and can reach the vault."
)


def vault(parts: Examined) -> list[Finding]:
    """Return a finding for each secret that the settings call for; one for the settings when they name none."""
    looks: dict[str, Callable[[], str]] = {
        "clientStateKey": lambda: _client_state_key(parts),
        "signingSecret": lambda: _signing_secret(parts),
        "graphSecret": lambda: _graph_secret(parts),
    }
    return [found(name, look, _GRANT) for name, look in looks.items()]


def _client_state_key(parts: Examined) -> str:
    name = parts.settings.client_state_key_name
    parts.secrets.get(name, fresh=True)
    versions = len(parts.client_state_keys())
    return f"{name} is in the vault; {versions} version{'s' if versions > 1 else ''} in use"


def _signing_secret(parts: Examined) -> str:
    name = parts.settings.partner_signing_secret_name
    secrets = parts.secrets.get(name, fresh=True).value
    signed_headers(name, secrets, "msg_probe", parts.now(), "{}")
    return f"{name} is in the vault and signs"


def _graph_secret(parts: Examined) -> str:
    from shared.graph.token import certificate_credential

    kind, settings = parts.settings.graph_credential, parts.settings
    if kind == "managed-identity":
        return "none is needed: GRAPH_CREDENTIAL is managed-identity"
    name = settings.graph_certificate_name if kind == "certificate" else settings.graph_client_secret_name
    secret = parts.secrets.get(name, fresh=True).value
    if kind == "certificate":
        certificate_credential(name, secret)
    return f"{name} is in the vault"
