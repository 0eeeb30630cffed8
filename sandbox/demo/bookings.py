"""`python -m sandbox.demo.bookings`: tickets of an ITSM tool become appointments in Microsoft Bookings.

The tool knows names alone: of the business, the service and people. Bookings misbehaves as it is known to, and what
stands there in the end is compared with the tickets.
"""

import json
import re
import secrets
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from sandbox.demo.canaries import Canaries, found_below, found_in
from sandbox.stack import Stack

SETTINGS = {"FEATURES": "relay,bookings"}
ROLES = ["Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"]
ADDRESS, NAME = "it-workshop@contoso.com", "IT Workshop"
BUSINESS: dict[str, Any] = {
    "address": ADDRESS, "displayName": NAME, "timeZone": "Europe/Oslo",
    "services": [{"id": "repair", "displayName": "Laptop repair", "defaultDuration": "PT45M", "postBuffer": "PT15M",
                  "staffMemberIds": ["ada", "bo"]},
                 {"id": "advice", "displayName": "Advice by video", "isLocationOnline": True}],
    "staff": [{"id": "ada", "displayName": "Ada Lie", "emailAddress": "ada@contoso.com"},
              {"id": "bo", "displayName": "Bo Dahl", "emailAddress": "bo@contoso.com"}],
}  # fmt: skip


class Story:
    """The ITSM tool's side: it calls the relay, tells what it does, and notes what is wrong."""

    def __init__(self, stack: Stack, canaries: Canaries) -> None:
        self._stack = stack
        self._canaries = canaries
        self.tickets: dict[str, tuple[str, datetime]] = {}
        """By the customer's address: the appointment's id and when it should be."""
        self.problems: list[str] = []
        self.heard: list[bytes] = []
        self._staff: dict[str, str] = {}
        day = datetime.now(UTC) + timedelta(days=2)
        self._day = day + timedelta(days=-day.weekday() % 7 if day.weekday() > 4 else 0)

    def play(self) -> None:
        """Play all of it."""
        self._say("A ticket comes in: the laptop of a colleague is broken. The tool looks for the workshop.")
        self._look()
        self._say("It books by names; the relay picks whoever is free, and checks the rules before Bookings is asked.")
        self._book("INC-1001", "Laptop repair", 10, 201)
        self._book("INC-1002", "Advice by video", 11, 201, staff=["Bo Dahl"])
        self._say("Bookings answers 500 although it made the appointment: the relay looks before it does anything.")
        self._fault("POST .*/appointments$", status=500, after=True)
        self._book("INC-1003", "Laptop repair", 13, 201)
        if [one["met"] for one in self._stack.tenant.control("GET", "/faults")["faults"]] != [1]:
            self.problems.append("Bookings did not answer 500: the story was not played")
        self._say("The tool sends the same once more, since it is not sure: the same appointment is the answer.")
        self._book("INC-1003", "Laptop repair", 13, 200)
        self._say("What the business does not allow never reaches Bookings.")
        self._book("INC-1004", "Laptop repair", 17, 422)
        self._book("INC-1005", "Shoe repair", 10, 404)
        self._say("A ticket is moved, another is closed: its customer is told by Bookings.")
        self._move("INC-1001", 14)
        self._cancel("INC-1002")
        self._say("A business that the customer does not allow is not even found.")
        self._expect("GET", "/bookings/salon@fabrikam.com", 403)

    def _look(self) -> None:
        (found,) = self._expect("GET", f"/bookings?name={NAME[:5]}", 200)["value"]
        services = self._expect("GET", f"/bookings/{NAME}/services", 200)["value"]
        names = ", ".join(f"{one['name']} ({one['minutes']} min)" for one in services)
        print(f"    {found['name']} <{found['id']}> offers: {names}")
        window = f"from={self._at(6):%Y-%m-%dT%H:%M:%SZ}&to={self._at(18):%Y-%m-%dT%H:%M:%SZ}"
        for one in self._expect("GET", f"/bookings/{NAME}/availability?{window}", 200)["value"]:
            self._staff[one["id"]] = one["name"]
            free = ", ".join(f"{span['start'][11:16]}-{span['end'][11:16]}" for span in one["spans"])
            print(f"    {one['name']} is free (UTC): {free}")

    def _book(self, ticket: str, service: str, hour: int, status: int, **more: Any) -> None:
        email = f"{ticket.lower()}@contoso.com"
        customer = {"name": f"Caller of {ticket}", "email": email, "notes": self._canaries.secret("notes"),
                    "phone": self._canaries.secret("phone")}  # fmt: skip
        body = {"service": service, "start": f"{self._at(hour):%Y-%m-%dT%H:%M:%SZ}", "customer": customer, **more}
        made = self._expect("POST", f"/bookings/{NAME}/appointments", status, body, ticket)
        if status == 201:
            self.tickets[email] = (made["id"], self._at(hour))
        if status == 200 and self.tickets[email][0] != made["id"]:
            self.problems.append(f"{ticket} got a second appointment")

    def _move(self, ticket: str, hour: int) -> None:
        email = f"{ticket.lower()}@contoso.com"
        path = f"/bookings/{ADDRESS}/appointments/{self.tickets[email][0]}"
        self._expect("PATCH", path, 200, {"start": f"{self._at(hour):%Y-%m-%dT%H:%M:%SZ}"}, ticket)
        self.tickets[email] = (self.tickets[email][0], self._at(hour))

    def _cancel(self, ticket: str) -> None:
        appointment, _ = self.tickets.pop(f"{ticket.lower()}@contoso.com")
        path = f"/bookings/{ADDRESS}/appointments/{appointment}/cancel"
        self._expect("POST", path, 204, {"message": "The ticket is closed."}, ticket)

    def _expect(self, method: str, path: str, status: int, body: Any = None, ticket: str = "") -> dict[str, Any]:
        answer: requests.Response = self._stack.relay.call(method, path, **({"json": body} if body else {}))
        self.heard.append(answer.content)
        content: dict[str, Any] = answer.json() if answer.content else {}
        asked = f"{method} {re.sub('AAMk[^/]*', '{id}', path.partition('?')[0])}"
        print(f"    {ticket:8} {asked}: {answer.status_code} {self._told(content)}", flush=True)
        if answer.status_code != status:
            self.problems.append(f"{method} {path}: {answer.status_code} instead of {status}")
        return content

    def _told(self, content: dict[str, Any]) -> str:
        if "title" not in content or "start" not in content:
            return str(content.get("detail", ""))
        staff = ", ".join(self._staff.get(one, one) for one in content["staffIds"])
        return f"{content['title']} with {staff}, {content['start']} to {content['end'][11:]}"

    def _fault(self, match: str, **what: Any) -> None:
        self._stack.tenant.control("POST", "/faults", {"match": match, "times": 1, **what})

    def _at(self, hour: int) -> datetime:
        """Return an hour of the day that is booked, in UTC; the workshop is open from 8 to 17 in Oslo."""
        return self._day.replace(hour=hour, minute=0, second=0, microsecond=0)

    def _say(self, text: str) -> None:
        print(text, flush=True)


