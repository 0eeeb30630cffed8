"""What the doctor finds: a name, whether it is well, what was seen, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import RelayError


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` is None when the check was inconclusive; `remedy` is what to do, empty when there is nothing to do."""

    name: str
    ok: bool | None
    detail: str
    remedy: str = ""


class Failed(Exception):
    """A check that failed, or that was `inconclusive`: nobody knows, because it could not be tried."""

    def __init__(self, detail: str, remedy: str, *, inconclusive: bool = False) -> None:
        super().__init__(detail)
        self.ok = None if inconclusive else False
        self.remedy = remedy


def inconclusive(detail: str, remedy: str = "") -> Failed:
    """Return what to raise when something could not be tried."""
    return Failed(detail, remedy, inconclusive=True)


def check(name: str, inspect: Callable[[], str], remedy: str) -> Finding:
    """Return the finding of one check. Never raises.

    `inspect` returns what it saw, or raises Failed or an error of ours, which says what is wrong; `remedy` is for the
    latter.
    """
    try:
        return Finding(name, ok=True, detail=inspect())
    except Failed as failed:
        return Finding(name, ok=failed.ok, detail=str(failed), remedy=failed.remedy)
    except RelayError as error:
        return Finding(name, ok=False, detail=str(error), remedy=remedy)
    except Exception as error:  # noqa: BLE001  (one thing that breaks must not hide the others)
        return Finding(name, ok=False, detail=f"could not be tried ({type(error).__name__})", remedy=remedy)
