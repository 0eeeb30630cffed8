"""Reads the claims of a caller from the header that App Service authentication adds. Pure.

Based on "Work with user identities in Azure App Service authentication: Decode the client principal header". The
header can be trusted only behind App Service authentication, which removes a header of that name sent by a caller.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from shared.errors import Unauthenticated

HEADER = "X-MS-CLIENT-PRINCIPAL"
LONGEST = 32_768  # characters
_SCHEMAS = "http://schemas.microsoft.com/"
_SHORT = {  # App Service may use .NET's long names of claims
    _SCHEMAS + "identity/claims/tenantid": "tid",
    _SCHEMAS + "identity/claims/scope": "scp",
    _SCHEMAS + "ws/2008/06/identity/claims/role": "roles",
}


def principal_claims(header: str) -> dict[str, Any]:
    """Return the claims in the header, roles as a list. Raises Unauthenticated if it is no Entra principal."""
    principal = _parsed(header)
    if principal.get("auth_typ") != "aad" or not isinstance(principal.get("claims"), list):
        raise Unauthenticated("principal")
    claims: dict[str, Any] = {"roles": []}
    for claim in principal["claims"]:
        name, value = _name_and_value(claim)
        if name == "roles":
            claims["roles"].append(value)
        elif claims.setdefault(name, value) != value:
            claims[name] = None  # conflicting values: trust neither
    return claims


def _parsed(header: str) -> dict[str, Any]:
    if len(header) > LONGEST:
        raise Unauthenticated("too long")
    try:
        principal = json.loads(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):
        principal = None
    if not isinstance(principal, dict):
        raise Unauthenticated("principal")
    return principal


def _name_and_value(claim: Any) -> tuple[str, str]:
    name, value = (claim.get("typ"), claim.get("val")) if isinstance(claim, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(value, str):
        raise Unauthenticated("principal")
    return _SHORT.get(name, name), value
