"""A relay for the command `first-run`, which answers from a script, and a clock that only sleeping moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

ROOM, OUTSIDE = "room1@contoso.com", "ceo@contoso.com"
GOOD = {
    "settings": True, "token": True, "allowList": True, "calendarsRead": True, "exchangeScope": True, "partner": True,
}  # fmt: skip
LIVE = {
    "status": 201,
    "subscription": {"state": "live", "expirationDateTime": "2026-12-05T10:00:00Z", "lastError": None},
}
MISSING = {"status": 502, "code": "graph_permission_missing", "title": "Permission missing", "detail": "Grant it."}


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    time: float = 0.0

    def __call__(self) -> float:
        """Return the seconds that have passed."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let them pass, at most for a day."""
        self.time += seconds
        assert self.time < 86400, "a wait without an end"


@dataclass
class ScriptedRelay:
    """A relay whose answers change with the time of a clock. The last answer of a list repeats."""

    clock: Clock
    url: str = "https://relay.example"
    version: list[Any] = field(default_factory=lambda: [(200, {"package": "0a1b2c3d"})])
    health: list[Any] = field(default_factory=lambda: [(200, {"status": "up"})])
    handshakes: list[str] = field(default_factory=lambda: [""])
    handshake_seconds: float = 0.1
    examined: list[Any] = field(default_factory=lambda: [GOOD])
    pinged: dict[str, Any] = field(default_factory=lambda: dict(GOOD))
    setup: list[Any] = field(default_factory=lambda: [LIVE])
    calls: list[tuple[str, str, Any]] = field(default_factory=list)

    def public(self, path: str) -> Any:
        """Answer a route that needs no sign-in."""
        return _next(self.version if path == "/version" else self.health)

    def handshake_error(self, _: str) -> str:
        """Answer a handshake."""
        self.clock.time += self.handshake_seconds
        return cast("str", _next(self.handshakes))

    def call(self, method: str, path: str, body: Any) -> Any:
        """Answer a route of the API."""
        self.calls.append((method, path, body))
        if path == "/subscriptions/batch":
            return {"value": [_next(self.setup)]}
        marks = self.pinged if body["ping"] else _next(self.examined)
        details = {"partner": "the partner did not accept the delivery: 401"} if marks.get("partner") is False else {}
        return {"checks": [_finding(name, ok, details.get(name, name)) for name, ok in marks.items()]}

    def paths(self) -> list[str]:
        """Return the called routes."""
        return [path for _, path, _ in self.calls]


def _next(answers: list[Any]) -> Any:
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


def _finding(name: str, ok: bool | None, detail: str) -> dict[str, Any]:  # noqa: FBT001  (three values)
    return {"name": name, "ok": ok, "detail": detail, "whatToDo": None if ok else f"Correct {name}."}
