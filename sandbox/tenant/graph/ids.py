"""Exchange's ids: long, url-safe, case-sensitive, and two for each event.

Graph: Obtain immutable identifiers for Outlook resources.
"""

import base64
import hashlib
import re
import secrets

ORDINARY = "AAMkAG"
IMMUTABLE = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A"
SHAPE = re.compile(r"^AA[A-Za-z0-9_-]{50,}={0,2}$")


def new_pair() -> tuple[str, str]:
    """Return a new event's ordinary and immutable id."""
    return _written(ORDINARY, secrets.token_bytes(96)), _written(IMMUTABLE, secrets.token_bytes(24))


def occurrence_pair(master_id: str, start: str) -> tuple[str, str]:
    """Return the ids of the occurrence of a series that began as `start`: the same ones at every expansion."""
    seed = f"{master_id}|{start}".encode()
    ordinary, immutable = hashlib.shake_256(seed).digest(120), hashlib.shake_128(seed).digest(39)
    return _written(ORDINARY, ordinary), _written(IMMUTABLE, immutable)


def new_change_key() -> str:
    """Return a change key that no version of any event has had."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def well_formed(event_id: str) -> bool:
    """Tell whether Exchange could have made an id; of a malformed one it says so, instead of not finding it."""
    return SHAPE.match(event_id) is not None


def _written(prefix: str, content: bytes) -> str:
    """Return the url-safe form, with the one equals sign that catches clients which forget to quote."""
    return prefix + base64.urlsafe_b64encode(content).decode().rstrip("=") + "="
