"""Clients for a running sandbox: the control routes of tenant and partner, and the relay's API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests


class TenantClient:
    """The tenant's control routes; `url` is the tenant's address, `ca` the CA file that verifies it."""

    def __init__(self, url: str, ca: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # otherwise REQUESTS_CA_BUNDLE would override the sandbox's CA
        self._session.verify = ca

    def control(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Call a control route and return its JSON, or None for an empty response. Raises HTTPError."""
        response = self._session.request(method, f"{self.url}/_control{path}", json=body, params=params, timeout=180)
        if not response.ok:
            raise requests.HTTPError(f"{method} {path}: {response.status_code} {response.text}", response=response)
        return response.json() if response.content else None

    def token(self, tenant_id: str, client_id: str, secret: str, scope: str) -> str:
        """Get an app's token with its client secret. Raises HTTPError."""
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}
        response = self._session.post(f"{self.url}/{tenant_id}/oauth2/v2.0/token", data=form, timeout=180)
        response.raise_for_status()
        return str(response.json()["access_token"])

    def grant_in_exchange(self, client_id: str, *permissions: str, mailboxes: list[str] | None = None) -> None:
        """Replace an app's permissions in Exchange, scoped to some mailboxes or (None) to all."""
        roles = {f"Application {name}": mailboxes for name in permissions}
        self.control("POST", f"/clients/{client_id}", {"exchangeRoles": roles})

    def book(self, address: str, **event: Any) -> dict[str, Any]:
        """Book a meeting in a calendar and return it."""
        created: dict[str, Any] = self.control("POST", f"/calendars/{address}/events", event)
        return created

    def change(self, address: str, event_id: str, **event: Any) -> dict[str, Any]:
        """Change a meeting and return it."""
        changed: dict[str, Any] = self.control("PATCH", f"/calendars/{address}/events/{event_id}", event)
        return changed

    def cancel(self, address: str, event_id: str) -> None:
        """Cancel a meeting; it stays on the calendar, as in a room mailbox."""
        self.control("POST", f"/calendars/{address}/events/{event_id}/cancel")

    def remove(self, address: str, event_id: str) -> None:
        """Delete a meeting from the calendar."""
        self.control("DELETE", f"/calendars/{address}/events/{event_id}")

    def soft_delete(self, address: str, event_id: str) -> None:
        """Move a single event to Deleted Items; by its immutable id, which it keeps, it is still found."""
        self.control("POST", f"/calendars/{address}/events/{event_id}/softDelete")

    def restore(self, address: str, event_id: str) -> None:
        """Move an event from Deleted Items back to the calendar."""
        self.control("POST", f"/calendars/{address}/events/{event_id}/restore")

    def calendar(self, address: str, start: str, end: str) -> list[dict[str, Any]]:
        """Return every occurrence between two times with all fields, as the tenant stores it."""
        view: list[dict[str, Any]] = self.control("GET", f"/calendars/{address}", start=start, end=end)["value"]
        return view


