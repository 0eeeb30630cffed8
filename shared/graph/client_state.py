"""Sign and verify the clientState of a subscription, which names its watch. Pure.

Graph repeats it in every notification, and it is the only proof of origin that a basic notification carries
("Microsoft Graph: Receive change notifications through webhooks"). It is verified without reading storage. Its form is
`<key version>.<watch id>.<kind><nonce>.<MAC>`, 123 characters with the versions of Key Vault:

- kind: `r` for delivery by the relay, `d` for direct delivery. Graph repeats one clientState at both URLs of a
  subscription, so with direct delivery the partner knows it. The kind limits what it is accepted for.
- nonce: random, so that two subscriptions of a mailbox have two clientStates. It is no secret.
- MAC: HMAC-SHA256 of everything before the last dot.

Earlier versions of the relay signed `<key version>.<watch id>.<MAC>`, which names no kind. It verifies until its key is
retired. No part contains a dot, so a text has one form only, and its MAC is valid for no other text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST = 128  # "subscription resource type": the maximum length of clientState
NONCE_BYTES = 9  # 12 characters; two of a mailbox's subscriptions have the same nonce by a chance of 2^-72
PROPAGATION_DELAY = timedelta(minutes=12)  # more than twice the time for which an instance caches its keys
Kind = Literal["relay", "direct"]
_LETTERS: dict[Kind, str] = {"relay": "r", "direct": "d"}
_KINDS: dict[str, Kind] = {letter: kind for kind, letter in _LETTERS.items()}


@dataclass(frozen=True, repr=False)
class Key:
    """An HMAC key: the version that names it, the secret bytes, and when it was created."""

    version: str
    secret: bytes
    created: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """What a valid clientState says: the watch, and the kind of delivery; None in the form of earlier versions."""

    watch_id: str
    kind: Kind | None


def new_nonce() -> str:
    """Return the nonce of a new subscription: 12 characters of base64url."""
    return secrets.token_urlsafe(NONCE_BYTES)


def sign(watch_id: str, key: Key, kind: Kind, nonce: str) -> str:
    """Return the clientState of a watch's subscription: text of at most 128 characters.

    Without a nonce it has the form of earlier versions, and the kind is not in it: for a subscription that an earlier
    version made.
    """
    marked = f".{_LETTERS[kind]}{nonce}" if nonce else ""
    signed = f"{key.version}.{watch_id}{marked}"
    return f"{signed}.{_mac(signed, key)}"


def verified(client_state: object, keys: Sequence[Key]) -> Verified | None:
    """Return what a received clientState says, or None if none of `keys` signed it."""
    if not isinstance(client_state, str) or len(client_state) > LONGEST or not client_state.isascii():
        return None
    signed, _, mac = client_state.rpartition(".")
    version, *content = signed.split(".")
    for key in keys:
        if key.version == version and hmac.compare_digest(mac, _mac(signed, key)):
            return _content_of(content)
    return None


def signing_key(keys: Sequence[Key], now: datetime) -> Key:
    """Return the key that signs new clientStates; `keys` are newest first, not empty.

    A new key verifies immediately, but signs only after PROPAGATION_DELAY, when every instance has read it from the
    vault. Otherwise an instance without the key would treat genuine notifications as forged.
    """
    usable = [key for key in keys if now - key.created >= PROPAGATION_DELAY]
    return usable[0] if usable else keys[-1]


def _content_of(parts: list[str]) -> Verified | None:
    """Return the content of a valid clientState. A kind that this version does not know may do nothing."""
    if len(parts) == 1:
        return Verified(parts[0], None)
    kind = _KINDS.get(parts[1][:1]) if len(parts) == 2 else None
    return Verified(parts[0], kind) if kind else None


def _mac(signed: str, key: Key) -> str:
    digest = hmac.digest(key.secret, signed.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
