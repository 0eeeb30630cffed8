"""Validates a bearer token (signature, issuer, audience, lifetime) and returns its claims. Pure but for the clock.

Based on "Access tokens in the Microsoft identity platform: Validate tokens". Only RS256 is accepted, regardless of the
token's own `alg`; otherwise "none", or an HMAC with the public key as its secret, would pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.auth.claims import Expected
from shared.errors import Unauthenticated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LONGEST = 16_384  # characters; Entra's tokens are much shorter
LONGEST_KEY_ID = 200
LEEWAY_SECONDS = 60
BACKDATED_SECONDS = 300  # by which Entra sets `iat` back
UNKNOWN_KEY = "unknown key"
KeyOf = Callable[[str], "RSAPublicKey | None"]


def bearer_of(authorization: str | None) -> str:
    """Return the token of an Authorization header. Raises Unauthenticated if it is missing or too long."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("missing")
    if len(token) > LONGEST:
        raise Unauthenticated("too long")
    return token.strip()


def verified_claims(token: str, key_of: KeyOf, expected: Expected) -> dict[str, Any]:
    """Return the claims of a valid token. Raises Unauthenticated, or what `key_of` raises."""
    import jwt

    key = key_of(key_id_of(token))
    if key is None:
        raise Unauthenticated("unknown key")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=expected.audiences,
            issuer=expected.issuers,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "nbf", "iat", "iss", "aud", "tid"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("expired") from None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError):
        raise Unauthenticated("not valid") from None
    return claims


def claims_to_be_new(token: str, expected: Expected, seconds: float) -> bool:
    """Return whether a token says that this tenant issued it for the relay within some seconds, and is in use.

    Not verified: anyone can write that. A token that does not say so is invalid, whatever its key.
    """
    import jwt

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        issued, expires = float(claims["iat"]), float(claims["exp"])
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, RecursionError, OverflowError):
        return False
    if claims.get("iss") not in expected.issuers or claims.get("aud") not in expected.audiences:
        return False
    now = time.time()
    earliest = now - seconds - BACKDATED_SECONDS - LEEWAY_SECONDS
    return earliest < issued < now + LEEWAY_SECONDS and now < expires + LEEWAY_SECONDS


def key_id_of(token: str) -> str:
    """Return the key id from the unverified header. Raises Unauthenticated."""
    import jwt

    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthenticated("not a token") from None
    key_id = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(key_id, str) or len(key_id) > LONGEST_KEY_ID:
        raise Unauthenticated("header")
    return key_id
