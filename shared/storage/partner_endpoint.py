"""Whether deliveries leave for the partner's endpoint: one row, which all instances share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_ID = "0" * 32


class EndpointState(StrEnum):
    """Whether deliveries leave: flowing; failing (the circuit breaker is open, a probe at a time goes out); gone (the
    partner answered 410); or paused (by an administrator).
    """

    FLOWING = "flowing"
    FAILING = "failing"
    GONE_410 = "gone"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The partner's endpoint. `state` is one of EndpointState. `probe_at` is when the next probe may go out, `probes`
    how many have; `drain_at` when the next step of the drain may.
    """

    id: str = _ID
    state: str = EndpointState.FLOWING.value
    since: datetime | None = None
    reason: str = ""
    probe_at: datetime | None = None
    probes: int = 0
    drain_at: datetime | None = None
    etag: str = ""


class Endpoints:
    """The table's one row. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = Table(table, Endpoint, "endpoint")

    def read(self) -> Endpoint:
        """Return the endpoint as it is; one of which nothing was ever noted is flowing."""
        return self._table.get(_ID) or Endpoint()

    def change(self, endpoint: Endpoint, **changes: Any) -> Endpoint | None:
        """Change it as it was read; None when somebody else did so meanwhile."""
        if not endpoint.etag:
            return self._table.insert(replace(endpoint, **changes))
        return self._table.change(endpoint, **changes)
