"""Microsoft Graph's directory in memory, behind the real requests library: strict, paged, lagging, refusing.

Pages: "servicePrincipal resource type", "application resource type", "Grant an appRoleAssignment to a service
principal", "Delete appRoleAssignment", "Update application", "Create servicePrincipal", "Paging Microsoft Graph
data in your app".
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from tests.support.directory_answers import Problem, not_found, refuse_roles, response, selected

BASE = "https://graph.example"
Refusal = tuple[int, dict[str, Any] | str | None, dict[str, str]]


@dataclass
class State:
    """The objects by id."""

    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    assignments: dict[str, dict[str, Any]] = field(default_factory=dict)


class DirectoryDouble(BaseAdapter):
    """The directory. `calls` are the methods and paths that were received, `writes` those that would change it."""

    def __init__(self, *, page_size: int = 100, lag: int = 0, unknown_for: int = 0) -> None:
        super().__init__()
        self.state = State()
        self.registered: set[str] = set()  # client ids of apps in other tenants
        self.page_size, self.lag, self.unknown_for = page_size, lag, unknown_for
        self.calls: list[tuple[str, str]] = []
        self.agents: set[str | None] = set()
        self.refusals: dict[tuple[str, str], list[Refusal]] = {}
        self._history: list[State] = []
        self._number = 0
        self._fresh: dict[str, int] = {}

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The calls that are not a GET."""
        return [call for call in self.calls if call[0] != "GET"]

    def session(self) -> Session:
        """Return a session that reaches only this directory."""
        session = Session()
        session.trust_env = False
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    def refuse(self, method: str, path: str, *answers: Refusal) -> None:
        """Answer the next calls of paths that start so with these.

        A status of 0 lets a call pass; a negative one is the answer to every further call.
        """
        self.refusals[method, path] = list(answers)

    def principal(self, app_id: str, name: str, roles: dict[str, str] | None = None, **more: Any) -> str:
        """Add an enterprise application with app roles, by name and id. Return its object id."""
        key = f"sp-{app_id[:13]}"
        offered = [self.role(value, role_id) for value, role_id in (roles or {}).items()]
        self.state.principals[key] = {
            "id": key, "appId": app_id, "displayName": name, "appRoles": offered, "servicePrincipalType": "Application"
        } | more  # fmt: skip
        return key

    def application(self, app_id: str, name: str, **more: Any) -> str:
        """Add an app registration. Return its object id."""
        key = f"app-{app_id[:13]}"
        self.state.applications[key] = {
            "id": key, "appId": app_id, "displayName": name, "appRoles": [], "identifierUris": [], "notes": "kept",
            "optionalClaims": None,
        } | more  # fmt: skip
        return key

    def assign(self, principal: str, resource: str, role_id: str) -> str:
        """Add an assignment. Return its id."""
        self._number += 1
        key = f"as_{self._number}-Q"
        self.state.assignments[key] = {
            "id": key, "principalId": principal, "resourceId": resource, "appRoleId": role_id,
            "principalDisplayName": self._name(principal), "resourceDisplayName": self._name(resource),
        }  # fmt: skip
        return key

    @staticmethod
    def role(value: str, role_id: str, **more: Any) -> dict[str, Any]:
        """Return an app role as Graph gives it."""
        return {
            "id": role_id, "value": value, "displayName": value, "description": "", "isEnabled": True,
            "allowedMemberTypes": ["Application"], "origin": "Application",
        } | more  # fmt: skip

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Answer a request."""
        assert request.headers.get("Authorization", "").startswith("Bearer "), "no token"
        assert request.url is not None
        self.agents.add(request.headers.get("User-Agent"))
        parts = urlsplit(request.url)
        assert f"{parts.scheme}://{parts.netloc}" == BASE, "another server would receive the token"
        path = unquote(parts.path).removeprefix("/v1.0")
        method = str(request.method)
        self.calls.append((method, path))
        for (refused, start), answers in self.refusals.items():
            if refused == method and path.startswith(start) and answers:
                status, body, headers = answers[0] if answers[0][0] < 0 else answers.pop(0)
                if status:
                    return response(request, abs(status), body, headers)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            body = json.loads(request.body) if request.body else None
            status, content = self._answered(method, path, query, body)
        except Problem as problem:
            return response(request, problem.status, problem.body, {})
        return response(request, status, content, {})

    def close(self) -> None:
        """End nothing."""

    def _answered(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        for (allowed, pattern), handler in _ROUTES.items():
            if allowed == method and (match := re.fullmatch(pattern, path)):
                if method == "GET":
                    return 200, handler(self, self._seen(), query, *match.groups())
                before = copy.deepcopy(self.state)
                content = handler(self, body, *match.groups())
                self._history = [*([before] * self.lag)]
                return (204, None) if content is None else (201, content)
        raise AssertionError(f"Graph has no {method} {path}")

    def _seen(self) -> State:
        return self._history.pop(0) if self._history else self.state

    def _name(self, key: str) -> str:
        return str(self.state.principals.get(key, {}).get("displayName", key))

    def _get(self, seen: State, query: dict[str, str], kind: str, app_id: str) -> Any:
        collection = seen.principals if kind == "servicePrincipals" else seen.applications
        found = next((each for each in collection.values() if each["appId"] == app_id), None)
        return selected(found, query, app_id)

    def _get_by_id(self, seen: State, query: dict[str, str], key: str) -> Any:
        return selected(seen.principals.get(key), query, key)

    def _list(self, seen: State, query: dict[str, str], key: str, kind: str) -> Any:
        if key not in seen.principals:
            raise not_found(key)
        side = "principalId" if kind == "appRoleAssignments" else "resourceId"
        found = [each for each in seen.assignments.values() if each[side] == key]
        start = int(query.get("$skiptoken", "0"))
        page: dict[str, Any] = {"value": found[start : start + self.page_size]}
        if start + self.page_size < len(found):
            page["@odata.nextLink"] = f"{BASE}/v1.0/servicePrincipals/{key}/{kind}?$skiptoken={start + self.page_size}"
        return page

    def _create(self, body: Any) -> Any:
        assert body.keys() == {"appId"}
        app_id = body["appId"]
        known = {app["appId"] for app in self.state.applications.values()} | self.registered
        if app_id not in known:
            text = f"The appId '{app_id}' of the service principal does not reference a valid application object."
            raise Problem(400, "Request_BadRequest", text, "NoBackingApplicationObject")
        if any(each["appId"] == app_id for each in self.state.principals.values()):
            text = f"The service principal cannot be created because the name {app_id} is already in use."
            raise Problem(409, "Request_MultipleObjectsWithSameKeyValue", text)
        own = next((app for app in self.state.applications.values() if app["appId"] == app_id), {})
        key = self.principal(app_id, own.get("displayName", "Partner's app"))
        self.state.principals[key]["appRoles"] = copy.deepcopy(own.get("appRoles") or [])
        self._fresh[key] = self.unknown_for
        return {"id": key, "appId": app_id}

    def _assign(self, body: Any, key: str) -> Any:
        assert body.keys() == {"principalId", "resourceId", "appRoleId"}
        if self._fresh.get(key, 0) > 0:
            self._fresh[key] -= 1
            raise not_found(key) if self._fresh[key] % 2 else Problem(400, "Request_BadRequest", "Not a valid update.")
        if key not in self.state.principals:
            raise not_found(key)
        resource = self.state.principals.get(body["resourceId"], {})
        roles = {role["id"] for role in resource.get("appRoles") or () if role["isEnabled"]}
        if body["principalId"] != key or body["appRoleId"] not in roles:
            raise Problem(400, "Request_BadRequest", "Permission (scope or role) was not found on the resource.")
        same = [each for each in self.state.assignments.values()
                if all(each[name] == value for name, value in body.items())]  # fmt: skip
        if same:
            text = "Permission being assigned already exists on the object"
            raise Problem(400, "Request_BadRequest", text, "InvalidUpdate")
        return self.state.assignments[self.assign(key, body["resourceId"], body["appRoleId"])]

    def _unassign(self, _: Any, key: str, assignment: str) -> None:
        if self.state.assignments.get(assignment, {}).get("principalId") != key:
            raise not_found(assignment)
        del self.state.assignments[assignment]

    def _remove(self, _: Any, key: str) -> None:
        if key not in self.state.principals:
            raise not_found(key)
        del self.state.principals[key]
        self.state.assignments = {
            name: each for name, each in self.state.assignments.items()
            if key not in (each["principalId"], each["resourceId"])
        }  # fmt: skip

    def _update(self, body: Any, key: str) -> None:
        app = self.state.applications[key]
        ((name, values),) = body.items()
        if name == "optionalClaims":
            assert "@odata" not in json.dumps(values)
            app[name] = values
            return
        assert name in ("appRoles", "identifierUris")
        assert len({json.dumps(value, sort_keys=True) for value in values}) == len(values)
        if name == "appRoles":
            refuse_roles(app, values)
            values = [value | {"origin": "Application"} for value in values]
        app[name] = values
        for principal in self.state.principals.values():
            if principal["appId"] == app["appId"]:
                principal["appRoles"] = copy.deepcopy(app["appRoles"] or [])


_ROUTES: dict[tuple[str, str], Callable[..., Any]] = {
    ("GET", r"/(servicePrincipals|applications)\(appId='([0-9a-f-]+)'\)"): DirectoryDouble._get,
    ("GET", r"/servicePrincipals/([\w-]+)"): DirectoryDouble._get_by_id,
    ("GET", r"/servicePrincipals/([\w-]+)/(appRoleAssignments|appRoleAssignedTo)"): DirectoryDouble._list,
    ("POST", r"/servicePrincipals"): DirectoryDouble._create,
    ("POST", r"/servicePrincipals/([\w-]+)/appRoleAssignments"): DirectoryDouble._assign,
    ("DELETE", r"/servicePrincipals/([\w-]+)/appRoleAssignments/([\w-]+)"): DirectoryDouble._unassign,
    ("DELETE", r"/servicePrincipals/([\w-]+)"): DirectoryDouble._remove,
    ("PATCH", r"/applications/([\w-]+)"): DirectoryDouble._update,
}
