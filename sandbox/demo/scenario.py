"""The scenario: meetings in three rooms are booked, changed and deleted; their private fields hold canaries."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sandbox.demo.canaries import Canaries
from sandbox.demo.stage import Act, Change, Stage
from sandbox.stack import ROOMS

TITLES = (
    "Design review", "Stand-up", "Budget 2027", "Interview", "Supplier call", "Training 🎓",
    "Release planning", "Onboarding", "Årsmøte", "Retrospective", "All hands", "1:1",
)  # fmt: skip
BY_ORGANIZER = "by its organizer"  # not direct: the room replaces the title by the organizer's name seconds later


class Scenario:
    """The acts of the scenario; each returns the change that it made."""

    def __init__(self, stage: Stage, canaries: Canaries) -> None:
        self._tenant = stage.stack.tenant
        self._canaries = canaries
        first = datetime.now(UTC) + timedelta(days=1)
        self._monday = (first + timedelta(days=-first.weekday() % 7)).replace(hour=8, minute=0, second=0, microsecond=0)
        self._series: dict[str, Any] = {}
        self._booked: list[tuple[str, dict[str, Any]]] = []

    def rounds(self) -> list[list[Act]]:
        """Return the acts, round by round; a round is played before the stage waits for the partner."""
        return [
            [partial(self._book, number) for number in range(len(TITLES))],
            [partial(self._organizer_books, number) for number in range(2)],
            [partial(self._move, number) for number in (0, 1, 2)],
            [partial(self._make_private, 3), partial(self._make_private, 4), partial(self._change_title, 5)],
            [partial(self._cancel, 6), partial(self._cancel, 7), partial(self._delete, 8), partial(self._delete, 3)],
            [self._book_series],
            [self._move_series],
            [self._move_occurrence],
            [self._lose_a_subscription],
            [partial(self._cancel, 10)],
        ]

    def _book(self, number: int) -> Change:
        """Write a meeting directly to a room's calendar; every sixth is private from the start."""
        room, start = ROOMS[number % len(ROOMS)], self._monday + timedelta(hours=number // len(ROOMS), minutes=number)
        private = number % 6 == 5
        title = self._canaries.secret("title") if private else self._canaries.title(f"{TITLES[number]} {number}")
        event = self._tenant.book(
            room, direct=True, subject=title, start=_iso(start), end=_iso(start + timedelta(minutes=45)),
            sensitivity="private" if private else "normal", **self._hidden(),
        )  # fmt: skip
        self._booked.append((room, event))
        return Change(room, "booked private" if private else "booked", event["immutableId"])

    def _organizer_books(self, number: int) -> Change:
        room, start = ROOMS[number], self._monday + timedelta(days=1, hours=number)
        event = self._tenant.book(
            room, subject=self._canaries.secret("room-title"), organizer={"name": "Kari Nordmann",
            "address": "kari@contoso.com"}, start=_iso(start), end=_iso(start + timedelta(hours=1)), **self._hidden(),
        )  # fmt: skip
        return Change(room, BY_ORGANIZER, event["immutableId"])

    def _move(self, number: int) -> Change:
        start = self._monday + timedelta(days=2, hours=number)
        return self._changed(number, "moved", start=_iso(start), end=_iso(start + timedelta(minutes=30)))

    def _make_private(self, number: int) -> Change:
        return self._changed(number, "made private", sensitivity="private", subject=self._canaries.secret("title"))

    def _change_title(self, number: int) -> Change:
        title = self._canaries.title(f"No secret {number}")
        return self._changed(number, "made public", sensitivity="normal", subject=title, showAs="tentative")

    def _changed(self, number: int, what: str, **event: Any) -> Change:
        room, booked = self._booked[number]
        self._tenant.change(room, booked["id"], **event)
        return Change(room, what, booked["immutableId"])

    def _cancel(self, number: int) -> Change:
        room, booked = self._booked[number]
        self._tenant.cancel(room, booked["id"])
        return Change(room, "cancelled", booked["immutableId"])

    def _delete(self, number: int) -> Change:
        room, booked = self._booked[number]
        self._tenant.remove(room, booked["id"])
        return Change(room, "deleted", booked["immutableId"])

    def _book_series(self) -> Change:
        start = self._monday + timedelta(days=3, hours=2)
        self._series = self._tenant.book(
            ROOMS[0], direct=True, subject=self._canaries.title("Weekly planning"), start=_iso(start),
            end=_iso(start + timedelta(hours=1)), rrule="FREQ=WEEKLY;COUNT=4", **self._hidden(),
        )  # fmt: skip
        return Change(ROOMS[0], "series booked", self._series["immutableId"])

    def _move_series(self) -> Change:
        start = self._monday + timedelta(days=3, hours=5)
        self._tenant.change(ROOMS[0], self._series["id"], start=_iso(start), end=_iso(start + timedelta(hours=1)))
        return Change(ROOMS[0], "series moved", self._series["immutableId"])

    def _move_occurrence(self) -> Change:
        after, before = self._monday + timedelta(days=9), self._monday + timedelta(days=12)
        view = self._tenant.calendar(ROOMS[0], _iso(after), _iso(before))
        (second,) = (event for event in view if event["seriesMasterImmutableId"] == self._series["immutableId"])
        self._tenant.change(ROOMS[0], second["id"], start=_iso(self._monday + timedelta(days=10, hours=9)))
        return Change(ROOMS[0], "one occurrence", self._series["immutableId"])

    def _lose_a_subscription(self) -> Change:
        """Let Graph remove a room's subscription, and book a meeting that no notification announces."""
        subscriptions = self._tenant.control("GET", "/subscriptions")["value"]
        (subscription,) = (each["id"] for each in subscriptions if each["mailbox"] == ROOMS[1])
        self._tenant.control("POST", "/notifications", {"paused": True})
        lifecycle = {"subscriptionId": subscription, "lifecycleEvent": "subscriptionRemoved"}
        self._tenant.control("POST", "/lifecycle", lifecycle)
        print(f"removed: the subscription of {ROOMS[1]}; the relay asks Graph again in a minute", flush=True)
        start = self._monday + timedelta(days=4)
        title = self._canaries.title("Booked in the gap")
        event = self._tenant.book(
            ROOMS[1], direct=True, subject=title, start=_iso(start), end=_iso(start + timedelta(hours=1)),
            **self._hidden(),
        )  # fmt: skip
        self._tenant.control("POST", "/notifications", {"paused": False})
        return Change(ROOMS[1], "while unwatched", event["immutableId"])

    def _hidden(self) -> dict[str, Any]:
        """Return fields that must never leave the tenant."""
        attendee = {"name": self._canaries.secret("attendee"), "address": "ola@contoso.com"}
        return {
            "body": self._canaries.secret("body"),
            "location": self._canaries.secret("location"),
            "attendees": [attendee],
        }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
