"""The header of App Service authentication: its claims are checked like those of a token."""

from __future__ import annotations

import base64
import json
from itertools import count
from typing import Any

import pytest

from shared.auth.app_service import LONGEST, principal_claims
from shared.auth.caller import Caller
from shared.auth.claims import caller_from
from shared.errors import Unauthenticated
from tests.support.minting import EXPECTED, OTHER_TENANT, PARTNER, V1, V2, claims

SCHEMAS = "http://schemas.microsoft.com/"


def header(content: Any) -> str:
    """Encode a principal as App Service does."""
    return base64.b64encode(json.dumps(content).encode()).decode()


def principal(version: int = 1, auth: str = "aad", *more: tuple[str, str], **changes: Any) -> str:
    """Return the header for an app that App Service has authenticated."""
    pairs = [(name, item) for name, value in claims(version, **changes).items()
             for item in (value if isinstance(value, list) else [value])]  # fmt: skip
    entries = [{"typ": name, "val": str(value)} for name, value in [*pairs, *more]]
    return header({"auth_typ": auth, "claims": entries, "name_typ": "name", "role_typ": "roles"})


def recognized(text: str) -> Caller:
    """Return the caller that the header identifies."""
    return caller_from(principal_claims(text), EXPECTED)


@pytest.mark.parametrize("version", [1, 2])
def test_an_app_is_recognized(version: int) -> None:
    """The caller has the app's id and all of its roles, for both token versions."""
    caller = recognized(principal(version, roles=["Relay.Read", "Relay.Admin"]))
    assert caller == Caller(PARTNER, frozenset({"Relay.Read", "Relay.Admin"}), by_token=True)


def test_claims_may_have_dotnet_names() -> None:
    """Tenant, scope and role are also read from their long .NET claim names."""
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
    ids=count(),  # the texts hold the current time, and each process must collect the same ids
)  # fmt: skip
def test_a_principal_that_is_no_app_of_this_tenant_is_rejected(text: str, reason: str) -> None:
    """App Service may accept more than the relay does; a claim with two different values is invalid."""
    with pytest.raises(Unauthenticated) as caught:
        recognized(text)
    assert caught.value.reason == reason
