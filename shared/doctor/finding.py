"""The result of a doctor's check: its name, whether it passed, what was seen, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from shared.errors import RelayError


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `ok` is None if it was inconclusive; `remedy` is empty if there is nothing to do.

    A check may pass and still have a remedy: everything works, and a step of the setup is missing.
    """

    name: str
    ok: bool | None
    detail: str
    remedy: str = ""


class Passed(NamedTuple):
    """What a check saw that passed, and a step of the setup that is missing."""

    detail: str
    remedy: str


class Failed(Exception):
    """A check failed, or was `inconclusive` because it could not be run."""

    def __init__(self, detail: str, remedy: str, *, inconclusive: bool = False) -> None:
        super().__init__(detail)
        self.ok = None if inconclusive else False
        self.remedy = remedy


def inconclusive(detail: str, remedy: str = "") -> Failed:
    """Return the exception to raise if a check could not be run."""
    return Failed(detail, remedy, inconclusive=True)


def check(name: str, inspect: Callable[[], str | Passed], remedy: str) -> Finding:
    """Return the finding of one check. Never raises.

    `inspect` returns what it saw, or raises Failed or RelayError with what is wrong. `remedy` applies to any exception
    other than Failed, which has its own, as Passed has.
    """
    try:
        seen = inspect()
        detail, step = seen if isinstance(seen, Passed) else (seen, "")
        return Finding(name, ok=True, detail=detail, remedy=step)
    except Failed as failed:
        return Finding(name, ok=failed.ok, detail=str(failed), remedy=failed.remedy)
    except RelayError as error:
        return Finding(name, ok=False, detail=str(error), remedy=remedy)
    except Exception as error:  # noqa: BLE001  (a broken check must not hide the others)
        return Finding(name, ok=False, detail=f"could not be run ({type(error).__name__})", remedy=remedy)
