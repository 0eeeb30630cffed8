"""What the tests of the feature bookings share: a world that authenticates callers, and a call about its business."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pytest

from functions import auth, bookings
from shared.auth.authenticator import Authenticator
from shared.auth.rate_limit import CallRateLimiter
from tests.support.appointments_world import ADDRESS, AppointmentWorld
from tests.support.minting import key_of
from tests.unit.functions.conftest import call

CANARY = "canary-of-a-customer"
APPOINTMENT = {"service": "Haircut", "start": "2026-11-24T12:00:00Z",
         "customer": {"name": CANARY, "email": f"{CANARY}@contoso.com", "phone": CANARY, "notes": CANARY}}  # fmt: skip


class CalledWorld(AppointmentWorld):
    """A world that authenticates callers."""

    @cached_property
    def authenticator(self) -> Authenticator:
        """Return the authenticator."""
        rate = CallRateLimiter(lambda: self.time.timestamp())  # noqa: PLW0108  (the time moves)
        return Authenticator(self.settings, lambda: key_of, rate)


@contextmanager
def called_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[CalledWorld]:
    """Yield a world that the functions use as the process's relay."""
    made = CalledWorld()
    for module in (auth, bookings):
        monkeypatch.setattr(module, "relay", lambda: made)
    yield made
    made.end()


def call_business(function: Any, method: str = "GET", body: object = b"", params: Any = None, **route: str) -> Any:
    """Call a function about the business."""
    return call(function, method, body=body, params=params or {}, route_params={"business": ADDRESS, **route})
