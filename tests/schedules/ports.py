"""What stands before each part outside of a process: the worker waits there, and the call has the fault chosen.

kill, kill-after: the process ends before or after the call took effect. fail: the part answers that it is
unavailable, and nothing took effect. lost: the call took effect, and its answer is lost. again: the same, and the
library calls once more. freeze: the process stands still for some seconds. clock: its clock jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Protocol

from azure.core.exceptions import HttpResponseError, ServiceResponseError

if TYPE_CHECKING:
    from tests.schedules.scheduler import Scheduler

KILLS = ("kill", "kill-after")
FREEZES = ("freeze 180", "freeze 660")
JUMPS = ("clock 600", "clock -600", "clock 432000", "clock -432000")
TABLE_WRITES = ("create_entity", "update_entity", "upsert_entity", "delete_entity", "submit_transaction")
TABLE_CALLS = (*TABLE_WRITES, "get_entity", "query_entities")
GRAPH_WRITES = ("create", "renew", "change_address", "delete")
GRAPH_CALLS = (*GRAPH_WRITES, "get", "list")


class Owner(Protocol):
    """The process that calls."""

    name: str
    scheduler: Scheduler
    faults: Collection[str]
    fates: dict[str, str]
    failed: int

    def count(self, name: str, *, is_write: bool) -> None:
        """Note that this process calls a part in a round."""

    def jump(self, seconds: float) -> None:
        """Move the process's clock."""

    def acts(self) -> None:
        """Note that this process calls now."""

    def own(self, error: Exception) -> Exception:
        """Return an error as the process's version knows it."""


Errors = dict[str, Callable[[], Exception]]


class Port:
    """A part outside of the process. `calls` wait; `writes` among them can be lost or made again."""

    def __init__(
        self, owner: Owner, name: str, target: object, calls: Sequence[str], errors: Errors, writes: Sequence[str] = ()
    ) -> None:
        self._owner, self._name, self._target = owner, name, target
        self._calls, self._writes, self._errors = calls, writes, errors

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._target, method)
        if method not in self._calls:
            return call
        port = self.__dict__[method] = partial(self._called, method, call)
        return port

    def _called(self, method: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        owner, scheduler = self._owner, self._owner.scheduler
        kind, _, number = self._fault(method, args).partition(" ")
        if kind == "kill":
            scheduler.kill()
        if kind == "clock":
            owner.jump(float(number))
        if kind == "freeze":
            scheduler.sleep(float(number))
        owner.acts()
        if kind == "fail":
            raise owner.own(self._errors["fail"]())
        try:
            answer = call(*args, **kwargs)
            if isinstance(answer, GeneratorType):
                answer = iter([*answer])
            if kind == "again":
                answer = call(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  (each error is that of the version that calls)
            raise owner.own(error) from None
        if kind == "kill-after":
            scheduler.kill()
        if kind == "lost":
            raise owner.own(self._errors["lost"]())
        return answer

    def _fault(self, method: str, args: Sequence[Any]) -> str:
        """Wait before a call, and return its fault: the planned one, or the one that is drawn."""
        name, scheduler = f"{self._name}.{method}", self._owner.scheduler
        if scheduler.here() is None:
            return ""
        self._owner.count(self._name, is_write=method in self._writes)
        fault = scheduler.point(f"{name} {_subject(args)}".rstrip(), self._possible(method))
        fault = self._owner.fates.pop(name, "") or fault
        self._owner.failed += fault in ("fail", "lost", "again")
        return fault

    def _possible(self, method: str) -> list[str]:
        """Return the faults that this call may have."""
        wanted = self._owner.faults
        some = [*KILLS, *FREEZES, *JUMPS, *(each for each in ("fail", "lost", "again") if each in self._errors)]
        return [each for each in some if each.partition(" ")[0] in wanted
                and (method in self._writes or each not in ("lost", "again"))]  # fmt: skip


def unavailable() -> Exception:
    """Return storage's answer 503."""
    error = HttpResponseError("busy")
    error.status_code = 503
    return error


TABLE_ERRORS: Errors = {
    "fail": unavailable, "lost": lambda: ServiceResponseError("read timed out"), "again": unavailable,
}  # fmt: skip


def _subject(args: Sequence[Any]) -> str:
    """Return what a call is about, short, for the trace."""
    for each in args:
        if isinstance(each, dict):
            changed = ", ".join(sorted(each.keys() - {"PartitionKey", "RowKey"})[:4])
            return f"{each.get('PartitionKey')}/{str(each.get('RowKey'))[:8]} ({changed})"
    texts = [each for each in args if isinstance(each, str)]
    return "/".join(each[:8] for each in texts[:2]) if len(texts) == 2 else (texts or [""])[0][:40]
