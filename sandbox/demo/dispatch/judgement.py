"""The result of the day, computed from what was read. Pure; it shares no code with the product that it judges."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from sandbox.demo.dispatch.plan import Key, Plan
from sandbox.demo.dispatch.reading import Booking, Event, Sides

_Item = TypeVar("_Item", Booking, Event)
ENDED = ("ended", "muted")
"""The states of a pair in which nothing is kept in step."""


class Stored(NamedTuple):
    """The relay's storage: `pairs` are its rows by booking id, `dead` the number of hints that were given up."""

    pairs: dict[str, dict[str, Any]]
    dead: int


class Result(NamedTuple):
    """The result; each list says what is wrong."""

    bookings: int
    events: int
    doubled: list[str]
    lost: list[str]
    leaked: list[str]
    apart: list[str]

    @property
    def is_right(self) -> bool:
        """Whether both sides have what they must have, once, and nothing has leaked."""
        return not (self.doubled or self.lost or self.leaked or self.apart)

    def line(self) -> str:
        """Return the last line of the demonstration."""
        step = f"{len(self.apart)} not in step" if self.apart else "all in step"
        return (
            f"demo: {self.bookings} bookings and {self.events} events, {step}, {len(self.doubled)} doubled, "
            f"{len(self.lost)} lost, {len(self.leaked)} leaked"
        )


def judged(sides: Sides, stored: Stored, plan: Plan, leaked: Iterable[str] = (), apart: Iterable[str] = ()) -> Result:
    """Return the result. `leaked`, `apart`: what was discovered elsewhere."""
    live = [each for each in sides.bookings if each.is_live]
    lost = [f"no {side}: {_shown(key)}" for key in plan.appointments for side in _missing(key, live, sides.events)]
    doubled = [f"booking again: {_shown(each)}" for each in _surplus_bookings(live, stored)]
    doubled += [f"event again: {_shown(each)}" for each in _surplus_events(sides.events)]
    differences = [*_unplanned(live, sides.events, plan), *_misnamed(live, sides.events, plan)]
    differences += [*_unpaired(live, sides.events, stored), *apart]
    differences += [f"{stored.dead} hints were given up"] if stored.dead else []
    return Result(len(live), len(sides.events), doubled, lost, list(leaked), differences)


def _missing(key: Key, bookings: list[Booking], events: Iterable[Event]) -> list[str]:
    """Return the side that lacks an appointment; an appointment that both lack is lost once."""
    sides = (("booking", {_key(each) for each in bookings}), ("event", {_key(each) for each in events}))
    return [side for side, keys in sides if key not in keys][:1]


def _surplus_bookings(bookings: list[Booking], stored: Stored) -> list[Booking]:
    """Return bookings beside another one of the same person at the same time, or of the same event."""
    events = {each: str(row.get("event_id") or "") for each, row in stored.pairs.items() if _is_kept(row)}
    of_event = [(event, each) for each in bookings if (event := events.get(_hex(each.id)))]
    return _all_but_first([(_key(each), each) for each in bookings], of_event)


def _surplus_events(events: Iterable[Event]) -> list[Event]:
    """Return events beside another one of the same person at the same time, or of the same booking."""
    listed = list(events)
    of_booking = [(each.booking, each) for each in listed if each.booking]
    return _all_but_first([(_key(each), each) for each in listed], of_booking)


def _all_but_first(*kinds: Sequence[tuple[Hashable, _Item]]) -> list[_Item]:
    """Return each item that shares its key with an earlier one, once."""
    surplus: dict[str, _Item] = {}
    for kind in kinds:
        groups: dict[Hashable, list[_Item]] = defaultdict(list)
        for key, item in kind:
            groups[key].append(item)
        surplus |= {each.id: each for group in groups.values() for each in group[1:]}
    return list(surplus.values())


def _unplanned(bookings: list[Booking], events: Iterable[Event], plan: Plan) -> list[str]:
    kinds = (("booking", bookings), ("event", events))
    return [
        f"nobody planned the {kind}: {_shown(each)}"
        for kind, items in kinds for each in items if _key(each) not in plan.appointments
    ]  # fmt: skip


def _misnamed(bookings: list[Booking], events: Iterable[Event], plan: Plan) -> list[str]:
    nothing = (None, None)
    wrong = [f"another name of the booking: {_shown(each)}" for each in bookings
             if plan.appointments.get(_key(each), nothing)[0] not in (None, each.name)]  # fmt: skip
    return wrong + [f"another name of the event: {_shown(each)}" for each in events
                    if plan.appointments.get(_key(each), nothing)[1] not in (None, each.subject)]  # fmt: skip


def _unpaired(bookings: list[Booking], events: Iterable[Event], stored: Stored) -> list[str]:
    """Return the bookings that storage does not pair with the event at their times, and pairs without a booking."""
    at = {_key(each): each.id for each in events}
    wrong = [f"not paired with its event: {_shown(each)}" for each in bookings
             if _paired_event(stored.pairs.get(_hex(each.id))) != at.get(_key(each))]  # fmt: skip
    live = {_hex(each.id) for each in bookings}
    return wrong + [f"a pair without a booking is {row.get('state')}: {each}" for each, row in stored.pairs.items()
                    if _is_kept(row) and each not in live]  # fmt: skip


def _paired_event(row: dict[str, Any] | None) -> str | None:
    return str(row["event_id"]) if row is not None and row.get("state") == "paired" else None


def _is_kept(row: dict[str, Any]) -> bool:
    return row.get("state") not in ENDED


def _key(item: Booking | Event) -> Key:
    return Key(item.mailbox, item.start, item.end)


def _hex(booking_id: str) -> str:
    return booking_id.replace("-", "").lower()


def _shown(item: Key | Booking | Event) -> str:
    """Return whose time it is."""
    return f"{item.mailbox} {item.start} to {item.end}"
