"""Canaries: unique strings planted in private fields, and the search for them in plain text and in base64."""

import base64
import binascii
import re
from collections.abc import Iterable
from pathlib import Path

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


class Canaries:
    """Generates canaries. `titles` may reach the partner, `secrets` must not leave the tenant."""

    def __init__(self, run: str) -> None:
        self._run = run
        self.secrets: list[str] = []
        self.titles: list[str] = []

    def secret(self, what: str) -> str:
        """Return a canary for a field that must not leave the tenant."""
        return self._plant(self.secrets, what)

    def title(self, text: str) -> str:
        """Record a title, which the partner may receive but no log, table or queue may hold."""
        self.titles.append(text)
        return text

    def _plant(self, canaries: list[str], what: str) -> str:
        canaries.append(f"canary-{what}-{len(canaries)}-{self._run}")
        return canaries[-1]


def canaries_in(content: bytes, canaries: Iterable[str]) -> list[str]:
    """Return the canaries that occur in `content`, in plain text or inside base64."""
    texts = [content, *_decoded(content)]
    return [canary for canary in canaries if any(canary.encode() in text for text in texts)]


def canaries_below(folder: Path, canaries: Iterable[str]) -> list[str]:
    """Return "canary in file" for each match in the files below a folder."""
    listed = list(canaries)
    matches = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        matches += [f"{canary} in {file.relative_to(folder)}" for canary in canaries_in(file.read_bytes(), listed)]
    return matches


def _decoded(content: bytes) -> list[bytes]:
    texts = []
    for run in _BASE64_RUN.findall(content):
        try:
            texts.append(base64.b64decode(run + b"=" * (-len(run) % 4), altchars=b"-_" if b"_" in run else None))
        except binascii.Error:
            continue
    return texts
