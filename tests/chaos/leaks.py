"""The search for canaries, secrets and tokens in all outputs of the relay, during the run and after it."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.chaos.canaries import Canaries, matches_in
from tests.chaos.proxy import Exchange

SKIPPED_FILES = ("seed.json", "local.settings.json", "tenant.log", "partner.log")  # the sandbox's own
CERTIFICATES = ".pem"


class Leaks:
    """Collects matches as "what in where", each once, and counts the bytes searched by kind of place."""

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries
        self.secrets: dict[str, str] = {}
        self.matches: dict[str, None] = {}
        self.searched: dict[str, int] = {}
        self._lock = threading.Lock()

    def search(self, place: str, content: bytes, *, titles: bool = False) -> None:
        """Search some content; `titles` are allowed when the place is the partner's."""
        texts = {"a field that never leaves": self._canaries.secret_canary, **self.secrets}
        if not titles:
            texts["a title"] = self._canaries.title_canary
        names = {text: name for name, text in texts.items()}
        matches = [f"{names.get(text, text)} in {place}" for text in matches_in(content, names)]
        with self._lock:
            self.searched[place] = self.searched.get(place, 0) + len(content)
            self.matches |= dict.fromkeys(matches)

    def listener(self, place: str, *, titles: bool = False) -> Callable[[Exchange], None]:
        """Return a listener for a proxy: request line and headers are searched, too."""

        def listen(exchange: Exchange) -> None:
            self.search(place, exchange.request.head + exchange.request.content, titles=titles)

        return listen

    def search_below(self, folder: Path) -> None:
        """Search every file of a run: logs, crash output, the storage's own data."""
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            if file.name not in SKIPPED_FILES and file.suffix != CERTIFICATES:
                place = "storage's files" if "storage" in file.parts else f"the file {file.name}"
                self.search(place, file.read_bytes())
