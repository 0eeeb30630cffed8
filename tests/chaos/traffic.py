"""Calls the relay's own routes all the time, with valid and invalid requests, and keeps the responses."""

from collections.abc import Callable

import requests

from tests.chaos.activity import Activity
from tests.chaos.stage import Stage

CALLS: tuple[tuple[str, str, str | None, bytes | None], ...] = (
    ("GET", "/health", None, None),
    ("GET", "/subscriptions?pageSize=100", "function", None),
    ("POST", "/subscriptions", "function", b'{"mailbox": "stranger@elsewhere.com"}'),
    ("POST", "/notifications", None, b'{"value": [{"clientState": "forged"}]}'),
    ("POST", "/notifications", None, b"{"),
    ("GET", "/subscriptions", None, None),
)


class Traffic(Activity):
    """Repeats the calls, about two per second, until it is stopped; `search` gets every response."""

    def __init__(self, stage: Stage, search: Callable[[str, bytes], None]) -> None:
        super().__init__()
        self._stage = stage
        self._search = search
        self.responses = 0

    def work(self) -> None:
        """Make the calls; while the host is killed there is no response."""
        while not self.stopped.is_set():
            for method, path, key, body in CALLS:
                try:
                    response = self._stage.stack.relay.call(method, path, key=key, data=body)
                except requests.RequestException:
                    continue
                finally:
                    self.stopped.wait(0.5)
                self.responses += 1
                self._search("the relay's answers", repr(dict(response.headers)).encode() + response.content)