class DataverseClient:
    """The control routes of an environment of Dynamics 365; `url` is its address."""

    def __init__(self, url: str, ca: str) -> None:
        self.url = url
        self._ca = ca
        self._session = requests.Session()
        self._session.trust_env = False  # otherwise REQUESTS_CA_BUNDLE would override the sandbox's CA
        self._session.verify = ca
        self._ids: dict[str, str] = {}

    def control(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Call a control route and return its JSON, or None for an empty response. Raises HTTPError."""
        response = self._session.request(method, f"{self.url}/_control{path}", json=body, params=params, timeout=180)
        if not response.ok:
            raise requests.HTTPError(f"{method} {path}: {response.status_code} {response.text}", response=response)
        return response.json() if response.content else None

    def id_of(self, name: str) -> str:
        """Return the id of a seeded row: "resource:ola@contoso.com", "status:Committed", "user:dispatcher"."""
        if name not in self._ids:
            self._ids = self.control("GET", "")["ids"]
        return self._ids[name]

    def book(
        self, resource: str, start: datetime, end: datetime, status: str = "Committed", by: str = "dispatcher",
        **columns: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Make a booking on a resource, named by its mailbox, as a person, and return it."""
        body = {"name": "Visit", **_times(start, end), **self._links(resource=resource, status=status), **columns}
        return dict(self.control("POST", "/rows/bookableresourcebookings", body, **{"as": by}))

    def change(
        self, booking_id: str, start: datetime | None = None, end: datetime | None = None, by: str = "dispatcher",
        *, resource: str | None = None, status: str | None = None, **columns: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Change a booking as a person, and return it; start and end belong together."""
        times = _times(start, end) if start is not None and end is not None else {}
        body = {**times, **self._links(resource=resource, status=status), **columns}
        return dict(self.control("PATCH", f"/rows/bookableresourcebookings/{booking_id}", body, **{"as": by}))

    def remove(self, booking_id: str, by: str = "dispatcher") -> None:
        """Delete a booking as a person."""
        self.control("DELETE", f"/rows/bookableresourcebookings/{booking_id}", **{"as": by})

    def booking(self, booking_id: str) -> dict[str, Any] | None:
        """Return a booking as it is, or None."""
        return next((row for row in self.bookings() if row["bookableresourcebookingid"] == booking_id), None)

    def bookings(self) -> list[dict[str, Any]]:
        """Return all bookings as they are."""
        return list(self.control("GET", "/rows/bookableresourcebookings")["value"])

    def work_order(self, name: str = "WO-1") -> dict[str, str]:
        """Make a work order and return the bind that gives a booking to it."""
        made = self.control("POST", "/rows/msdyn_workorders", {"msdyn_name": name})
        return {"msdyn_workorder@odata.bind": f"/msdyn_workorders({made['msdyn_workorderid']})"}

    def copy(self, kind: str = "Sandbox") -> "DataverseClient":
        """Make a full copy of the environment, with another organization id, and return its client."""
        return DataverseClient(self.control("POST", "/copies", {"type": kind})["url"], self._ca)

    def _links(self, resource: str | None, status: str | None) -> dict[str, str]:
        links = {}
        if resource is not None:
            links["Resource@odata.bind"] = f"/bookableresources({self.id_of(f'resource:{resource.lower()}')})"
        if status is not None:
            links["BookingStatus@odata.bind"] = f"/bookingstatuses({self.id_of(f'status:{status}')})"
        return links


def _times(start: datetime, end: datetime) -> dict[str, Any]:
    """Return the columns of a booking's times, which are in UTC."""
    shown = (f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for moment in (start, end))
    return {
        **dict(zip(("starttime", "endtime"), shown, strict=True)),
        "duration": (end - start) // timedelta(minutes=1),
    }


class PartnerClient:
    """The partner's webhook address and its control routes."""

    def __init__(self, url: str, control: str) -> None:
        self.url = url
        self._control = control
        self._session = requests.Session()

    def control(self, method: str, path: str = "", body: Any = None, **params: str) -> Any:
        """Call a control route and return its JSON, or None for an empty response. Raises HTTPError."""
        response = self._session.request(method, self._control + path, json=body, params=params, timeout=180)
        response.raise_for_status()
        return response.json() if response.content else None

    def calendars(self) -> dict[str, list[dict[str, Any]]]:
        """Return the partner's events by mailbox."""
        calendars: dict[str, list[dict[str, Any]]] = self.control("GET", "/picture")
        return calendars

    def deliveries(self) -> dict[str, Any]:
        """Return what was delivered: count, duplicates, violations, and the list."""
        deliveries: dict[str, Any] = self.control("GET", "/deliveries")
        return deliveries


class RelayClient:
    """The relay's API, authenticated by a function key or an Entra token."""

    def __init__(self, url: str, keys: dict[str, str], ca: str) -> None:
        self.url = url
        self.keys = keys
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca

    def call(
        self, method: str, path: str, *, key: str | None = "function", token: str | None = None, **arguments: Any
    ) -> requests.Response:
        """Call /api/PATH with the named key (None: no key), or with a token ("": no token) /api/entra/PATH."""
        headers = {"x-functions-key": self.keys[key]} if key and token is None else {}
        headers |= ({"Authorization": f"Bearer {token}"} if token else {}) | arguments.pop("headers", {})
        url = f"{self.url}/api{'' if token is None else '/entra'}{path}"
        return self._session.request(method, url, headers=headers, timeout=180, **arguments)

    def watch(self, mailbox: str, **fields: Any) -> dict[str, Any]:
        """Create a watch and return it. Raises HTTPError."""
        response = self.call("POST", "/subscriptions", json={"mailbox": mailbox, **fields})
        if not response.ok:
            raise requests.HTTPError(f"{mailbox}: {response.status_code} {response.text}", response=response)
        watch: dict[str, Any] = response.json()
        return watch

    def run(self, function: str, body: Any = None) -> None:
        """Start a function manually: POST /admin/functions/NAME with the master key."""
        headers = {"x-functions-key": self.keys["master"]}
        url = f"{self.url}/admin/functions/{function}"
        self._session.post(url, json=body or {}, headers=headers, timeout=180).raise_for_status()
