"""`python -m sandbox.demo.bookings`: tickets of an ITSM tool become appointments in Microsoft Bookings.

The tool uses only names: of the business, the service and people. Bookings shows its known faults, and in the end its
appointments are compared with the tickets.
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

from sandbox.demo.canaries import Canaries, canaries_below, canaries_in
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
    """The ITSM tool's side: call the relay, print each step, record what is wrong."""

    def __init__(self, stack: Stack, canaries: Canaries) -> None:
        self._stack = stack
        self._canaries = canaries
        self.tickets: dict[str, tuple[str, datetime]] = {}
        """Appointment id and expected start, by the customer's address."""
        self.problems: list[str] = []
        self.responses: list[bytes] = []
        self._staff: dict[str, str] = {}
        day = datetime.now(UTC) + timedelta(days=2)
        self._day = day + timedelta(days=-day.weekday() % 7 if day.weekday() > 4 else 0)

    def play(self) -> None:
        """Play the whole story."""
        self._say("A ticket is opened: a colleague's laptop is broken. The tool looks up the workshop.")
        self._look()
        self._say("It books by name; the relay checks the rules and picks free staff before it calls Bookings.")
        self._book("INC-1001", "Laptop repair", 10, 201)
        self._book("INC-1002", "Advice by video", 11, 201, staff=["Bo Dahl"])
        self._say("From now on Bookings' lists leave out the customers, and its ids contain slashes.")
        unusual = {"on": {"listsWithoutCustomers": True, "slashesInIds": True}, "of": [ADDRESS]}
        self._stack.tenant.control("POST", "/behaviours", unusual)
        self._say("Bookings returns 500 although it created the appointment: the relay checks before it retries.")
        self._fault("POST .*/appointments$", status=500, after=True)
        self._book("INC-1003", "Laptop repair", 13, 201)
        if [fault["met"] for fault in self._stack.tenant.control("GET", "/faults")["faults"]] != [1]:
            self.problems.append("Bookings did not return 500: the fault was not played")
        self._say("The tool repeats the request to be sure: it gets the same appointment.")
        self._book("INC-1003", "Laptop repair", 13, 200)
        self._say("A request against the business's rules never reaches Bookings.")
        self._book("INC-1004", "Laptop repair", 17, 422)
        self._book("INC-1005", "Shoe repair", 10, 404)
        self._say("One ticket is moved, another is closed: Bookings notifies its customer.")
        self._move("INC-1001", 14)
        self._cancel("INC-1002")
        self._say("A business that is not on the allow-list cannot be read.")
        self._expect("GET", "/bookings/salon@fabrikam.com", 403)

    def _look(self) -> None:
        (business,) = self._expect("GET", f"/bookings?name={NAME[:5]}", 200)["value"]
        services = self._expect("GET", f"/bookings/{NAME}/services", 200)["value"]
        names = ", ".join(f"{service['name']} ({service['minutes']} min)" for service in services)
        print(f"    {business['name']} <{business['id']}> offers: {names}")
        window = f"from={self._at(6):%Y-%m-%dT%H:%M:%SZ}&to={self._at(18):%Y-%m-%dT%H:%M:%SZ}"
        for member in self._expect("GET", f"/bookings/{NAME}/availability?{window}", 200)["value"]:
            self._staff[member["id"]] = member["name"]
            free = ", ".join(f"{span['start'][11:16]}-{span['end'][11:16]}" for span in member["spans"])
            print(f"    {member['name']} is free (UTC): {free}")

    def _book(self, ticket: str, service: str, hour: int, status: int, **more: Any) -> None:
        email = f"{ticket.lower()}@contoso.com"
        customer = {"name": f"Caller of {ticket}", "email": email, "notes": self._canaries.secret("notes"),
                    "phone": self._canaries.secret("phone")}  # fmt: skip
        body = {"service": service, "start": f"{self._at(hour):%Y-%m-%dT%H:%M:%SZ}", "customer": customer, **more}
        appointment = self._expect("POST", f"/bookings/{NAME}/appointments", status, body, ticket)
        if status == 201:
            self.tickets[email] = (appointment["id"], self._at(hour))
        if status == 200 and self.tickets[email][0] != appointment["id"]:
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
        response: requests.Response = self._stack.relay.call(method, path, **({"json": body} if body else {}))
        self.responses.append(response.content)
        content: dict[str, Any] = response.json() if response.content else {}
        request = f"{method} {re.sub('AAMk[^/]*', '{id}', path.partition('?')[0])}"
        print(f"    {ticket:8} {request}: {response.status_code} {self._summary(content)}", flush=True)
        if response.status_code != status:
            self.problems.append(f"{method} {path}: {response.status_code} instead of {status}")
        return content

    def _summary(self, content: dict[str, Any]) -> str:
        if "title" not in content or "start" not in content:
            return str(content.get("detail", ""))
        staff = ", ".join(self._staff.get(member, member) for member in content["staffIds"])
        return f"{content['title']} with {staff}, {content['start']} to {content['end'][11:]}"

    def _fault(self, match: str, **what: Any) -> None:
        self._stack.tenant.control("POST", "/faults", {"match": match, "times": 1, **what})

    def _at(self, hour: int) -> datetime:
        """Return an hour of the booked day in UTC; the workshop is open from 8 to 17 in Oslo."""
        return self._day.replace(hour=hour, minute=0, second=0, microsecond=0)

    def _say(self, text: str) -> None:
        print(text, flush=True)


def main() -> int:
    """Run; return 1 if the appointments in Bookings differ from the tickets, or a canary leaked."""
    canaries = Canaries(secrets.token_hex(4))
    with tempfile.TemporaryDirectory(prefix="calendar-relay-demo-") as name:
        folder = Path(name)
        with Stack(folder, SETTINGS) as stack:
            stack.tenant.control("POST", f"/clients/{stack.seed['clients'][0]['clientId']}", {"roles": ROLES})
            stack.tenant.control("POST", "/bookings", BUSINESS)
            story = Story(stack, canaries)
            story.play()
            appointments = stack.tenant.control("GET", f"/bookings/{ADDRESS}")["appointments"]
        leaks = canaries_in(b"\n".join(story.responses), canaries.secrets)
        leaks += canaries_below(folder / "storage", canaries.secrets)
        leaks += canaries_in((folder / "host.log").read_bytes(), canaries.secrets)
    return report(story, appointments, leaks)


def report(story: Story, appointments: list[dict[str, Any]], leaks: list[str]) -> int:
    """Print the problems, then the summary line; return the exit code."""
    actual = {
        _given_out(item["id"]): (item["customers"][0]["emailAddress"], item["startDateTime"]["dateTime"][:16])
        for item in appointments
    }
    expected = {key: (email, f"{at:%Y-%m-%dT%H:%M}") for email, (key, at) in story.tickets.items()}
    twice = len(appointments) - len({email for email, _ in actual.values()})
    problems = story.problems + ([] if actual == expected else [f"Bookings has {json.dumps(actual)}, not {expected}"])
    for line in problems + leaks:
        print(f"WRONG: {line}")
    print(f"demo-bookings: {len(expected)} tickets with an appointment, {len(appointments)} appointments in Bookings, "
          f"{twice} made twice, {len(leaks)} leaked")  # fmt: skip
    return 1 if problems or leaks or twice else 0


def _given_out(bookings_id: str) -> str:
    """Return an id of Bookings as the relay spells it (docs/bookings-rules.md)."""
    return bookings_id.replace("/", "~1").replace("+", "~2")


if __name__ == "__main__":
    sys.exit(main())
