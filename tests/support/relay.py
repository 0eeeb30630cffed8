"""A running relay for the end-to-end tests, with the simulated tenant and partner."""

import base64
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import requests
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode
from azure.storage.queue import QueueClient

from sandbox.demo.expected import expected_event
from sandbox.stack import Stack
from shared.storage import queues
from shared.storage.table import text_of
from tests.support.expected import at
from tests.support.openapi import check_responses_of
from tests.support.waiting import eventually

CHANGES, REPAIRS, WORK = queues.CHANGES, queues.REPAIRS, queues.WORK
NEVER = "0 0 0 29 2 *"  # a timer that fires during a test would do the work that the test asks for
SETTINGS = {
    "SETTLE_SECONDS": "1", "ALLOWED_NOTIFICATION_HOSTS": "localhost",
    "RENEWAL_SCHEDULE": NEVER, "RESYNC_SCHEDULE": NEVER,
}  # fmt: skip
BOOKINGS_ROLES = ["Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"]
FEATURE_ROLES = [*BOOKINGS_ROLES, "Place.Read.All"]  # of all features
SENDER = {"hintSpreadSeconds": 0.2, "batchSeconds": 0.05, "flipSeconds": 0.3, "seed": 7}


def ago(**delta: float) -> str:
    """Return a past time in the relay's stored format."""
    return (datetime.now(UTC) - timedelta(**delta)).isoformat()


