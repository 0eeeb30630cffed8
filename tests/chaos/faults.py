"""Faults by a seeded timetable: at Graph, at login, in Key Vault, in storage, at the partner."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.activity import Activity
from tests.chaos.proxy import NO_FAULT, Exchange, ExchangeFault
from tests.chaos.stage import Stage

_ERROR = {"error": {"code": "generalException", "message": "x"}}
_READS = "GET /v1.0/users/"
_HTML = {"Content-Type": "text/html"}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Fault:
    """One kind of fault: at the `tenant`, at the `partner` (their control's JSON), or at a `storage` service.

    It lasts for `seconds`, and for no more requests than it says itself. `share` is the part of the storage exchanges
    that meet it. One that is not `quick` makes the relay wait for its time limits.
    """

    name: str
    tenant: dict[str, Any] = field(default_factory=dict)
    partner: dict[str, Any] = field(default_factory=dict)
    storage: tuple[str, ...] = ()
    exchange: ExchangeFault = NO_FAULT
    share: float = 1.0
    seconds: float = 3.0
    quick: bool = True


def _graph(name: str, times: int, quick: bool = True, **how: Any) -> Fault:  # noqa: FBT001, FBT002 (as Fault names it)
    return Fault(name, tenant={"match": _READS, "times": times, **how}, quick=quick)


def _partner(name: str, times: int, quick: bool = True, **how: Any) -> Fault:  # noqa: FBT001, FBT002
    return Fault(name, partner={"times": times, **how}, quick=quick)


FAULTS = (
    _graph("Graph 429", 20, status=429, body=_ERROR, headers={"Retry-After": "1"}),
    _graph("Graph 500", 8, status=500, body=_ERROR),
    _graph("Graph 503", 20, status=503, body=_ERROR),
    _graph("Graph hangs", 6, quick=False, status=200, delaySeconds=6),
    _graph("Graph cuts the line", 10, cut=True),
    _graph("Graph answers HTML", 5, status=200, body="<html>", headers=_HTML),
    _graph("Graph answers half a JSON", 5, status=200, body='{"id": "x', headers=_JSON),
    _graph("Graph answers nothing", 5, status=200),
    _graph("Graph answers an empty event", 5, status=200, body={}),
    _graph("Graph revokes a token", 5, status=401, body=_ERROR),
    Fault("login down", tenant={"match": "POST /.*/oauth2/v2.0/token", "status": 503}),
    Fault("Key Vault down", tenant={"match": "GET /secrets/", "status": 503}),
    _partner("partner 500", 5, status=500),
    _partner("partner 429", 4, status=429, headers={"Retry-After": "2"}),
    _partner("partner hangs", 3, quick=False, hang=True),
    _partner("partner slow", 10, delaySeconds=2),
    _partner("partner cuts before its work", 4, cut="before"),
    _partner("partner cuts after its work", 4, cut="after"),
    Fault("queue refuses", storage=("queue",), exchange=ExchangeFault(status=503), share=0.6),
    Fault("queue cuts before the write", storage=("queue",), exchange=ExchangeFault(cut="before"), share=0.4),
    Fault("queue cuts after the write", storage=("queue",), exchange=ExchangeFault(cut="after"), share=0.4),
    Fault("queue slow", storage=("queue",), exchange=ExchangeFault(delay=1.0), share=0.5),
    Fault("table refuses", storage=("table",), exchange=ExchangeFault(status=500), share=0.6),
    Fault("table cuts before the write", storage=("table",), exchange=ExchangeFault(cut="before"), share=0.3),
    Fault("table cuts after the write", storage=("table",), exchange=ExchangeFault(cut="after"), share=0.3),
    Fault("table slow", storage=("table",), exchange=ExchangeFault(delay=0.5), share=0.5),
    Fault("storage down", storage=("queue", "table"), exchange=ExchangeFault(status=503)),
)
ROUND_SECONDS = 120.0  # for a round of all faults at full length; a shorter run has shorter faults
PAUSE = 1.5
OUTAGE = Fault("partner away", partner={"status": 503}, seconds=25, quick=False)


class Faults(Activity):
    """Plants faults one after the other, in rounds of all that fit the run, until it is stopped."""

    def __init__(self, stage: Stage, chance: random.Random, seconds: float, *, quick: bool) -> None:
        super().__init__()
        self._stage = stage
        self._chance = chance
        self._kinds = [fault for fault in FAULTS if fault.quick or not quick]
        self._tempo = min(1.0, seconds / ROUND_SECONDS)
        self._outages = 0 if quick else 2
        self.played: Counter[str] = Counter()

    def work(self) -> None:
        """Plant the faults; at the end none is left."""
        while not self.stopped.is_set():
            kinds = self._chance.sample(self._kinds, len(self._kinds))
            if self.played[OUTAGE.name] < self._outages:
                kinds.insert(len(kinds) // 2, OUTAGE)
            for fault in kinds:
                if not self.stopped.is_set():
                    self._play(fault)

    def _play(self, fault: Fault) -> None:
        self.played[fault.name] += 1
        take_away = self._plant(fault)
        for service in fault.storage:
            self._stage.proxies[service].fault_for = self._chooser(fault)
        self.stopped.wait(fault.seconds * self._tempo)
        take_away()
        for service in fault.storage:
            self._stage.proxies[service].fault_for = lambda _exchange: NO_FAULT
        self.stopped.wait(PAUSE * self._tempo * self._chance.uniform(0.5, 1.5))

    def _plant(self, fault: Fault) -> Callable[[], object]:
        """Plant a fault of tenant or partner, and return what removes it.

        Faults that stay unmet would otherwise accumulate, and make an outage of minutes later.
        """
        tenant, partner = self._stage.stack.tenant, self._stage.stack.partner
        if fault.tenant:
            planted = tenant.control("POST", "/faults", fault.tenant)["id"]
            return lambda: tenant.control("DELETE", f"/faults/{planted}")
        if fault.partner:
            partner.control("POST", "/behaviour", fault.partner)
            return lambda: partner.control("DELETE", "/behaviour")
        return lambda: None

    def _chooser(self, fault: Fault) -> Callable[[Exchange], ExchangeFault]:
        chance = random.Random(self._chance.random())

        def fault_for(_exchange: Exchange) -> ExchangeFault:
            return fault.exchange if chance.random() < fault.share else NO_FAULT

        return fault_for
