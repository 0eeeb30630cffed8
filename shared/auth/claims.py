"""What a token's claims have to say, whoever has verified its signature. Pure.

Rests on "Access tokens in the Microsoft identity platform" and "Access token claims reference": v1.0 and v2.0 name
issuer and app differently, and which one an app gets is the choice of the API's registration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.auth.caller import Caller
from shared.errors import Unauthenticated

if TYPE_CHECKING:
    from shared.config import Settings

# v1.0 tokens name an issuer of their own. "Microsoft Entra authentication and national clouds"
_V1_ISSUER = "https://sts.windows.net"
_V1_ISSUERS = {"login.partner.microsoftonline.cn": "https://sts.chinacloudapi.cn"}

_GUID = re.compile("[0-9a-fA-F-]{36}")


@dataclass(frozen=True, slots=True)
class Expected:
    """Which tokens are for us: of this tenant, from these issuers, for these audiences."""

    tenant_id: str
    issuers: tuple[str, ...]
    audiences: tuple[str, ...]


def expected_of(settings: Settings) -> Expected:
    """Return what tokens have to say, by the settings. Raises ConfigurationError when one is missing."""
    host, tenant = settings.azure_authority_host, settings.tenant_id.lower()
    v1 = _V1_ISSUERS.get(urlsplit(host).hostname or "", _V1_ISSUER)
    named = tuple(entry.strip() for entry in settings.entra_audience.split(",") if entry.strip())
    audiences = named or (f"api://{settings.client_id}", settings.client_id)
    return Expected(tenant, (f"{v1}/{tenant}/", f"{host}/{tenant}/v2.0"), audiences)


def caller_from(claims: Mapping[str, Any], expected: Expected) -> Caller:
    """Return the app that a token speaks for. Raises Unauthenticated; the roles are not judged here."""
    if str(claims.get("tid", "")).lower() != expected.tenant_id:
        raise Unauthenticated("tenant")
    if claims.get("iss") not in expected.issuers:
        raise Unauthenticated("issuer")
    if claims.get("aud") not in expected.audiences:
        raise Unauthenticated("audience")
    app = claims.get("appid") or claims.get("azp")  # v1.0 or v2.0; an ID token of a user has neither
    if not isinstance(app, str) or not _GUID.fullmatch(app) or "scp" in claims or claims.get("idtyp", "app") != "app":
        raise Unauthenticated("not an app")
    roles = claims.get("roles", [])
    if not isinstance(roles, list):
        raise Unauthenticated("roles")
    return Caller(app.lower(), frozenset(str(role) for role in roles), by_token=True)
