"""Plays one act after the other: waits until both sides show it, and prints a line of what they show."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.demo.dispatch.plan import Key, Plan
from sandbox.demo.dispatch.reading import Booking, Event, Sides, sides_of
from sandbox.process import ROOT
from sandbox.stack import Stack

POLL_INTERVAL = 0.2
PATIENCE = 60.0
"""Seconds until an act counts as never carried over."""
WIDTHS = (10, 57, 41, 41)
HEADS = ("who", "does", "board", "calendar", "after")


class Stage:
    """The stack during the day. `problems`: acts that were never carried over."""

    def __init__(self, stack: Stack, plan: Plan, *, app: Path = ROOT, patience: float = PATIENCE) -> None:
        self.stack, self.plan, self.app, self.patience = stack, plan, app, patience
        self.problems: list[str] = []

    def head(self) -> None:
        """Print the heading."""
        _print(HEADS)
        _print(tuple("-" * width for width in (*WIDTHS, 7)))

    def await_key(self, actor: str, what: str, key: Key) -> None:
        """Wait until both sides have an appointment once, and print them."""
        self.wait(actor, what, lambda sides: _both_have(sides, key), lambda sides: shown_at(sides, key))

    def wait(
        self, actor: str, what: str, condition: Callable[[Sides], bool], shows: Callable[[Sides], tuple[str, str]],
        patience: float | None = None,
    ) -> None:  # fmt: skip
        """Wait until a condition holds, and print what both sides show."""
        began, limit = time.monotonic(), self.patience if patience is None else patience
        sides = sides_of(self.stack)
        while not (holds := condition(sides)) and time.monotonic() - began < limit:
            time.sleep(POLL_INTERVAL)
            sides = sides_of(self.stack)
        if not holds:
            self.problems.append(f"never: {actor} {what}")
        after = f"{time.monotonic() - began:.1f} s" if holds else "NEVER"
        _print((actor, what, *shows(sides), after))

    def until(self, condition: Callable[[], bool], patience: float | None = None) -> bool:
        """Wait until a condition holds; return whether it does."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_INTERVAL)
        return True


def shown_at(sides: Sides, key: Key) -> tuple[str, str]:
    """Return what both sides show of a person at a time."""
    bookings = [each for each in sides.bookings if each.is_live and Key(each.mailbox, each.start, each.end) == key]
    events = [each for each in sides.events if Key(each.mailbox, each.start, each.end) == key]
    return shown_all(bookings, events)


def shown_all(bookings: list[Booking], events: list[Event]) -> tuple[str, str]:
    """Return what a line says of bookings and events."""
    return _cell(bookings, [each.name for each in bookings]), _cell(events, [each.subject for each in events])


def _cell(items: list[Booking] | list[Event], names: list[str]) -> str:
    if not items:
        return "nothing"
    first = items[0]
    times = f"{datetime.fromisoformat(first.start):%a %H:%M}-{datetime.fromisoformat(first.end):%H:%M}"
    owner = first.mailbox.partition("@")[0].capitalize()
    return f"{owner} {times} {names[0]}" if len(items) == 1 else f"{owner}: {len(items)}, from {times} {names[0]}"


def _both_have(sides: Sides, key: Key) -> bool:
    bookings = [each for each in sides.bookings if each.is_live and Key(each.mailbox, each.start, each.end) == key]
    events = [each for each in sides.events if Key(each.mailbox, each.start, each.end) == key]
    return len(bookings) == len(events) == 1


def _print(cells: tuple[str, ...]) -> None:
    fitted = [_fitted(cell, width) for cell, width in zip(cells, (*WIDTHS, 7), strict=True)]
    print("  ".join(fitted).rstrip(), flush=True)


def _fitted(text: str, width: int) -> str:
    return (text if len(text) <= width else f"{text[: width - 1]}…").ljust(width)
