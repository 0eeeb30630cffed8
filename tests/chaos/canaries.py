"""Canaries: words that bear one of two marks, and the search for the marks in whatever the relay has left behind.

What bears the mark SECRET may be nowhere outside the tenant; what bears the mark TITLE may be at the partner, too.
"""

import base64
import binascii
import re
from collections.abc import Iterable

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")  # a JSON Web Token, whosever


class Marks:
    """The canaries of one run. The marks are letters and digits alone, so that no encoding of a URL changes them."""

    def __init__(self, run: str) -> None:
        self.secret_mark, self.title_mark = f"hidden{run}", f"shown{run}"
        self._planted = 0

    def secret(self, field: str) -> str:
        """Return a word for a field that never leaves the tenant."""
        return self._word(field, self.secret_mark)

    def title(self) -> str:
        """Return a title that the partner may read."""
        return self._word("title", self.title_mark)

    def _word(self, field: str, mark: str) -> str:
        self._planted += 1
        return f"{field} {mark} {self._planted}"


def found(content: bytes, words: Iterable[str], *, tokens: bool = True) -> list[str]:
    """Return the words in `content`, in clear or within base64, with some of what stands before; and "a token"."""
    texts = [content, *_decoded(content)]
    finds = [word for word in words if any(word.encode() in text for text in texts)]
    if tokens and any(_TOKEN.search(text) for text in texts):
        finds.append("a token")
    return finds


def _decoded(content: bytes) -> Iterable[bytes]:
    for run in _BASE64.findall(content):
        url_safe = b"_" in run or b"-" in run
        try:
            text = base64.b64decode(run + b"=" * (-len(run) % 4), altchars=b"-_" if url_safe else None)
        except binascii.Error:
            continue
        yield text
