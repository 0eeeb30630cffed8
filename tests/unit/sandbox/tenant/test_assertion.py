"""Certificates instead of secrets: client assertions by the real MSAL, and forged ones."""

import base64
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
from cryptography.hazmat.primitives import hashes

from sandbox.tenant.tokens import GRAPH
from tests.support.running_tenant import CLIENT_ID, TENANT_ID, Pair, Running, make_pair

pytestmark = pytest.mark.server

SCOPE = f"{GRAPH}/.default"


def app(running: Running, credential: dict[str, str]) -> msal.ConfidentialClientApplication:
    """Return MSAL's client with a certificate."""
    return msal.ConfidentialClientApplication(
        CLIENT_ID, credential, authority=running.authority, instance_discovery=False
    )


def thumbprint(pair: Pair, algorithm: hashes.HashAlgorithm) -> str:
    """Return a certificate's thumbprint as a JWT header names it."""
    return base64.urlsafe_b64encode(pair.certificate.fingerprint(algorithm)).decode().rstrip("=")


def request_token(
    running: Running, pair: Pair, algorithm: str = "RS256", key: Any = None, **claims: Any
) -> dict[str, Any]:
    """Request a token with an assertion built here, and return the response's body."""
    now = int(time.time())
    good = {
        "aud": f"{running.authority}/oauth2/v2.0/token",
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "nbf": now,
        "exp": now + 600,
        "jti": str(uuid.uuid4()),
    }
    headers = {"x5t#S256": thumbprint(pair, hashes.SHA256())}
    assertion = jwt.encode({**good, **claims}, pair.key if key is None else key, algorithm=algorithm, headers=headers)
    form = {
        "grant_type": "client_credentials",
        "scope": SCOPE,
        "client_assertion": assertion,
        "client_id": CLIENT_ID,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    body: dict[str, Any] = running.call("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data=form).json()
    return body


@pytest.mark.parametrize("named_by", ["sha1", "sha256"])
def test_msal_with_a_certificate_gets_a_token(running: Running, pair: Pair, named_by: str) -> None:
    """Both of MSAL's forms work: SHA-1 thumbprint with RS256, and SHA-256 with PS256."""
    credential = {"private_key": pair.key_pem}
    if named_by == "sha1":
        credential["thumbprint"] = pair.certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - a name
    else:
        credential["public_certificate"] = pair.certificate_pem
    answer = app(running, credential).acquire_token_for_client([SCOPE])
    assert running.tenant.tokens.check(f"Bearer {answer['access_token']}", GRAPH).client_id == CLIENT_ID


def test_a_certificate_that_is_not_registered(running: Running, tmp_path: Path) -> None:
    """MSAL with another certificate gets AADSTS700027."""
    other = make_pair(tmp_path / "other.pem")
    credential = {"private_key": other.key_pem, "public_certificate": other.certificate_pem}
    answer = app(running, credential).acquire_token_for_client([SCOPE])
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])


def test_a_moved_clock_does_not_age_an_assertion(running: Running, pair: Pair) -> None:
    """A client signs by the machine's time, so its assertion stays valid a day ahead."""
    running.tenant.clock.advance(86400)
    assert "access_token" in request_token(running, pair)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_valid_assertion_is_accepted(running: Running, pair: Pair, algorithm: str) -> None:
    """The rejected assertions below are variants of this one."""
    assert "access_token" in request_token(running, pair, algorithm)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": int(time.time()) - 3600, "nbf": int(time.time()) - 7200}, 700024),
        ({"nbf": int(time.time()) + 3600, "exp": int(time.time()) + 7200}, 700024),
        ({"nbf": 10**18, "exp": 10**18}, 700024),
        ({"aud": "https://login.example.com/token"}, 700023),
        ({"iss": "someone-else"}, 700021),
        ({"sub": "someone-else"}, 700021),
        ({"jti": None}, 50027),
    ],
)
def test_a_wrong_claim_is_refused(running: Running, pair: Pair, claims: dict[str, Any], code: int) -> None:
    """Time, audience, issuer, subject and token id are each checked."""
    assert request_token(running, pair, **claims)["error_codes"] == [code]


def test_a_signature_by_another_key_is_refused(running: Running, pair: Pair, tmp_path: Path) -> None:
    """An assertion that names the registered certificate but was signed by another key gets AADSTS700027."""
    other = make_pair(tmp_path / "other.pem")
    assert request_token(running, pair, key=other.key)["error_codes"] == [700027]


@pytest.mark.parametrize(("algorithm", "key"), [("HS256", "x" * 32), ("none", "")])
def test_an_unsafe_algorithm_is_refused(running: Running, pair: Pair, algorithm: str, key: str) -> None:
    """An assertion without a public-key signature is malformed."""
    assert request_token(running, pair, algorithm, key)["error_codes"] == [50027]


def test_a_malformed_assertion_is_refused(running: Running) -> None:
    """Random text gets AADSTS50027, with and without a client id."""
    form = {
        "grant_type": "client_credentials",
        "scope": SCOPE,
        "client_assertion": "rubbish",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    for extra in ({}, {"client_id": CLIENT_ID}):
        answer = running.call("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data={**form, **extra})
        assert (answer.status_code, answer.json()["error_codes"]) == (401, [50027])
