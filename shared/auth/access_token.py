"""Validates a bearer token (signature, issuer, audience, lifetime) and returns its claims. Pure but for the clock.

Based on "Access tokens in the Microsoft identity platform: Validate tokens". Only RS256 is accepted, regardless of the
token's own `alg`; otherwise "none", or an HMAC with the public key as its secret, would pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.auth.claims import Expected
from shared.errors import Unauthenticated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LONGEST = 16_384  # characters; Entra's tokens are much shorter
LONGEST_KEY_ID = 200
LEEWAY_SECONDS = 60
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

    key = key_of(_key_id(token))
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


def _key_id(token: str) -> str:
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
