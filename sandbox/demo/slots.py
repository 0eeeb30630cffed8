"""`python -m sandbox.demo.slots`: a customer books an agent in a conversation of four questions.

Fifty others want the same time at the same moment. In the end the calendars are compared with the bot's bookings.
"""

import secrets
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from sandbox.demo.canaries import Canaries, canaries_below, canaries_in
from sandbox.stack import Stack

SETTINGS = {"FEATURES": "relay,scheduling"}
AGENTS = ("ida@contoso.com", "jon@contoso.com", "liv@contoso.com")
ZONE = "Europe/Oslo"
HOURS = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "09:00:00.0000000",
         "endTime": "15:00:00.0000000", "timeZone": {"name": "W. Europe Standard Time"}}  # fmt: skip
RUSH = 50


class Conversation:
    """The bot's side, over the relay's API; `bookings` holds the live bookings by id."""

    def __init__(self, stack: Stack, canaries: Canaries) -> None:
        self._stack, self._canaries = stack, canaries
        self.bookings: dict[str, dict[str, Any]] = {}
        self.questions = self.turned_away = self.moved = self.cancelled = 0
        self.wrong: list[str] = []

    def prompt(self, question: str, answer: str) -> str:
        """Print a question and the customer's reply, and return the reply."""
        self.questions += 1
        print(f"   bot: {question}\n   customer: {answer}", flush=True)
        return answer

    def slots(self, day: datetime, agents: tuple[str, ...] = AGENTS) -> list[dict[str, Any]]:
        """Return the free half hours of a day with any of the agents, in the customer's time zone."""
        body = {"from": f"{day:%Y-%m-%dT00:00:00}", "to": f"{day + timedelta(days=1):%Y-%m-%dT00:00:00}",
               "duration": 30, "timeZone": ZONE, "bufferMinutes": 5, "mailboxes": agents[1:]}  # fmt: skip
        response = self._stack.relay.call("POST", f"/schedules/{agents[0]}/slots/query", json=body)
        response.raise_for_status()
        free: list[dict[str, Any]] = response.json()["value"]
        return free

    def book(self, agent: str, slot: dict[str, Any], title: str, customer: dict[str, str], **more: Any) -> Any:
        """Book a slot; return the booking, or the nearest free slots."""
        body = {"start": slot["start"], "duration": 30, "title": title, "customer": customer, "timeZone": ZONE, **more}
        with requests.Session() as session:  # one per call: a session is not thread-safe
            session.trust_env, session.verify = False, str(self._stack.certificates.ca_pem)
            headers = {"x-functions-key": self._stack.relay.keys["function"]}
            url = f"{self._stack.relay.url}/api/schedules/{agent}/bookings"
            response = session.post(url, json=body, headers=headers, timeout=180)
        if response.status_code == 409:
            self.turned_away += 1
            return response.json()["nearest"]
        if response.status_code != 201:
            self.wrong.append(f"{response.status_code} for a booking: {response.text[:200]}")
            return []
        booking = response.json()
        self.bookings[booking["id"]] = booking
        return booking

    def move(self, booking: dict[str, Any], start: str) -> None:
        """Move a booking."""
        response = self._stack.relay.call("PATCH", _address(booking), json={"start": start})
        if response.status_code != 200:
            self.wrong.append(f"{response.status_code} for a move: {response.text[:200]}")
            return
        self.bookings[booking["id"]] = response.json()
        self.moved += 1

    def cancel(self, booking: dict[str, Any]) -> None:
        """Cancel a booking."""
        if self._stack.relay.call("DELETE", _address(booking)).status_code == 204:
            del self.bookings[booking["id"]]
            self.cancelled += 1


def main() -> int:
    """Play the story; return 1 if a booking is wrong, a time is booked twice, or a canary leaked."""
    canaries = Canaries(secrets.token_hex(4))
    with tempfile.TemporaryDirectory(prefix="calendar-relay-slots-") as name:
        folder = Path(name)
        with Stack(folder, SETTINGS) as stack:
            _create_agents(stack, canaries)
            talk = Conversation(stack, canaries)
            _play(talk, canaries)
            calendars = {agent: _calendar(stack, agent) for agent in AGENTS}
        forbidden = canaries.secrets + canaries.titles
        leaks = canaries_below(folder / "storage", forbidden)
        leaks += [f"{name} in host.log" for name in canaries_in((folder / "host.log").read_bytes(), forbidden)]
    return _report(talk, calendars, leaks)


def _create_agents(stack: Stack, canaries: Canaries) -> None:
    """Create the agents and give them meetings with canaries."""
    relay = stack.seed["clients"][0]["clientId"]
    stack.tenant.grant_in_exchange(relay, "Calendars.Read", "Calendars.ReadWrite")
    for number, agent in enumerate(AGENTS):
        stack.tenant.control("POST", "/mailboxes", {"address": agent, "kind": "user"})
        stack.tenant.control("PUT", f"/calendars/{agent}/workingHours", HOURS)
        start = _tuesday() + timedelta(hours=9 + number)
        stack.tenant.book(agent, subject=canaries.secret("meeting"), start=_utc(start),
                          end=_utc(start + timedelta(minutes=90)), location=canaries.secret("location"))  # fmt: skip


