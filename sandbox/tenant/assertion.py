"""Client assertions: JWTs that a client signs with its certificate instead of sending a secret.

Entra: Microsoft identity platform application authentication certificate credentials.
"""

import base64
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.tenant.entra_errors import EntraError
from sandbox.tenant.state import Client

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW_SECONDS = 300
BAD_SIGNATURE = "Client assertion contains an invalid signature."


def client_of(assertion: str) -> str:
    """Return the client id in an unverified assertion, since the request may omit client_id.

    Raises EntraError if it is not a JWT.
    """
    try:
        return str(jwt.decode(assertion, options={"verify_signature": False}).get("sub", ""))
    except jwt.InvalidTokenError as error:
        raise _malformed() from error


def check_assertion(assertion: str, client: Client, audiences: list[str]) -> None:
    """Raise EntraError unless a certificate of the client signed this valid assertion for one of the audiences.

    Validity uses the machine's time: a client does not know the tenant's clock, which control can move.
    """
    key = _key(assertion, client)
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=["RS256", "PS256"],
            leeway=SKEW_SECONDS,
            options={"require": ["aud", "exp", "iss", "sub", "jti"], "verify_aud": False, "verify_iat": False},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise EntraError("invalid_client", 700024, _out_of_time(assertion)) from error
    except jwt.InvalidSignatureError as error:
        text = f"{BAD_SIGNATURE} [Reason - The provided signature value did not match the expected value.]"
        raise EntraError("invalid_client", 700027, text) from error
    except jwt.InvalidTokenError as error:
        raise _malformed() from error
    _check_names(claims, client, audiences)


def _check_names(claims: dict[str, Any], client: Client, audiences: list[str]) -> None:
    """Raise EntraError unless issuer and subject are the client and the audience is this login."""
    if {str(claims["iss"]).lower(), str(claims["sub"]).lower()} != {client.client_id.lower()}:
        text = "Client assertion application identifier doesn't match 'client_id' parameter."
        raise EntraError("invalid_client", 700021, text)
    if claims["aud"] not in audiences:
        text = "Client assertion audience claim does not match Realm issuer."
        raise EntraError("invalid_client", 700023, text)


def _key(assertion: str, client: Client) -> rsa.RSAPublicKey:
    """Return the public key of the client's certificate whose thumbprint is in the assertion's header."""
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise _malformed() from error
    for certificate in client.certificates:
        public = certificate.public_key()
        if isinstance(public, rsa.RSAPublicKey) and _named(header, certificate):
            return public
    named = header.get("x5t#S256") or header.get("x5t") or header.get("kid")
    text = f"{BAD_SIGNATURE} [Reason - The key was not found., Thumbprint of key used by client: '{named}']"
    raise EntraError("invalid_client", 700027, text)


def _named(header: dict[str, Any], certificate: x509.Certificate) -> bool:
    """Return whether a JWT header names this certificate, by SHA-256 (x5t#S256) or the older SHA-1 (x5t)."""
    named = str(header.get("x5t#S256") or header.get("x5t"))
    algorithm = hashes.SHA256() if "x5t#S256" in header else hashes.SHA1()  # noqa: S303 - identifies, proves nothing
    # MSAL keeps the padding of x5t, although JOSE forbids it.
    return named.rstrip("=") == base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")


def _out_of_time(assertion: str) -> str:
    """Return Entra's message for an assertion outside its validity period."""
    claims = jwt.decode(assertion, options={"verify_signature": False})
    start, end = (_iso(claims.get(name, 0)) for name in ("nbf", "exp"))
    now = datetime.now(UTC).isoformat()
    return (
        f"Client assertion is not within its valid time range. Current time: {now}, assertion valid from "
        f"{start}, expiry time of assertion {end}."
    )


def _iso(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601, limited to the latest possible time."""
    return datetime.fromtimestamp(min(seconds, datetime.max.replace(tzinfo=UTC).timestamp() - 1), UTC).isoformat()


def _malformed() -> EntraError:
    """Return the error for an assertion that is not a well-formed JWT."""
    return EntraError("invalid_client", 50027, "JWT token is invalid or malformed.")
