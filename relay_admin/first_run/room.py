"""The stage that sets up the first room, and waits until Exchange has applied the grant and its watch is live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import Refused, Unreachable
from relay_admin.first_run.report import Report, Stopped
from relay_admin.first_run.waiting import Waiting

PAUSE = 15.0  # seconds; each question is one call of Graph
PASSING = (429, 500, 502, 503, 504)  # statuses of answers that another time may not have
LASTING = ("graph_rejected", "relay_misconfigured")  # codes among them that a person has to end
GRANT = (
    "Exchange applies a grant within two hours. infra/exchange/Test-RelayMailboxAccess.ps1 shows at once whether it "
    "was made; if not, infra/exchange/Grant-RelayMailboxAccess.ps1 makes it. Then run this again: what is done stays."
)


class FirstRoom:
    """Sets up a room; `reading_problem` says why its calendar cannot be read yet, empty if it can."""

    def __init__(
        self, relay: RelayClient, report: Report, waiting: Waiting, room: str, reading_problem: Callable[[], str]
    ) -> None:
        self._relay, self._report, self._waiting, self._room = relay, report, waiting, room
        self._reading_problem = reading_problem
        self._watch: dict[str, Any] = {}

    def run(self) -> None:
        """Set up the room, which is harmless to repeat, and wait until its watch is live. Raises Stopped."""
        reason = self._waiting.until(self._problem, PAUSE)
        if reason:
            raise Stopped("watch", reason, GRANT)
        self._report.add(
            "watch", f"{self._room} is watched, and its watch is live until {self._watch['expirationDateTime']}"
        )

    def _problem(self) -> str:
        """Return why the watch is not live or the calendar not readable, empty if both are. Raises Stopped."""
        try:
            return self._watch_problem() or self._reading_problem()
        except Unreachable as error:
            return error.title
        except Refused as error:
            if error.status not in PASSING:
                raise
            return error.title

    def _watch_problem(self) -> str:
        result = self._relay.call("POST", "/subscriptions/batch", {"mailboxes": [self._room]})["value"][0]
        if result["status"] >= 400:
            text = f"{result['title']}: {result['detail']}"
            if result["status"] not in PASSING or result.get("code") in LASTING:
                raise Stopped("watch", text, "Correct this, then run this again. See docs/troubleshooting.md.")
            return text
        self._watch = result["subscription"]
        state = self._watch["state"]
        return "" if state == "live" else f"the watch is {state}: {self._watch['lastError'] or 'no error is known'}"