def _play(talk: Conversation, canaries: Canaries) -> None:
    day = _tuesday()
    print(f"{len(AGENTS)} agents in Oslo, working from 9 to 15; each has a meeting on {day:%A %d %B}\n", flush=True)
    topic = canaries.title(f"{talk.prompt('What is it about?', 'A mortgage')} {secrets.token_hex(3)}")
    talk.prompt("Which day suits you?", f"{day:%A}")
    offered = talk.slots(day)
    wanted = offered[2]
    shown = ", ".join(f"{_clock(slot)} ({len(slot['mailboxes'])} agents)" for slot in offered[:5])
    talk.prompt(f"We have {shown} … When?", _clock(wanted))
    name = talk.prompt("What are your name and e-mail address?", "Ola, ola.nordmann@customer.example")
    customer = {"name": f"{name.partition(',')[0]} {canaries.secret('customer')}", "email": name.partition(", ")[2]}

    agent = wanted["mailboxes"][0]
    print(f"\n{RUSH} others want {_clock(wanted)} with {agent} at the same moment", flush=True)
    others = [{"name": canaries.secret("rival")} for _ in range(RUSH)]
    with ThreadPoolExecutor(RUSH) as callers:
        results = list(callers.map(lambda other: talk.book(agent, wanted, canaries.title("A rush"), other), others))
    winner = next(result for result in results if isinstance(result, dict))
    booked = sum(isinstance(result, dict) for result in results)
    print(f"   {booked} booked, {talk.turned_away} offered the nearest free slots\n")

    nearest = talk.book(agent, wanted, topic, customer, invite=True)
    print(f"   bot: That time is taken. The nearest: {', '.join(map(_clock, nearest))}\n   customer: The first one.")
    booking = talk.book(agent, nearest[0], topic, customer, invite=True, timeZone=ZONE)
    print(f"   bot: Booked with {agent}, {_span(booking)}; the invitation is on its way\n", flush=True)

    later = talk.slots(day, (agent,))[-1]
    talk.move(booking, later["start"])
    print(f"   customer: Later would be better.\n   bot: Moved to {_span(talk.bookings[booking['id']])}", flush=True)
    talk.cancel(winner)
    print(f"   another customer: I cannot come.\n   bot: Cancelled; {_clock(wanted)} is free again", flush=True)
    if wanted["start"] not in [slot["start"] for slot in talk.slots(day, (agent,))]:
        talk.wrong.append("a cancelled slot is not free again")


def _report(talk: Conversation, calendars: dict[str, list[dict[str, Any]]], leaks: list[str]) -> int:
    """Print the problems, then the summary line; return the exit code."""
    booked = [event for events in calendars.values() for event in events if event["transactionId"]]
    expected = sorted((booking["event"]["start"], booking["event"]["title"]) for booking in talk.bookings.values())
    if sorted((_instant(event["start"]), event["subject"]) for event in booked) != expected:
        talk.wrong.append(f"the calendars have {len(booked)} bookings, the bot {len(expected)}")
    if [len(event["attendees"]) for event in booked] != [1] * len(booked):
        talk.wrong.append("an invitation is missing")
    double = sum(_overlaps(events) for events in calendars.values())
    for line in talk.wrong + leaks:
        print(f"WRONG: {line}")
    print(
        f"demo-slots: {talk.questions} questions asked, {len(booked)} slot booked, {talk.moved} moved, "
        f"{talk.cancelled} cancelled, {talk.turned_away} turned away, {double} double-booked, {len(leaks)} leaked"
    )
    as_planned = (talk.questions, len(booked), talk.moved, talk.cancelled, talk.turned_away) == (4, 1, 1, 1, RUSH)
    return 1 if talk.wrong or leaks or double or not as_planned else 0


def _overlaps(events: list[dict[str, Any]]) -> int:
    spans = sorted((_instant(event["start"]), _instant(event["end"])) for event in events)
    return sum(earlier[1] > later[0] for earlier, later in pairwise(spans))


def _calendar(stack: Stack, agent: str) -> list[dict[str, Any]]:
    return stack.tenant.calendar(agent, _utc(_tuesday() - timedelta(days=7)), _utc(_tuesday() + timedelta(days=7)))


def _tuesday() -> datetime:
    """Return the midnight in Oslo at which next week's Tuesday begins."""
    today = datetime.now(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=8 - today.weekday())


def _address(booking: dict[str, Any]) -> str:
    return f"/schedules/{booking['mailbox']}/bookings/{booking['id']}"


def _clock(slot: dict[str, Any]) -> str:
    return str(slot["start"])[11:16]


def _span(booking: dict[str, Any]) -> str:
    start, end = (
        datetime.fromisoformat(booking["event"][name]).astimezone(ZoneInfo(ZONE)) for name in ("start", "end")
    )
    return f"{start:%A %d %B %H:%M}-{end:%H:%M}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _instant(moment: dict[str, str]) -> str:
    return f"{moment['dateTime'][:19]}Z"


if __name__ == "__main__":
    sys.exit(main())
