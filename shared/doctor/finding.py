"""What the doctor finds: a name, whether it is well, what was seen, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import RelayError


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` is None for what could not be told; `to_do` is empty when there is nothing to do."""

    name: str
    ok: bool | None
    detail: str
    to_do: str = ""


class Failed(Exception):
    """What was looked at is not well, or `untold`: nobody knows, because it could not be tried."""

    def __init__(self, detail: str, to_do: str, *, untold: bool = False) -> None:
        super().__init__(detail)
        self.ok = None if untold else False
        self.to_do = to_do


def untold(detail: str, to_do: str = "") -> Failed:
    """Return what to raise when something could not be tried."""
    return Failed(detail, to_do, untold=True)


def found(name: str, look: Callable[[], str], to_do: str) -> Finding:
    """Return what looking finds; `to_do` is for errors of ours, which say themselves what is wrong. Never raises."""
    try:
        return Finding(name, ok=True, detail=look())
    except Failed as failed:
        return Finding(name, ok=failed.ok, detail=str(failed), to_do=failed.to_do)
    except RelayError as error:
        return Finding(name, ok=False, detail=str(error), to_do=to_do)
    except Exception as error:  # noqa: BLE001  (one thing that breaks must not hide the others)
        return Finding(name, ok=False, detail=f"could not be tried ({type(error).__name__})", to_do=to_do)
