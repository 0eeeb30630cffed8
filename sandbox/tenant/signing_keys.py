"""The login's signing keys: the newest signs, all published ones verify.

Entra: Signing key rollover in the Microsoft identity platform.
"""

import functools
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@functools.cache
def _first_key() -> rsa.RSAPrivateKey:
    """Return the first key, shared by all tenants of this process, as Entra shares its keys among tenants."""
    return _new_key()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class SigningKeys:
    """The keys of one login by id; the last one signs."""

    def __init__(self) -> None:
        self._keys = {uuid.uuid4().hex: _first_key()}

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token with these claims."""
        key_id, key = list(self._keys.items())[-1]
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id})

    def verifying(self, key_id: object) -> rsa.RSAPublicKey:
        """Return the public key with that id; the newest if the id is not published."""
        keys = list(self._keys.values())
        return self._keys.get(str(key_id), keys[-1]).public_key()

    def rotate(self, *, retire: bool) -> str:
        """Sign with a new key from now on, and return its id; with `retire` the previous keys are unpublished."""
        if retire:
            self._keys.clear()
        key_id = uuid.uuid4().hex
        self._keys[key_id] = _new_key()
        return key_id

    def published(self) -> dict[str, Any]:
        """Return the JSON Web Key Set that verifies the tokens."""
        to_jwk = jwt.algorithms.RSAAlgorithm.to_jwk
        keys = {key_id: to_jwk(key.public_key(), as_dict=True) for key_id, key in self._keys.items()}
        return {"keys": [{**key, "use": "sig", "kid": key_id, "x5t": key_id} for key_id, key in keys.items()]}
