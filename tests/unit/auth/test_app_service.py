"""Claims about the header of App Service authentication: believed as a token is, and no further."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.auth.app_service import LONGEST, principal_claims
from shared.auth.caller import Caller
from shared.auth.claims import caller_from
from shared.errors import Unauthenticated
from tests.support.minting import EXPECTED, OTHER_TENANT, PARTNER, V1, V2, claims

SCHEMAS = "http://schemas.microsoft.com/"


def header(content: Any) -> str:
    """Return what App Service sends."""
    return base64.b64encode(json.dumps(content).encode()).decode()


def principal(version: int = 1, auth: str = "aad", *more: tuple[str, str], **changes: Any) -> str:
    """Return the header of an app that App Service has let in."""
    listed = [(name, one) for name, value in claims(version, **changes).items()
              for one in (value if isinstance(value, list) else [value])]  # fmt: skip
    told = [{"typ": name, "val": str(value)} for name, value in [*listed, *more]]
    return header({"auth_typ": auth, "claims": told, "name_typ": "name", "role_typ": "roles"})


def recognized(text: str) -> Caller:
    """Return whom the header speaks for."""
    return caller_from(principal_claims(text), EXPECTED)


@pytest.mark.parametrize("version", [1, 2])
def test_an_app_is_recognized(version: int) -> None:
    """With all of its roles."""
    caller = recognized(principal(version, roles=["Relay.Read", "Relay.Admin"]))
    assert caller == Caller(PARTNER, frozenset({"Relay.Read", "Relay.Admin"}), by_token=True)


def test_claims_have_the_names_of_dotnet_too() -> None:
    """Tenant, scope and role."""
    more = ((SCHEMAS + "identity/claims/tenantid", EXPECTED.tenant_id),
            (SCHEMAS + "ws/2008/06/identity/claims/role", "Relay.Read"))  # fmt: skip
    assert recognized(principal(1, "aad", *more, tid=None, roles=None)).roles == {"Relay.Read"}
    with pytest.raises(Unauthenticated) as caught:
        recognized(principal(1, "aad", (SCHEMAS + "identity/claims/scope", "user_impersonation")))
    assert caught.value.reason == "not an app"


@pytest.mark.parametrize(
    ("text", "reason"),
    [(principal(tid=OTHER_TENANT), "tenant"), (principal(tid=None), "tenant"),
     (principal(iss=V1.replace("sts", "evil")), "issuer"), (principal(2, iss=V2 + "/"), "issuer"),
     (principal(aud="https://graph.microsoft.com"), "audience"), (principal(appid=None), "not an app"),
     (principal(scp="x"), "not an app"), (principal(auth="github"), "principal"),
     (principal(1, "aad", ("tid", OTHER_TENANT)), "tenant"), ("", "principal"), ("x", "principal"),
     (header([]), "principal"), (header({"auth_typ": "aad"}), "principal"), ("é", "principal"),
     (header({"auth_typ": "aad", "claims": [1]}), "principal"), ("A" * (LONGEST + 4), "too long"),
     (header({"auth_typ": "aad", "claims": [{"typ": "tid"}]}), "principal"),
     (f"{principal()},{principal()}", "principal")],
)  # fmt: skip
def test_what_is_not_of_an_app_of_this_tenant_is_refused(text: str, reason: str) -> None:
    """Whatever App Service let in; a claim that is told twice differently is none."""
    with pytest.raises(Unauthenticated) as caught:
        recognized(text)
    assert caught.value.reason == reason
