"""The state of the partner endpoint: one row, shared by all instances."""

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
    """Flowing; failing (the circuit breaker is open, only probes are sent); gone (the partner returned 410); paused (by
    an administrator).
    """

    FLOWING = "flowing"
    FAILING = "failing"
    GONE_410 = "gone"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The partner endpoint. `state` is one of EndpointState. `probe_at` is the earliest time of the next probe,
    `probes` the number of probes sent, `drain_at` the earliest time of the next step of the drain.
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
    """The endpoint's row. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = Table(table, Endpoint, "endpoint")

    def read(self) -> Endpoint:
        """Return the endpoint. Without a row it is flowing."""
        return self._table.get(_ID) or Endpoint()

    def change(self, endpoint: Endpoint, **changes: Any) -> Endpoint | None:
        """Change the row and return the endpoint, or None when the row has changed since it was read."""
        if not endpoint.etag:
            return self._table.insert(replace(endpoint, **changes))
        return self._table.change(endpoint, **changes)
