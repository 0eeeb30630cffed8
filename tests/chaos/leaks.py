"""Search for canaries, secrets and tokens in all that leaves the relay or stays behind, during the run and after it."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.chaos.canaries import Marks, found
from tests.chaos.proxy import Exchange

KNOWN_TO_HOLD = ("seed.json", "local.settings.json", "tenant.log", "partner.log")  # the sandbox's own
CERTIFICATES = ".pem"


class Leaks:
    """Collects finds as "what in where", each once, and how many bytes of each kind of place were searched."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.secrets: dict[str, str] = {}
        self.finds: dict[str, None] = {}
        self.searched: dict[str, int] = {}
        self._lock = threading.Lock()

    def look(self, place: str, content: bytes, *, titles: bool = False) -> None:
        """Search some content; `titles` may be there when the place is the partner's."""
        words = {"a field that never leaves": self._marks.secret_mark, **self.secrets}
        if not titles:
            words["a title"] = self._marks.title_mark
        names = {word: name for name, word in words.items()}
        finds = [f"{names.get(word, word)} in {place}" for word in found(content, names)]
        with self._lock:
            self.searched[place] = self.searched.get(place, 0) + len(content)
            self.finds |= dict.fromkeys(finds)

    def listener(self, place: str, *, titles: bool = False) -> Callable[[Exchange], None]:
        """Return what a proxy tells of every request: its line and headers are searched, too."""

        def hear(exchange: Exchange) -> None:
            self.look(place, exchange.request.head + exchange.request.content, titles=titles)

        return hear

    def look_below(self, folder: Path) -> None:
        """Search every file that a run leaves behind: logs, crash output, the storage's own data."""
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            if file.name not in KNOWN_TO_HOLD and file.suffix != CERTIFICATES:
                place = "storage's files" if "storage" in file.parts else f"the file {file.name}"
                self.look(place, file.read_bytes())
