"""Which requests prepare the app registration of the relay's API, or undo it. Pure rules.

A PATCH replaces a whole property, so each carries everything that stays; nothing else of the registration is sent.
Pages: "Update application", "Add app roles to your application and receive them in the token", "Create
servicePrincipal".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relay_admin.entra import optional_claims
from relay_admin.entra.changes import Change, Plan, Right
from relay_admin.entra.directory import Assignment, Principal, Registration
from relay_admin.entra.required import app_roles
from relay_admin.errors import Refused

OURS = frozenset(role["value"] for role in app_roles())
_READ_ONLY = "origin"  # "appRole resource type": must not be part of a PATCH
_FIRST_REVOKE = "Revoke them first: python -m relay_admin entra revoke caller"


@dataclass(frozen=True, slots=True)
class Api:
    """The registration of the relay's API, its enterprise application, and who has its roles."""

    registration: Registration
    principal: Principal | None
    holders: tuple[Assignment, ...] = ()


def grant(api: Api) -> Plan:
    """Return what the registration lacks: app roles, identifier URI, the claim idtyp, enterprise application.

    Raises Refused.
    """
    registration = api.registration
    steps = (*_adding_roles(registration), *_adding_uri(registration), *_adding_claim(registration), *_creating(api))
    return Plan(steps, () if steps else ("The registration has everything.",), _pending(api))


def revoke(api: Api, *, remove_enterprise_app: bool) -> Plan:
    """Return the removals of what `grant` adds. Raises Refused while an app has one of the roles."""
    ours = [role for role in api.registration.app_roles if role.get("value") in OURS]
    ids = {str(role["id"]).lower() for role in ours} | {role["id"] for role in app_roles()}
    if holders := sorted({holder.principal_name for holder in api.holders if holder.role_id in ids}):
        raise Refused(f"Apps still have a role of the relay: {', '.join(holders)}", _FIRST_REVOKE)
    registration = api.registration
    steps = [*_removing_roles(registration), *_removing_uri(registration), *_removing_claim(registration)]
    notes = []
    if api.principal and remove_enterprise_app:
        why = f"Remove the enterprise application {api.principal.name}, with every assignment of its roles."
        steps.append(Change("DELETE", f"/servicePrincipals/{api.principal.id}", None, why, Right.MANAGE_APPLICATIONS))
    elif api.principal:
        notes.append(f"The enterprise application {api.principal.name} stays; --remove-enterprise-app removes it.")
    return Plan(tuple(steps), tuple(notes))


def missing(registration: Registration) -> list[dict[str, Any]]:
    """Return the relay's app roles that the registration lacks."""
    existing = {role.get("value") for role in registration.app_roles}
    return [role for role in app_roles() if role["value"] not in existing]


def disabled(registration: Registration) -> list[str]:
    """Return the names of the relay's app roles that are there but disabled."""
    return [str(role["value"]) for role in registration.app_roles if role.get("value") in OURS and not _enabled(role)]


def identifier_uri(registration: Registration) -> str:
    """Return the URI by which callers request a token."""
    return f"api://{registration.app_id}"


def has_uri(registration: Registration) -> bool:
    """Return whether the registration has it; the case of a client id does not matter."""
    return identifier_uri(registration) in [uri.lower() for uri in registration.identifier_uris]


def _adding_roles(registration: Registration) -> list[Change]:
    absent, off = missing(registration), disabled(registration)
    _refuse_conflicts(registration, absent)
    if not absent and not off:
        return []
    added = f"Add the app roles {_values(absent)}." if absent else ""
    enabled = f"Enable the app roles {', '.join(off)}." if off else ""
    roles = [*(_enabling(role) for role in registration.app_roles), *absent]
    return [_patch(registration, "appRoles", roles, " ".join(filter(None, (added, enabled))))]


