"""One process of the relay that delivers: with the version before of deliveries, a clock of its own, and Graph's Date.

The partner is called through a port of its own, which records each attempt before anything can happen to it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.errors import RelayError
from shared.partner.webhook import NotDelivered
from tests.schedules import version_before
from tests.schedules.ports import Errors, Port
from tests.schedules.process import PRESENT, Process

if TYPE_CHECKING:
    from tests.deliveries.partner import JudgedPartner
    from tests.deliveries.site import DeliverySite

COMMIT, PACKAGE = "24186b5", "delivered_before"
FOLDER = "DELIVERIES_BEFORE"  # names a folder that holds the package already
LARGEST_BEFORE = timedelta(seconds=0.5)
PARTNER_ERRORS: Errors = {"lost": lambda: NotDelivered(0, "no answer (ReadTimeout)")}


@cache
def folder() -> str:
    """Return a folder that holds the version before. Raises RuntimeError in a clone without its commit."""
    given = os.environ.get(FOLDER)
    if given is not None:
        return given
    target = tempfile.mkdtemp(prefix="deliveries-")
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    version_before.unpack(Path(target), COMMIT, package=PACKAGE)
    return target


@cache
def installed() -> str:
    """Make the version before importable, and return its name."""
    sys.path.append(folder())
    return PACKAGE


class DeliveryProcess(Process):
    """A process whose clock is wrong by `offset` seconds from each start on. `knows_date`: whether it compares its
    clock with Graph's.
    """

    def __init__(
        self, name: str, site: DeliverySite, version: str, faults: Collection[str], offset: float, *, knows_date: bool
    ) -> None:
        self._wrong_by, self._knows_date, self._receiver = timedelta(seconds=offset), knows_date, site.receiver
        super().__init__(name, site, version, faults)

    def earlier(self) -> str:
        """Return the package of the version before."""
        return installed()

    def has_tables(self) -> bool:
        """Return whether the version has a part for each table."""
        return True

    def start(self) -> None:
        """Start, the first time or again. The clock stays as wrong as it is."""
        super().start()
        self.offset = self._wrong_by if self.version == PRESENT else _small(self._wrong_by)

    def now(self) -> datetime:
        """Return the time by this process's clock."""
        return self.site.now() + self.offset

    def jump(self, seconds: float) -> None:
        """Make the clock wrong by some seconds. If Graph's Date was seen, it is seen again."""
        self._wrong_by = timedelta(seconds=seconds)
        self.offset = self._wrong_by if self.version == PRESENT else _small(self._wrong_by)
        if self.skew is not None:
            self.saw_date()

    def acts(self) -> None:
        """Note that this process calls."""
        self.site.acting = self

    def intake_moments(self) -> tuple[datetime, ...]:
        """Return the moments with which notifications are taken in, as the function of the version does."""
        clock = getattr(self.app, "graph_clock", None)
        return (self.now(),) if clock is None else (self.now(), clock.hint())

    def saw_date(self) -> None:
        """Compare the clock with the header Date of Graph's answer, in whole seconds."""
        if self._knows_date:
            self.skew = timedelta(seconds=int((self.site.date_skew - self.offset).total_seconds()))

    def own(self, error: Exception) -> Exception:
        """Return an error as this version knows it."""
        if self.package == PRESENT or not isinstance(error, RelayError):
            return error
        if isinstance(error, NotDelivered):
            own: Exception = self.part("partner.webhook").NotDelivered(error.status, "not accepted", error.retry_after)
            return own
        kind, given = getattr(self.part("errors"), type(error).__name__), error.__dict__
        own = kind.__new__(kind)
        own.__dict__.update(given)
        own.args = error.args
        return own

    def _parts(self) -> dict[str, Any]:
        return super()._parts() | {"webhook": PartnerPort(self, self._receiver)}


def _small(offset: timedelta) -> timedelta:
    """Return an offset that the version before allows for: it compares moments of clocks without a correction."""
    return max(-LARGEST_BEFORE, min(LARGEST_BEFORE, offset))


class PartnerPort(Port):
    """What stands before the partner."""

    def __init__(self, owner: DeliveryProcess, receiver: JudgedPartner) -> None:
        super().__init__(owner, "partner", receiver, ("deliver",), PARTNER_ERRORS, ("deliver",))
        self._receiver = receiver

    def _called(self, method: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        del call  # the attempt is taken with what is recorded of it
        attempt, payload = self._receiver.begin(*args)

        def answered(*_: Any) -> Any:
            return self._receiver.take(attempt, payload)

        try:
            answer = super()._called(method, answered, *args, **kwargs)
        except Exception:
            attempt.is_certain = attempt.answer not in (None, 0, 200)
            raise
        attempt.is_certain = True
        return answer
