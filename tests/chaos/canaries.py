"""Texts with one of two canaries, and the search for them in everything that the relay has left behind.

The secret canary may be nowhere outside the tenant; the title canary may be at the partner, too.
"""

import base64
import binascii
import re
from collections.abc import Iterable

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")  # any JSON Web Token


class Canaries:
    """The canaries of a run: only letters and digits, so that no encoding of a URL changes them."""

    def __init__(self, run: str) -> None:
        self.secret_canary, self.title_canary = f"hidden{run}", f"shown{run}"
        self._planted = 0

    def secret(self, field: str) -> str:
        """Return a text for a field that never leaves the tenant."""
        return self._text(field, self.secret_canary)

    def title(self) -> str:
        """Return a title that the partner may read."""
        return self._text("title", self.title_canary)

    def _text(self, field: str, canary: str) -> str:
        self._planted += 1
        return f"{field} {canary} {self._planted}"


def matches_in(content: bytes, secrets: Iterable[str], *, tokens: bool = True) -> list[str]:
    """Return the secrets in `content`, in clear or within base64; and "a token"."""
    texts = [content, *_decoded(content)]
    matches = [secret for secret in secrets if any(secret.encode() in text for text in texts)]
    if tokens and any(_TOKEN.search(text) for text in texts):
        matches.append("a token")
    return matches


def _decoded(content: bytes) -> Iterable[bytes]:
    for run in _BASE64.findall(content):
        url_safe = b"_" in run or b"-" in run
        try:
            text = base64.b64decode(run + b"=" * (-len(run) % 4), altchars=b"-_" if url_safe else None)
        except binascii.Error:
            continue
        yield text