def _refuse_conflicts(registration: Registration, absent: Sequence[dict[str, Any]]) -> None:
    """Raise Refused where Graph would refuse, or would keep a role that no app can have."""
    ids = {str(role.get("id")).lower(): role.get("value") for role in registration.app_roles}
    if taken := [ids[role["id"]] for role in absent if role["id"] in ids]:
        text = "Rename it back, or disable and remove it in the portal: App registrations, App roles."
        raise Refused(f"The app role {', '.join(map(str, taken))} has the id of a role of the relay", text)
    for role in registration.app_roles:
        if role.get("value") in OURS and "Application" not in (role.get("allowedMemberTypes") or ()):
            text = "Disable and remove it in the portal (App registrations, App roles), then repeat."
            raise Refused(f"The app role {role['value']} exists, but apps cannot have it", text)


def _removing_roles(registration: Registration) -> list[Change]:
    """Return two requests: Graph removes only a disabled role."""
    ours = [role for role in registration.app_roles if role.get("value") in OURS]
    if not ours:
        return []
    steps = []
    if any(_enabled(role) for role in ours):
        roles = [_disabling(role) if role in ours else _sent(role) for role in registration.app_roles]
        steps.append(_patch(registration, "appRoles", roles, f"Disable the app roles {_values(ours)}."))
    staying = [_sent(role) for role in registration.app_roles if role not in ours]
    return [*steps, _patch(registration, "appRoles", staying, f"Remove the app roles {_values(ours)}.")]


def _adding_uri(registration: Registration) -> list[Change]:
    if has_uri(registration):
        return []
    uri = identifier_uri(registration)
    why = f"Add the identifier URI {uri}, by which callers request a token."
    return [_patch(registration, "identifierUris", [*registration.identifier_uris, uri], why)]


def _removing_uri(registration: Registration) -> list[Change]:
    if not has_uri(registration):
        return []
    uri = identifier_uri(registration)
    left = [each for each in registration.identifier_uris if each.lower() != uri]
    return [_patch(registration, "identifierUris", left, f"Remove the identifier URI {uri}.")]


def _adding_claim(registration: Registration) -> list[Change]:
    if optional_claims.has_claim(registration.optional_claims):
        return []
    why = "Add the optional claim idtyp to access tokens: it says that an app calls, and not a person."
    return [_replacing(registration, optional_claims.with_ours(registration.optional_claims), why)]


def _removing_claim(registration: Registration) -> list[Change]:
    if not optional_claims.has_ours(registration.optional_claims):
        return []
    why = "Remove the optional claim idtyp from access tokens."
    return [_replacing(registration, optional_claims.without_ours(registration.optional_claims), why)]


def _creating(api: Api) -> list[Change]:
    if api.principal:
        return []
    why = "Create the enterprise application, to which roles are assigned."
    body = {"appId": api.registration.app_id}
    return [Change("POST", "/servicePrincipals", body, why, Right.MANAGE_APPLICATIONS)]


def _pending(api: Api) -> tuple[str, ...]:
    """Return the roles that the enterprise application does not show yet: it follows the registration by a minute."""
    if api.principal is None:
        return ()
    shown = {role.get("value") for role in api.principal.roles.values() if _enabled(role)}
    return tuple(f"The enterprise application does not show {value} yet." for value in sorted(OURS - shown))


def _patch(registration: Registration, name: str, values: Sequence[Any], why: str) -> Change:
    path = f"/applications/{registration.id}"
    return Change("PATCH", path, {name: list(values)}, f"{registration.name}: {why}", Right.MANAGE_APPLICATIONS)


def _replacing(registration: Registration, claims: dict[str, Any] | None, why: str) -> Change:
    path = f"/applications/{registration.id}"
    return Change("PATCH", path, {"optionalClaims": claims}, f"{registration.name}: {why}", Right.MANAGE_APPLICATIONS)


def _enabled(role: dict[str, Any]) -> bool:
    return role.get("isEnabled") is True


def _sent(role: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in role.items() if name != _READ_ONLY and "@odata" not in name}


def _enabling(role: dict[str, Any]) -> dict[str, Any]:
    return _sent(role) | ({"isEnabled": True} if role.get("value") in OURS else {})


def _disabling(role: dict[str, Any]) -> dict[str, Any]:
    return _sent(role) | {"isEnabled": False}


def _values(roles: Sequence[dict[str, Any]]) -> str:
    return ", ".join(str(role["value"]) for role in roles)