def main() -> int:
    """Run; 1 when what stands in Bookings is not what the tickets say, or a canary was found."""
    canaries = Canaries(secrets.token_hex(4))
    with tempfile.TemporaryDirectory(prefix="calendar-relay-demo-") as name:
        folder = Path(name)
        with Stack(folder, SETTINGS) as stack:
            stack.tenant.control("POST", f"/clients/{stack.seed['clients'][0]['clientId']}", {"roles": ROLES})
            stack.tenant.control("POST", "/bookings", BUSINESS)
            story = Story(stack, canaries)
            story.play()
            standing = stack.tenant.control("GET", f"/bookings/{ADDRESS}")["appointments"]
        leaks = found_in(b"\n".join(story.heard), canaries.secrets)
        leaks += found_below(folder / "storage", canaries.secrets)
        leaks += found_in((folder / "host.log").read_bytes(), canaries.secrets)
    return report(story, standing, leaks)


def report(story: Story, standing: list[dict[str, Any]], leaks: list[str]) -> int:
    """Print what is wrong, then the last line; return the exit code."""
    truth = {
        one["id"]: (one["customers"][0]["emailAddress"], one["startDateTime"]["dateTime"][:16]) for one in standing
    }
    wanted = {key: (email, f"{at:%Y-%m-%dT%H:%M}") for email, (key, at) in story.tickets.items()}
    twice = len(standing) - len({email for email, _ in truth.values()})
    problems = story.problems + ([] if truth == wanted else [f"in Bookings stands {json.dumps(truth)}, not {wanted}"])
    for line in problems + leaks:
        print(f"WRONG: {line}")
    print(f"demo-bookings: {len(wanted)} tickets with an appointment, {len(standing)} appointments in Bookings, "
          f"{twice} made twice, {len(leaks)} leaked")  # fmt: skip
    return 1 if problems or leaks or twice else 0


if __name__ == "__main__":
    sys.exit(main())
