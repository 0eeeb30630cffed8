"""Sign and verify the clientState of a subscription, which names its watch. Pure.

Graph repeats it in every notification, and it is the only proof of origin that a basic notification carries
("Microsoft Graph: Receive change notifications through webhooks"). Its format is
`<key version>.<watch id>.<HMAC-SHA256 of both>`, so that it can be verified without reading storage.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = 128  # "subscription resource type": the maximum length of clientState
PROPAGATION_DELAY = timedelta(minutes=12)  # more than twice the time for which an instance caches its keys


@dataclass(frozen=True, repr=False)
class Key:
    """An HMAC key: the version that names it, the secret bytes, and when it was created."""

    version: str
    secret: bytes
    created: datetime


def sign(watch_id: str, key: Key) -> str:
    """Return the clientState of a watch: text of at most 128 characters."""
    return f"{key.version}.{watch_id}.{_mac(watch_id, key)}"


def watch_named_by(client_state: object, keys: Sequence[Key]) -> str | None:
    """Return the id of the watch that a received clientState names, or None if none of `keys` signed it."""
    if not isinstance(client_state, str) or len(client_state) > LONGEST or not client_state.isascii():
        return None
    version, _, rest = client_state.partition(".")
    watch_id, _, mac = rest.partition(".")
    for key in keys:
        if key.version == version and hmac.compare_digest(mac, _mac(watch_id, key)):
            return watch_id
    return None


def signing_key(keys: Sequence[Key], now: datetime) -> Key:
    """Return the key that signs new clientStates; `keys` are newest first, not empty.

    A new key verifies immediately, but signs only after PROPAGATION_DELAY, when every instance has read it from the
    vault. Otherwise an instance without the key would treat genuine notifications as forged.
    """
    usable = [key for key in keys if now - key.created >= PROPAGATION_DELAY]
    return usable[0] if usable else keys[-1]


def _mac(watch_id: str, key: Key) -> str:
    digest = hmac.digest(key.secret, f"{key.version}.{watch_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
