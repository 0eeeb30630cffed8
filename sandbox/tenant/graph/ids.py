"""Exchange's ids: long, URL-safe, case-sensitive, and two for each event.

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
    """Return the ordinary and the immutable id of a new event."""
    return _encoded(ORDINARY, secrets.token_bytes(96)), _encoded(IMMUTABLE, secrets.token_bytes(24))


def occurrence_pair(master_id: str, start: str) -> tuple[str, str]:
    """Return the ids of the occurrence of a series with this original start; the same at every expansion."""
    seed = f"{master_id}|{start}".encode()
    ordinary, immutable = hashlib.shake_256(seed).digest(120), hashlib.shake_128(seed).digest(39)
    return _encoded(ORDINARY, ordinary), _encoded(IMMUTABLE, immutable)


def new_change_key() -> str:
    """Return a new, unique change key."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def well_formed(event_id: str) -> bool:
    """Return whether an id has the format of an Exchange id; Graph rejects others as malformed."""
    return SHAPE.match(event_id) is not None


def _encoded(prefix: str, content: bytes) -> str:
    """Return the URL-safe form, with one equals sign, which reveals clients that do not quote ids."""
    return prefix + base64.urlsafe_b64encode(content).decode().rstrip("=") + "="
