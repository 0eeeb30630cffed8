"""Words planted where nobody may read them, and the search for them: in files as they are, and inside base64."""

import base64
import binascii
import re
from collections.abc import Iterable
from pathlib import Path

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


class Canaries:
    """Makes words that occur nowhere else, and finds them again. `titles` may be at the partner, `secrets` nowhere."""

    def __init__(self, run: str) -> None:
        self._run = run
        self.secrets: list[str] = []
        self.titles: list[str] = []

    def secret(self, what: str) -> str:
        """Return a word for a field that must not leave the tenant."""
        return self._planted(self.secrets, what)

    def title(self, text: str) -> str:
        """Note a title: the partner may know it, but no log, table or queue may."""
        self.titles.append(text)
        return text

    def _planted(self, words: list[str], what: str) -> str:
        words.append(f"canary-{what}-{len(words)}-{self._run}")
        return words[-1]


def found_in(content: bytes, words: Iterable[str]) -> list[str]:
    """Return the words that stand in `content`, in clear or within a run of base64."""
    texts = [content, *_decoded(content)]
    return [word for word in words if any(word.encode() in text for text in texts)]


def found_below(folder: Path, words: Iterable[str]) -> list[str]:
    """Return "word in file" for each find in the files below a folder."""
    listed = list(words)
    finds = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        finds += [f"{word} in {file.relative_to(folder)}" for word in found_in(file.read_bytes(), listed)]
    return finds


def _decoded(content: bytes) -> list[bytes]:
    texts = []
    for run in _BASE64_RUN.findall(content):
        try:
            texts.append(base64.b64decode(run + b"=" * (-len(run) % 4), altchars=b"-_" if b"_" in run else None))
        except binascii.Error:
            continue
    return texts
