"""What App Service authentication says about a caller, as the claims of a token. Pure.

Rests on "Work with user identities in Azure App Service authentication: Decode the client principal header". The
header is worth something only behind App Service authentication, which removes what callers send under its name.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from shared.errors import Unauthenticated

HEADER = "X-MS-CLIENT-PRINCIPAL"
LONGEST = 32_768  # characters
_SCHEMAS = "http://schemas.microsoft.com/"
_SHORT = {  # App Service may give a claim under the name that .NET has for it
    _SCHEMAS + "identity/claims/tenantid": "tid",
    _SCHEMAS + "identity/claims/scope": "scp",
    _SCHEMAS + "ws/2008/06/identity/claims/role": "roles",
}


def principal_claims(header: str) -> dict[str, Any]:
    """Return the claims that the header tells, roles as a list.
    Raises Unauthenticated for what is no Entra principal.
    """
    principal = _parsed(header)
    if principal.get("auth_typ") != "aad" or not isinstance(principal.get("claims"), list):
        raise Unauthenticated("principal")
    claims: dict[str, Any] = {"roles": []}
    for claim in principal["claims"]:
        name, value = _name_and_value(claim)
        if name == "roles":
            claims["roles"].append(value)
        elif claims.setdefault(name, value) != value:
            claims[name] = None  # told twice, and differently: neither is believed
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
