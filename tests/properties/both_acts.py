"""Drawn edits of a dispatcher's board and of persons' calendars, and what goes wrong while both follow each other."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.properties.pair_acts import FAULTS, LIES, MAILBOXES, ROWS, events_in
from tests.support.dataverse_world import BOOKINGS, KARI
from tests.support.event_edits import add_event, change_event, delete_event, times_of
from tests.support.pair_edits import bring_back, end_booking, on_event, reassign, set_status
from tests.support.pairs_world import PairsWorld

MOST_BOOKINGS, MOST_EVENTS = 4, 5  # fewer removals than the brake holds, as a rule
DATES = 3  # of a series
BOARD = ("book", "linked", "move", "move", "rename", "end", "back", "reassign", "travel", "link")
PERSON = ("make", "make", "series", "meeting", "drag", "drag", "retitle", "private", "free", "busy", "all-day", "shift",
          "delete", "discard", "undelete", "copy", "invite", "night")  # fmt: skip
ENDS = ("canceled", "canceled", "deleted", "inactive")
WORK = ("Traveling", "In Progress", "Committed")
BOARD_FAULTS = st.builds(
    lambda match, how, times: {"match": match, "times": times, **how},
    st.sampled_from([f"PATCH {ROWS}", f"GET {ROWS}"]),
    st.sampled_from([{"status": 412}, {"status": 500}, {"status": 503}, {"status": 503, "after": True}, {"cut": True},
                     {"cut": True, "after": True}, {"status": 429, "headers": {"Retry-After": "60"}}]),
    st.integers(1, 3),
)  # fmt: skip
NOTICES = ("once", "once", "twice", "backwards", "never")


class Act(NamedTuple):
    """One edit, and what goes wrong meanwhile. `killed_at`: a counted call, or the side whose write is the last."""

    kind: str
    which: int = 0
    number: int = 0
    killed_at: int | str | None = None
    fault: dict[str, Any] | None = None
    lie: dict[str, Any] | None = None
    lag: float = 0
    notices: str = "once"
    pause: int = 400


def _acts(kinds: tuple[str, ...]) -> st.SearchStrategy[Act]:
    return st.builds(
        Act, st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 3),
        st.none() | st.none() | st.sampled_from(["Graph", "Dataverse"]) | st.integers(1, 45),
        st.none() | st.none() | FAULTS | BOARD_FAULTS, st.none() | st.none() | LIES,
        st.sampled_from([0, 0, 0, 40, 120]), st.sampled_from(NOTICES), st.sampled_from([0, 0, 5, 60, 400, 4_000]),
    )  # fmt: skip


HOUR = 4_000  # seconds
LOST = {"match": f"PATCH {ROWS}", "status": 503, "after": True, "times": 1}
STORIES = (
    [Act("make", killed_at="Dataverse", pause=HOUR), Act("make", fault=LOST, pause=HOUR)],
    [Act("make"), Act("end", which=5), Act("drag", which=5), Act("back", which=0)],
    [Act("series"), Act("shift"), Act("drag", which=2), Act("delete", which=1)],
    [Act("make"), Act("discard", which=5), Act("undelete")],
    [Act("linked"), Act("delete", which=0), Act("move", which=0)],
    [Act("make"), Act("free", which=5), Act("busy", which=5, killed_at="Dataverse", pause=HOUR)],
    [Act("book"), Act("copy"), Act("drag", which=1), Act("move")],
    [Act("make"), Act("travel", which=0, number=1), Act("drag", which=0)],
    [Act("make"), Act("link", which=0), Act("delete", which=0)],
    [Act("book"), Act("drag", which=0), Act("drag", which=0)],
)
"""Edits after which a second event or booking is easily made."""
ACTS = st.tuples(
    _acts(("book", "linked", "make", "series")),
    st.lists(_acts(BOARD + PERSON).map(lambda act: [act]) | st.sampled_from(STORIES), min_size=2, max_size=7),
).map(lambda each: [each[0], *(act for acts in each[1] for act in acts)])
Located = tuple[str, dict[str, Any]]


class Edits:
    """Carries out edits, each at times of its own. `revived`: bookings that a dispatcher brought back."""

    def __init__(self, world: PairsWorld) -> None:
        self.world = world
        self.ended: dict[str, str] = {}
        self.revived: set[str] = set()
        self.discarded: list[tuple[str, str]] = []
        self.series: tuple[str, str] | None = None
        self._hours = 100

    def do(self, act: Act) -> None:
        """Carry out an act's edit; one that is not possible now is none."""
        if act.kind in ("book", "linked"):
            self._book(act)
        elif act.kind in ("make", "series", "meeting"):
            self._make(act)
        elif act.kind == "undelete" and self.discarded:
            on_event(self.world, *self.discarded.pop(), "restore")
        elif act.kind in BOARD:
            self._on_board(act)
        elif act.kind == "night":
            self.world.event_changes.run()
        else:
            self._in_outlook(act)

    def hours(self) -> int:
        """Return hours from now at which nothing else is."""
        self._hours += 3
        return self._hours

    def rows(self) -> list[dict[str, Any]]:
        """Return all bookings, in the order in which they were made."""
        found = self.world.dataverse.control("GET", f"/rows/{BOOKINGS}")["value"]
        return sorted(found, key=lambda row: str(row["createdon"]))

    def events(self) -> list[Located]:
        """Return what is in the calendars, each with its mailbox, the relay's first."""
        found = [(mailbox, each) for mailbox in MAILBOXES for each in events_in(self.world, mailbox)]
        return sorted(found, key=lambda each: (not each[1]["transactionId"], each[1]["createdDateTime"],
                                               each[1]["start"]["dateTime"]))  # fmt: skip

    def _book(self, act: Act) -> None:
        if len(self.rows()) < MOST_BOOKINGS + MOST_EVENTS:
            bind = self.world.dataverse.work_order() if act.kind == "linked" else None
            self.world.dataverse.book(
                hours=self.hours(), resource=MAILBOXES[act.number % 2], **{"msdyn_workorder@odata.bind": bind}
            )

    def _make(self, act: Act) -> None:
        mailbox = MAILBOXES[act.number % 2]
        if act.kind == "series" and self.series is None:
            made = add_event(self.world, self.hours(), mailbox, rrule=f"FREQ=WEEKLY;COUNT={DATES}")
            self.series = mailbox, made
        elif act.kind == "meeting":
            add_event(self.world, self.hours(), mailbox, organizer="guest@fabrikam.com", attendees=[mailbox])
        elif act.kind == "make" and len(self.events()) < MOST_BOOKINGS + MOST_EVENTS:
            add_event(self.world, self.hours(), mailbox, sensitivity=("normal", "private")[act.number // 2])

    def _on_board(self, act: Act) -> None:
        rows = self.rows()
        if act.kind == "back":
            ended = list(self.ended)
            if ended:
                booking = ended[act.which % len(ended)]
                bring_back(self.world, booking, self.ended.pop(booking))
                self.revived.add(booking)
            return
        living = [
            row["bookableresourcebookingid"] for row in rows if row["bookableresourcebookingid"] not in self.ended
        ]
        if living:
            self._change(act, living[act.which % len(living)])

    def _change(self, act: Act, booking: str) -> None:
        if act.kind == "move":
            self.world.move(booking, self.hours())
        elif act.kind == "rename":
            self.world.change(booking, name=f"Renamed {act.number}")
        elif act.kind == "reassign":
            reassign(self.world, booking, MAILBOXES[act.number % 2])
        elif act.kind == "travel":
            self.world.move(booking, 0)  # work begins at its time: Field Service moves the end to an hour from now
            set_status(self.world, booking, WORK[act.number % 3])
        elif act.kind == "link":
            self.world.change(booking, **{"msdyn_workorder@odata.bind": self.world.dataverse.work_order()})
        else:
            self.ended[booking] = ENDS[act.number]
            end_booking(self.world, booking, ENDS[act.number])

    def _in_outlook(self, act: Act) -> None:
        found = self.events()
        if act.kind == "shift" and self.series is not None:
            mailbox, master = self.series
            change_event(self.world, master, mailbox, **times_of(self.world, self.hours()))
        elif found and act.kind != "shift":
            mailbox, event = found[act.which % len(found)]
            self._on_event(act, mailbox, event)

    def _on_event(self, act: Act, mailbox: str, event: dict[str, Any]) -> None:
        is_single = event["type"] == "singleInstance"
        if act.kind in ("discard", "copy"):
            if act.kind == "copy" and is_single and len(self.events()) < MOST_BOOKINGS + MOST_EVENTS:
                on_event(self.world, mailbox, event["id"], "copy", times_of(self.world, self.hours()))
            elif act.kind == "discard" and is_single:
                self.discarded.append((mailbox, event["immutableId"]))  # the other id changes
                on_event(self.world, mailbox, event["id"], "softDelete")
        elif act.kind == "delete":
            delete_event(self.world, event["id"], mailbox)
        else:
            change_event(self.world, event["id"], mailbox, **self._changes(act, event))

    def _changes(self, act: Act, event: dict[str, Any]) -> dict[str, Any]:
        """Return a person's changes; dates of a series stay in order and get no times of a whole day."""
        is_single = event["type"] == "singleInstance"
        plain: dict[str, dict[str, Any]] = {
            "retitle": {"subject": f"Mine {act.number}"},
            "private": {"sensitivity": "private"},
            "free": {"showAs": "free"},
            "busy": {"showAs": "busy"},
            "invite": {"attendees": [KARI]},
        }
        if act.kind in plain:
            return plain[act.kind]
        if act.kind == "all-day" and is_single:
            day = times_of(self.world, self.hours())["start"][:10]
            return {"isAllDay": True, "start": f"{day}T00:00:00Z", "end": f"{_next(day)}T00:00:00Z"}
        times = times_of(self.world, self.hours()) if is_single else _half_an_hour_on(event)
        return {**times, "isAllDay": False}


def _next(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))


def _half_an_hour_on(event: dict[str, Any]) -> dict[str, str]:
    moments = (datetime.fromisoformat(event[each]["dateTime"][:19]) for each in ("start", "end"))
    return {name: f"{each + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
            for name, each in zip(("start", "end"), moments, strict=True)}  # fmt: skip