class Relay:
    """One stack. Each test uses its own mailboxes, so that tests can share a stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.tenant, self.partner, self.api = stack.tenant, stack.partner, stack.relay
        check_responses_of(self.api)
        self.client_id: str = stack.seed["clients"][0]["clientId"]
        self._storage = stack.azurite.connection_string

    @classmethod
    @contextmanager
    def running(
        cls, folder: Path, settings: Mapping[str, str] | None = None, seed: Mapping[str, Any] | None = None
    ) -> Iterator[Self]:
        """Start a stack with additional app settings and seed data."""
        seed = dict(seed or {})
        seed["settings"] = SENDER | seed.get("settings", {})
        with Stack(folder, SETTINGS | dict(settings or {}), seed) as stack:
            yield cls(stack)

    def mailbox(self, kind: str = "user", name: str = "") -> str:
        """Add a mailbox and return its address."""
        address = f"{name or kind}-{uuid.uuid4().hex[:8]}@contoso.com"
        self.tenant.control("POST", "/mailboxes", {"address": address, "kind": kind})
        return address

    def watched(self, kind: str = "user") -> str:
        """Add a mailbox that the relay watches, and return its address."""
        address = self.mailbox(kind)
        self.api.watch(address)
        return address

    def book(self, address: str, subject: str = "A meeting", days: float = 0, **event: Any) -> dict[str, Any]:
        """Book an hour at noon, `days` after tomorrow."""
        times = {"start": at(days, 12), "end": at(days, 13)}
        return self.tenant.book(address, **{"subject": subject, **times, **event})

    def expected(self, address: str) -> dict[str, dict[str, Any]]:
        """Return the events that the partner should have, by id."""
        view = self.tenant.calendar(address, at(-1) + "Z", at(170) + "Z")
        return {event["immutableId"]: expected_event(event) for event in view}

    def received(self, address: str) -> dict[str, dict[str, Any]]:
        """Return the events that the partner has, by id."""
        return {event["id"]: event for event in self.partner.calendars().get(address, [])}

    def in_step(self, *addresses: str) -> None:
        """Wait until every hint is sent and the partner has the current state of each mailbox."""

        def agree() -> bool:
            sender = self.tenant.control("GET", "/notifications")
            assert (sender["pending"], sender["deliveries"], sender["rooms"]) == (0, 0, 0)
            received = self.partner.calendars()
            for address in addresses:
                assert {event["id"]: event for event in received.get(address, [])} == self.expected(address)
            return True

        eventually(agree, every=0.15)

    def quiet(self) -> None:
        """Wait until no hint is pending and no work is waiting, except work on subscriptions that is not yet due."""

        def is_quiet() -> bool:
            sender = self.tenant.control("GET", "/notifications")
            waiting = (sender["pending"], sender["deliveries"], sender["rooms"])
            return not any((*waiting, self.depth(CHANGES), self.depth(REPAIRS), self.has_due(WORK)))

        eventually(is_quiet, every=0.15)

    def attempts(self, address: str) -> list[dict[str, Any]]:
        """Return every POST to the partner about a mailbox, accepted or not."""
        return [delivery for delivery in self.partner.deliveries()["list"] if delivery["mailbox"] == address]

    def posts(self, address: str) -> list[dict[str, Any]]:
        """Return the POSTs about a mailbox with headers (lower-case names), raw body and parsed body."""
        posts = [
            {"headers": {name.lower(): value for name, value in raw["headers"]}, "raw": raw["body"],
             "body": json.loads(raw["body"])}
            for raw in self.partner.control("GET", "/raw") if raw["path"] == "/webhook"
        ]  # fmt: skip
        return [post for post in posts if post["body"]["data"].get("mailbox") == address]

    def subscriptions(self, address: str) -> list[dict[str, Any]]:
        """Return the live subscriptions of a mailbox, of any app, with their clientState."""
        listed = self.tenant.control("GET", "/subscriptions")["value"]
        return [subscription for subscription in listed if subscription["mailbox"] == address]

    def watches(self, address: str) -> list[dict[str, Any]]:
        """Return the watches of a mailbox as the API lists them."""
        response = self.api.call("GET", "/subscriptions", params={"pageSize": "1000"})
        return [watch for watch in response.json()["value"] if watch["mailbox"] == address]

    def queue(self, name: str) -> QueueClient:
        """Return a client of a queue; it does not encode or decode the base64 of messages."""
        return QueueClient.from_connection_string(self._storage, name)

    def table(self, name: str) -> TableClient:
        """Return a client of a table."""
        return TableClient.from_connection_string(self._storage, name)

    def depth(self, queue: str) -> int:
        """Return the number of messages, including hidden messages; 0 if the queue does not exist."""
        try:
            return self.queue(queue).get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0

    def has_due(self, queue: str) -> bool:
        """Return whether a queue has a message that is neither delayed nor being processed."""
        try:
            return bool(self.queue(queue).peek_messages())
        except ResourceNotFoundError:
            return False

    def put(self, queue: str, text: str) -> None:
        """Put a message on a queue, encoded as the host encodes it; create a missing queue."""
        with suppress(ResourceExistsError):
            self.queue(queue).create_queue()
        self.queue(queue).send_message(base64.b64encode(text.encode()).decode())

    def age(self, watch: dict[str, Any], **fields: str) -> None:
        """Overwrite fields of a watch's row, as if time had passed, and make the row due."""
        row = {"PartitionKey": "watch", "RowKey": watch["id"], "due_at": text_of(datetime.now(UTC)), **fields}
        self.table("watches").update_entity(row, mode=UpdateMode.MERGE)

    def lose(self, *watches: dict[str, Any]) -> None:
        """Delete subscriptions at Graph in silence. The relay has seen the first evidence, and a minute has passed."""
        for watch in watches:
            self.tenant.control("DELETE", f"/subscriptions/{watch['graphSubscriptionId']}")
            self.age(watch, renewed=ago(days=1), looked_up_at=ago(days=1))
        assert self.reconcile()["missing"] == len(watches)
        for watch in watches:
            self.await_doubtful(watch)

    def await_doubtful(self, watch: dict[str, Any]) -> None:
        """Wait until the relay has seen evidence that a subscription is gone, and let a minute pass."""
        eventually(lambda: self.watches(watch["mailbox"])[0]["state"] == "doubtful")
        self.age(watch, missing_since=ago(seconds=61), renewed=ago(seconds=62))

    def reconciled(self) -> int:
        """Return the number of finished runs of renew_subscriptions."""
        return self.stack.host.log.read_text().count("Subscriptions are reconciled")

    def reconcile(self) -> dict[str, int]:
        """Run renew_subscriptions, wait until it has finished, and return the logged number of each outcome.

        Without the daily questions and the rows that only get new times: those of other tests can be due at any time.
        """
        log, finished = self.stack.host.log, self.reconciled()
        offset = len(log.read_text())
        self.api.run("renew_subscriptions")
        eventually(lambda: self.reconciled() > finished)
        pattern = re.compile(r"reconciled=(\d+) end=([a-z-]+)")
        results = {outcome: int(number) for number, outcome in pattern.findall(log.read_text()[offset:])}
        return {outcome: number for outcome, number in results.items() if outcome not in ("confirmed", "noted")}

    def writes(self) -> dict[str, int]:
        """Return the number of calls of each operation that writes, since the counts were deleted."""
        calls: dict[str, int] = self.tenant.control("GET", "/calls")
        return {operation: number for operation, number in calls.items() if not operation.startswith("GET ")}

    def graph(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Call Graph with the relay's app registration, without the relay."""
        seed, url = self.stack.seed, self.tenant.url
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "scope": f"{url}/.default",
                "client_secret": seed["clients"][0]["secrets"][0]}  # fmt: skip
        ca = str(self.stack.certificates.ca_pem)
        with requests.Session() as session:
            session.trust_env, session.verify = False, ca
            token = session.post(f"{url}/{seed['tenantId']}/oauth2/v2.0/token", data=form, timeout=180).json()
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            return session.request(method, f"{url}/v1.0{path}", json=body, headers=headers, timeout=180)

    def token(self, *roles: str, scope: str = "", **claims: Any) -> str:
        """Return a token of the partner's app with these roles at the relay's API; `claims` replace its claims.

        Login signs the token in either case; a claim with the value None is removed.
        """
        partner, tenant_id = self.stack.seed["clients"][1], self.stack.seed["tenantId"]
        assignment = {"clientId": partner["clientId"], "roles": list(roles)}
        self.tenant.control("POST", f"/clients/{self.client_id}/assignments", assignment)
        audience = scope or f"api://{self.client_id}"
        if not claims:
            return self.tenant.token(tenant_id, partner["clientId"], partner["secrets"][0], f"{audience}/.default")
        body = {"clientId": partner["clientId"], "audience": audience, "claims": claims}
        return str(self.tenant.control("POST", "/tokens", body)["accessToken"])

    def fault(self, match: str, **fields: Any) -> str:
        """Add a fault to the tenant and return its id; the names are those of the control call, in camelCase."""
        fault_id: str = self.tenant.control("POST", "/faults", {"match": match, **fields})["id"]
        return fault_id

    def clear(self) -> None:
        """Remove all faults, resume notifications, and reset the state of the notification endpoint at Graph."""
        self.tenant.control("DELETE", "/faults")
        self.tenant.control("POST", "/endpoints", {"url": self.api.url, "state": "ok"})
        self.tenant.control("POST", "/notifications", {"paused": False})
        self.partner.control("DELETE", "/behaviour")

    def fail(self, address: str | None, **behaviour: Any) -> None:
        """Set the partner's behaviour for the deliveries of one mailbox, or of all."""
        self.partner.control("POST", "/behaviour", {"mailbox": address, **behaviour})
