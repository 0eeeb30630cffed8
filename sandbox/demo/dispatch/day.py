"""The day: what the dispatcher plans, and what the technicians do in Outlook."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sandbox.demo.dispatch.plan import Key
from sandbox.demo.dispatch.reading import KARI, OLA, Event, Sides, sides_of, utc
from sandbox.demo.dispatch.stage import Stage, shown_all, shown_at

DISPATCHER = "dispatcher"
HOUR = timedelta(hours=1)
DEPOT_CHECKS = 5


class Visit(NamedTuple):
    """A booking that the dispatcher made."""

    id: str
    key: Key


class Day:
    """The acts without trouble. Each waits until both sides show it."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.stack, self.plan = stage, stage.stack, stage.plan
        self.midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.visits: dict[str, Visit] = {}

    def at(self, hour: float, days: int = 0) -> datetime:
        """Return an hour of tomorrow, or of a later day."""
        return self.midnight + timedelta(days=days, hours=hour)

    def key(self, mailbox: str, hour: float, days: int = 0, hours: float = 1) -> Key:
        """Return the time of an appointment."""
        start = self.at(hour, days)
        return Key(mailbox, utc(start), utc(start + timedelta(hours=hours)))

    def plan_visits(self) -> None:
        """Plan visits of customers, and checks of the depot that have no work order."""
        for name, mailbox, hour, is_order in (
            ("Heat pump", KARI, 8, True), ("Boiler", KARI, 11, True), ("Lift", OLA, 8, True), ("Alarm", OLA, 10, False),
            ("Fuse box", OLA, 13, False),
        ):  # fmt: skip
            self.book(name, self.key(mailbox, hour), **(self.stack.dataverse.work_order() if is_order else {}))
        for day in range(DEPOT_CHECKS):
            self.book(f"Depot check {day + 1}", self.key(OLA, 15, day + 1))
        for name, visit in self.visits.items():
            owner = visit.key.mailbox.partition("@")[0].capitalize()
            self.stage.await_key(DISPATCHER, f"plans {name} for {owner}", visit.key)

    def book(self, name: str, key: Key, **columns: Any) -> Visit:
        """Make a booking, as the dispatcher."""
        title = self.plan.visit(name)
        status = "Scheduled" if columns else "Committed"
        row = self.stack.dataverse.book(
            key.mailbox, _moment(key.start), _moment(key.end), status, name=title, **columns
        )
        visit = Visit(str(row["bookableresourcebookingid"]), self.plan.add(key, title, title))
        self.visits[name] = visit
        return visit

    def reassign(self) -> None:
        """Give one of Kari's visits to Ola."""
        visit = self.visits["Boiler"]
        to = self.plan.move(visit.key, visit.key._replace(mailbox=OLA))
        self.stack.dataverse.change(visit.id, resource=OLA)

        def is_moved(sides: Sides) -> bool:
            return [each.mailbox for each in sides.of(visit.id)] == [OLA]

        self.stage.wait(DISPATCHER, "gives Kari's Boiler to Ola", is_moved, lambda sides: shown_at(sides, to))

    def drag_in_outlook(self) -> None:
        """Ola drags a visit to another hour in his calendar."""
        visit, to = self.visits["Alarm"], self.key(OLA, 16.5)
        event = self.event_of(visit)
        if event is None:
            return
        self.stack.tenant.change(OLA, event.id, start=_naive(to.start), end=_naive(to.end))
        self.stage.await_key("Ola", "drags Alarm to 16:30 in Outlook", self.plan.move(visit.key, to))

    def add_private(self) -> None:
        """Kari adds a private appointment, of which the board gets the times alone."""
        subject, key = self.plan.secret("Fertility clinic"), self.key(KARI, 14)
        self.add_event(key, subject, board="Private", sensitivity="private")
        self.stage.await_key("Kari", "adds a private appointment in Outlook", key)

    def add_event(self, key: Key, subject: str, board: str = "Busy", **fields: Any) -> dict[str, Any]:
        """Add an event to a technician's calendar, and return it."""
        self.plan.add(key, board, subject)
        return self.stack.tenant.book(
            key.mailbox, subject=subject, start=_naive(key.start), end=_naive(key.end), showAs="busy", **fields
        )

    def add_series(self) -> None:
        """Kari adds a weekly series of four, and the dispatcher moves its second booking."""
        subject, keys = self.plan.subject("Team call"), [self.key(KARI, 16, 7 * week) for week in range(4)]
        self.add_event(keys[0], subject, rrule="FREQ=WEEKLY;COUNT=4")
        for key in keys[1:]:
            self.plan.add(key, "Busy", subject)
        self.stage.wait(
            "Kari", "adds a weekly series of four in Outlook",
            lambda sides: all(sides.at(KARI, key.start) for key in keys),
            lambda sides: shown_all(
                [each for key in keys for each in sides.at(KARI, key.start)],
                [each for each in sides.events if each.series],
            ),
        )  # fmt: skip
        self._move_on_board(keys[1])

    def _move_on_board(self, key: Key) -> None:
        for booking in self.sides().at(KARI, key.start):
            to = self.plan.move(key, self.key(KARI, 9, 8))
            self.stack.dataverse.change(booking.id, _moment(to.start), _moment(to.end))
            self.stage.await_key(DISPATCHER, "moves the second one by a day, on the board", to)

    def cancel_visit(self) -> None:
        """A customer calls off a visit."""
        visit = self.visits["Fuse box"]
        self.plan.drop(visit.key)
        self.stack.dataverse.change(visit.id, status="Canceled")
        self.stage.wait(DISPATCHER, "cancels Fuse box", lambda sides: not sides.of(visit.id),
                        lambda sides: (self.status_of(visit.id, sides), shown_at(sides, visit.key)[1]))  # fmt: skip

    def status_of(self, booking_id: str, sides: Sides) -> str:
        """Return what the board says of a booking."""
        return next((each.status for each in sides.bookings if each.id == booking_id), "nothing")

    def event_of(self, visit: Visit) -> Event | None:
        """Return the event of a visit; that there is none is a problem."""
        events = self.sides().of(visit.id)
        if not events:
            self.stage.problems.append(f"no event of the visit {visit.key.mailbox} {visit.key.start}")
        return events[0] if events else None

    def sides(self) -> Sides:
        """Return what both sides have now."""
        return sides_of(self.stack)

    def acts(self) -> dict[str, Callable[[], None]]:
        """Return the acts by name, in the order of the day."""
        return {
            "reassign": self.reassign, "drag": self.drag_in_outlook, "private": self.add_private,
            "series": self.add_series, "cancel": self.cancel_visit,
        }  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _naive(text: str) -> str:
    """Return a time as events have it, in UTC."""
    return text.removesuffix("Z")
