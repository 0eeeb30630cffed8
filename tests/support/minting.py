"""Tokens as Entra issues them, signed with real keys: a test changes one thing in a valid token."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.auth.claims import Expected

TENANT = "0b1d7a52-5a3c-4d0e-9c61-4c3a1f6f2e10"
OTHER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
RELAY = "11111111-2222-4333-8444-555555555555"
PARTNER = "22222222-3333-4444-8555-666666666666"
V1 = f"https://sts.windows.net/{TENANT}/"
V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
EXPECTED = Expected(TENANT, (V1, V2), (f"api://{RELAY}", RELAY))


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Return the private key with that name, created once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_of(key_id: str) -> rsa.RSAPublicKey | None:
    """Return login's public key: there are two, "one" and "two"."""
    return key(key_id).public_key() if key_id in ("one", "two") else None


def jwk(name: str, **more: Any) -> dict[str, Any]:
    """Return a public key as login serves it."""
    entry: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key(), as_dict=True)
    return {**entry, "use": "sig", "kid": name, **more}


def claims(version: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the claims of a valid token; a change to None removes a claim."""
    now = int(time.time())
    by_version = (
        {"aud": f"api://{RELAY}", "iss": V1, "appid": PARTNER, "ver": "1.0"}
        if version == 1
        else {"aud": RELAY, "iss": V2, "azp": PARTNER, "ver": "2.0"}
    )
    good = {"tid": TENANT, "iat": now, "nbf": now, "exp": now + 3599, "roles": ["Relay.Setup"], "sub": "s", "oid": "s"}
    return {name: value for name, value in (good | by_version | changes).items() if value is not None}


def token(version: int = 1, *, signer: str = "one", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a signed token with such claims."""
    return jwt.encode(claims(version, **changes), key(signer), "RS256", {"kid": signer} | (headers or {}))
