"""Talk to the parts of a running sandbox: the tenant's and the partner's control, and the relay as a partner does."""

from typing import Any

import requests


class TenantClient:
    """The tenant's control routes; `url` is the tenant's address, `ca` the file that vouches for it."""

    def __init__(self, url: str, ca: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # else REQUESTS_CA_BUNDLE of this machine would win over the sandbox's CA
        self._session.verify = ca

    def control(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Call a control route and return its JSON, None for an empty answer. Raises HTTPError."""
        answer = self._session.request(method, f"{self.url}/_control{path}", json=body, params=params, timeout=60)
        if not answer.ok:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text}", response=answer)
        return answer.json() if answer.content else None

    def token(self, tenant_id: str, client_id: str, secret: str, scope: str) -> str:
        """Return a token that login gives an app for its secret. Raises HTTPError."""
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}
        answer = self._session.post(f"{self.url}/{tenant_id}/oauth2/v2.0/token", data=form, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def grant_in_exchange(self, client_id: str, *permissions: str, mailboxes: list[str] | None = None) -> None:
        """Let an app have these permissions by Exchange, and no others of it: in some mailboxes, or in all."""
        roles = {f"Application {name}": mailboxes for name in permissions}
        self.control("POST", f"/clients/{client_id}", {"exchangeRoles": roles})

    def book(self, address: str, **event: Any) -> dict[str, Any]:
        """Put a meeting into a calendar."""
        made: dict[str, Any] = self.control("POST", f"/calendars/{address}/events", event)
        return made

    def change(self, address: str, event_id: str, **event: Any) -> dict[str, Any]:
        """Change a meeting."""
        changed: dict[str, Any] = self.control("PATCH", f"/calendars/{address}/events/{event_id}", event)
        return changed

    def cancel(self, address: str, event_id: str) -> None:
        """Cancel a meeting: it stays on the calendar, as rooms keep it."""
        self.control("POST", f"/calendars/{address}/events/{event_id}/cancel")

    def remove(self, address: str, event_id: str) -> None:
        """Delete a meeting from the calendar."""
        self.control("DELETE", f"/calendars/{address}/events/{event_id}")

    def calendar(self, address: str, start: str, end: str) -> list[dict[str, Any]]:
        """Return the truth: every occurrence between two moments, with all its fields."""
        view: list[dict[str, Any]] = self.control("GET", f"/calendars/{address}", start=start, end=end)["value"]
        return view


class PartnerClient:
    """The partner's webhook address and its control routes."""

    def __init__(self, url: str, control: str) -> None:
        self.url = url
        self._control = control
        self._session = requests.Session()

    def control(self, method: str, path: str = "", body: Any = None, **params: str) -> Any:
        """Call a control route and return its JSON, None for an empty answer. Raises HTTPError."""
        answer = self._session.request(method, self._control + path, json=body, params=params, timeout=90)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def picture(self) -> dict[str, list[dict[str, Any]]]:
        """Return the partner's picture: the events of each mailbox."""
        picture: dict[str, list[dict[str, Any]]] = self.control("GET", "/picture")
        return picture

    def deliveries(self) -> dict[str, Any]:
        """Return what was delivered: count, duplicates, violations, and the list."""
        deliveries: dict[str, Any] = self.control("GET", "/deliveries")
        return deliveries


class RelayClient:
    """The relay's own API, with the function key, or with a token at the door for tokens."""

    def __init__(self, url: str, keys: dict[str, str], ca: str) -> None:
        self.url = url
        self.keys = keys
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca

    def call(
        self, method: str, path: str, *, key: str | None = "function", token: str | None = None, **arguments: Any
    ) -> requests.Response:
        """Call /api/PATH with the key of that name, or with none; with a token (or "" for none) /api/entra/PATH."""
        headers = {"x-functions-key": self.keys[key]} if key and token is None else {}
        headers |= ({"Authorization": f"Bearer {token}"} if token else {}) | arguments.pop("headers", {})
        url = f"{self.url}/api{'' if token is None else '/entra'}{path}"
        return self._session.request(method, url, headers=headers, timeout=60, **arguments)

    def watch(self, mailbox: str, **wish: Any) -> dict[str, Any]:
        """Set up a watch. Raises HTTPError."""
        answer = self.call("POST", "/subscriptions", json={"mailbox": mailbox, **wish})
        if not answer.ok:
            raise requests.HTTPError(f"{mailbox}: {answer.status_code} {answer.text}", response=answer)
        watch: dict[str, Any] = answer.json()
        return watch

    def run(self, function: str, body: Any = None) -> None:
        """Run a function by hand: POST /admin/functions/NAME with the master key."""
        headers = {"x-functions-key": self.keys["master"]}
        url = f"{self.url}/admin/functions/{function}"
        self._session.post(url, json=body or {}, headers=headers, timeout=60).raise_for_status()
