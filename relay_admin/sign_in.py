"""Who we are to the relay: an app with a token of Microsoft Entra ID, or who holds a key.

Neither is ever shown. Handed to `requests` as its authentication, so that no .netrc takes its place.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.auth import AuthBase

from relay_admin.errors import Refused, UsageError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from requests import PreparedRequest

_MICROSOFT_LOGINS = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")


class ByKey(AuthBase):
    """A function key (reading, setting up) or the master key (everything)."""

    path_prefix = ""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the key to a request."""
        request.headers["x-functions-key"] = self._key
        return request


class ByToken(AuthBase):
    """A token for the relay's API; azure-identity keeps it until it ends."""

    path_prefix = "/entra"

    def __init__(self, audience: str, credential: TokenCredential) -> None:
        self._scope = f"{audience.rstrip('/')}/.default"
        self._credential = credential

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request. Raises Refused when Entra ID gives none."""
        from azure.core.exceptions import AzureError

        try:
            token = self._credential.get_token(self._scope).token
        except AzureError as error:
            number = re.search(r"AADSTS\d+", str(error))  # the rest may be long, and quotes what was sent
            raise Refused(
                f"Entra ID gives no token ({number.group() if number else type(error).__name__})",
                "Sign in as an app that has a role of the relay (docs/callers.md): AZURE_TENANT_ID, AZURE_CLIENT_ID "
                "and AZURE_CLIENT_SECRET, or az login --service-principal. And check the audience.",
            ) from None
        request.headers["Authorization"] = f"Bearer {token}"
        return request


def credentials(key: str | None, audience: str | None) -> ByKey | ByToken:
    """Return how to sign in: what was given, else what the environment says, tokens before keys. Raises UsageError."""
    if key and audience:
        raise UsageError("Two ways to sign in", "Give --audience for a token of Entra ID, or a key, and not both.")
    audience = audience or ("" if key else os.environ.get("RELAY_AUDIENCE", ""))
    key = key or os.environ.get("RELAY_KEY", "")
    if audience:
        return ByToken(audience, _credential())
    if not key:
        raise UsageError(
            "No way to sign in",
            "Set RELAY_AUDIENCE to api://CLIENT_ID for a token of Entra ID, or RELAY_KEY to a key of the app, or let "
            "--ask-key ask for it.",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("The key is none", "Copy it from the app's page App keys, or from az functionapp keys list.")
    return ByKey(key)


def _credential() -> TokenCredential:
    """Return azure-identity's choice: environment, workload or managed identity, az login. Raises UsageError."""
    from azure.identity import DefaultAzureCredential

    host = os.environ.get("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com")
    try:
        name = urlsplit(host if "://" in host else f"https://{host}").hostname
        options: dict[str, Any] = {"disable_instance_discovery": name not in _MICROSOFT_LOGINS}
        return DefaultAzureCredential(**options)
    except (ValueError, OSError):  # what it says may quote what was given
        raise UsageError(
            "The environment's AZURE_… variables do not fit",
            "Look at AZURE_TENANT_ID (an id or a domain), AZURE_AUTHORITY_HOST (https), "
            "AZURE_CLIENT_CERTIFICATE_PATH (a file) and AZURE_TOKEN_CREDENTIALS.",
        ) from None
