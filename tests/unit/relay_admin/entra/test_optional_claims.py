"""The optional claim idtyp of the API's access tokens: added, removed, and that every other claim stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from relay_admin.errors import FAILED, OK
from tests.support.directory_double import DirectoryDouble
from tests.support.entra_runs import API, Console
from tests.unit.relay_admin.entra.test_api import GRANT, REVOKE, registration


def test_access_tokens_get_the_claim(directory: DirectoryDouble, it: Console) -> None:
    """And lose it with the undo."""
    run = it.run(*GRANT)
    [claim] = registration(directory)["optionalClaims"]["accessToken"]
    assert (run.code, claim["name"]) == (OK, "idtyp")
    assert "Add the optional claim idtyp" in run.out
    assert it.run(*REVOKE).code == OK
    assert registration(directory)["optionalClaims"] is None


OTHERS: dict[str, Any] = {
    "idToken": [{"name": "email", "source": None, "essential": False, "additionalProperties": []}],
    "accessToken": [
        {"name": "upn", "source": "user", "essential": True, "additionalProperties": ["include_externally"]}
    ],
    "saml2Token": [],
}


def test_other_optional_claims_stay(directory: DirectoryDouble, it: Console) -> None:
    """Of every kind of token, with every field; what Graph adds when it is read is not sent."""
    annotated = copy.deepcopy(OTHERS) | {"@odata.type": "#microsoft.graph.optionalClaims"}
    annotated["accessToken"][0]["@odata.type"] = "#microsoft.graph.optionalClaim"
    registration(directory)["optionalClaims"] = annotated
    it.run(*GRANT)
    claims = registration(directory)["optionalClaims"]
    assert claims["accessToken"][:-1] == OTHERS["accessToken"]
    assert (claims["idToken"], claims["saml2Token"]) == (OTHERS["idToken"], OTHERS["saml2Token"])
    assert it.run(*REVOKE).code == OK
    assert registration(directory)["optionalClaims"] == OTHERS


@pytest.mark.parametrize("properties", [[], ["include_user_token"]], ids=["as-the-portal", "of-people-too"])
def test_the_claim_of_another_administrator_stays(
    directory: DirectoryDouble, it: Console, properties: list[str]
) -> None:
    """The grant has nothing to add, and its undo nothing to remove."""
    theirs = {"name": "idtyp", "source": None, "essential": False, "additionalProperties": properties}
    registration(directory)["optionalClaims"] = {"accessToken": [theirs]}
    for arguments in (GRANT, REVOKE):
        assert it.run(*arguments).code == OK
        assert registration(directory)["optionalClaims"] == {"accessToken": [theirs]}


def test_the_check_names_a_missing_claim(directory: DirectoryDouble, it: Console) -> None:
    """Of a registration that was prepared before."""
    it.run(*GRANT)
    registration(directory)["optionalClaims"] = {"accessToken": [], "idToken": None}
    run = it.run("check", "--api-app-id", API)
    assert (run.code, "Add the optional claim idtyp" in run.out) == (FAILED, True)
