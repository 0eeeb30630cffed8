"""Where the relay is, how a caller authenticates, and the tags.

Each operation stands once. The two ways to call it differ in `base`: generated clients take the first server.
"""

from __future__ import annotations

from typing import Any

KEY_BASE, TOKEN_BASE = "api", "api/entra"
WITHOUT_CREDENTIAL = f"Takes no credential. Only below `{KEY_BASE}`."
TAKES: dict[str, str] = {
    "partner": f"Takes a function key below `{KEY_BASE}`, or an Entra token below `{TOKEN_BASE}`.",
    "operations": f"Takes the master key below `{KEY_BASE}`, or an Entra token with the role Relay.Admin below "
    f"`{TOKEN_BASE}`.",
    "Microsoft Graph": WITHOUT_CREDENTIAL,
    "Dataverse": f"Takes the secret of webhooks in a header. Only below `{KEY_BASE}`.",
    "anyone": WITHOUT_CREDENTIAL,
}

SERVERS: list[dict[str, Any]] = [
    {
        "url": "https://{host}/{base}",
        "description": "The customer's function app.",
        "variables": {
            "host": {"default": "YOUR-APP.azurewebsites.net", "description": "From the customer's IT."},
            "base": {
                "enum": [KEY_BASE, TOKEN_BASE],
                "default": KEY_BASE,
                "description": f"{KEY_BASE} with a key, {TOKEN_BASE} with an Entra token. Operations that take no "
                f"credential are only below {KEY_BASE}.",
            },
        },
    }
]

_KEY = {"type": "apiKey", "in": "header", "name": "x-functions-key"}
SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "functionKey": _KEY | {"description": f"A function key; base `{KEY_BASE}`."},
    "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code",
                           "description": f"The same in the URL; base `{KEY_BASE}`."},
    "masterKey": _KEY | {"description": f"The master key; base `{KEY_BASE}`."},
    "entraToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                   "description": f"An Entra token with an app role; base `{TOKEN_BASE}`."},
    "webhookSecret": {"type": "apiKey", "in": "header", "name": "x-calendar-relay-secret",
                      "description": f"The secret of Dataverse's webhooks; base `{KEY_BASE}`."},
}  # fmt: skip
SCHEMES_OF = {
    "partner": ("functionKey", "functionKeyInQuery", "entraToken"), "operations": ("masterKey", "entraToken"),
    "Dataverse": ("webhookSecret",),
}  # fmt: skip

TAGS: dict[str, str] = {
    "partner": "Called by the partner.",
    "operations": "Called by the customer's IT.",
    "Microsoft Graph": "Called by Microsoft Graph alone.",
    "Dataverse": "Called by Dataverse alone: its webhooks.",
    "anyone": "Open to anyone.",
    "deliveries": "What the relay sends to the partner's endpoint.",
}


def tags(features: list[str]) -> list[dict[str, str]]:
    """Return the tags with their descriptions, also those of features."""
    described = TAGS | {feature: f"Operations of the feature {feature}." for feature in sorted(features)}
    return [{"name": name, "description": text} for name, text in described.items()]
