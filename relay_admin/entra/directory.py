"""What Microsoft Graph says about applications, enterprise applications and assignments, as values.

Pages: "application resource type", "servicePrincipal resource type", "appRoleAssignment resource type".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relay_admin.entra.required import graph_app_id
from relay_admin.errors import CommandError, Refused

if TYPE_CHECKING:
    from relay_admin.entra.graph import GraphSession

_PRINCIPAL = "$select=id,appId,displayName,appRoles"
_APPLICATION = "$select=id,appId,displayName,appRoles,identifierUris,optionalClaims"


@dataclass(frozen=True, slots=True)
class Principal:
    """An enterprise application: `roles` are the app roles that it offers, by id."""

    id: str
    app_id: str
    name: str
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)

    def role_named(self, value: str) -> dict[str, Any] | None:
        """Return the role with this value."""
        return next((role for role in self.roles.values() if role.get("value") == value), None)


@dataclass(frozen=True, slots=True)
class Registration:
    """An app registration, with its app roles, identifier URIs and optional claims as Graph returned them."""

    id: str
    app_id: str
    name: str
    app_roles: tuple[dict[str, Any], ...]
    identifier_uris: tuple[str, ...]
    optional_claims: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role that a principal has of a resource."""

    id: str
    role_id: str
    principal_id: str
    resource_id: str
    principal_name: str = ""
    resource_name: str = ""


class Directory:
    """Reads the tenant. A call raises Refused or Unreachable if Graph does not say it."""

    def __init__(self, graph: GraphSession) -> None:
        self._graph = graph

    def principal(self, app_id: str) -> Principal | None:
        """Return the enterprise application with a client id, None if there is none."""
        content = self._graph.get(f"/servicePrincipals(appId='{app_id}')?{_PRINCIPAL}")
        return None if content is None else _principal(content)

    def resource(self, principal_id: str) -> Principal | None:
        """Return the enterprise application with an object id, None if it cannot be read."""
        try:
            content = self._graph.get(f"/servicePrincipals/{principal_id}?{_PRINCIPAL}")
        except CommandError:
            return None
        return None if content is None else _principal(content)

    def graph(self) -> Principal:
        """Return the enterprise application of Microsoft Graph. Raises Refused without one."""
        content = self.principal(graph_app_id())
        if content is None:
            raise Refused(
                "This tenant has no enterprise application of Microsoft Graph", "Check the tenant: --tenant.", 404
            )
        return content

    def registration(self, app_id: str) -> Registration | None:
        """Return the app registration with a client id, None if there is none."""
        content = self._graph.get(f"/applications(appId='{app_id}')?{_APPLICATION}")
        if content is None:
            return None
        roles, uris = content.get("appRoles") or (), content.get("identifierUris") or ()
        claims = content.get("optionalClaims")
        return Registration(content["id"], app_id, _name(content), tuple(roles), tuple(uris), claims)

    def roles_of(self, principal: Principal) -> tuple[Assignment, ...]:
        """Return the roles that an enterprise application has, of all resources."""
        return tuple(_assignment(each) for each in self._graph.pages(f"/servicePrincipals/{principal.id}/{_HAS}"))

    def holders_of(self, resource: Principal) -> tuple[Assignment, ...]:
        """Return who has a role of an enterprise application."""
        return tuple(_assignment(each) for each in self._graph.pages(f"/servicePrincipals/{resource.id}/{_GIVES}"))


_HAS, _GIVES = "appRoleAssignments", "appRoleAssignedTo"


def _principal(content: dict[str, Any]) -> Principal:
    roles = {str(role["id"]).lower(): role for role in content.get("appRoles") or ()}
    return Principal(content["id"], str(content.get("appId")).lower(), _name(content), roles)


def _assignment(content: dict[str, Any]) -> Assignment:
    return Assignment(
        content["id"], str(content["appRoleId"]).lower(), content["principalId"], content["resourceId"],
        str(content.get("principalDisplayName") or content["principalId"]),
        str(content.get("resourceDisplayName") or content["resourceId"]),
    )  # fmt: skip


def _name(content: dict[str, Any]) -> str:
    return str(content.get("displayName") or content["id"])
