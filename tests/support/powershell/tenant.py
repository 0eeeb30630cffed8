"""A tenant for the permission scripts: the state of Exchange Online and Entra, behind Microsoft's cmdlets.

As strict as the real ones where the scripts could be wrong. `changes` has the name of every cmdlet that changed
something.
"""
# ruff: noqa: D102  (a method is the cmdlet with its name, which Microsoft documents)

from __future__ import annotations

import copy
import json
import uuid
from typing import Any

from tests.support.powershell.values import NotFound, Thing

GRAPH = "00000003-0000-0000-c000-000000000000"
RELAY, API, PARTNER = (f"{n}0000000-0000-4000-8000-000000000000" for n in "123")
ROOMS = "rooms@contoso.com"
LONGEST = 64  # characters of a name: "New-ManagementScope", "New-ManagementRoleAssignment"
BOOKINGS = {
    "Bookings.Read.All": "6e98f277-b046-4193-a4f2-6bf6a78cd491",
    "BookingsAppointment.ReadWrite.All": "9769393e-5a9f-4302-9e3d-7e018ecb64a7",
    "Bookings.ReadWrite.All": "0c4b2d20-7919-468d-8668-c54b09d4dee8",
}
CALENDARS, ROOMS = "798ee544-9d2d-430c-a058-570e29e34338", "913b9306-0ce1-42b8-9137-6a7df690a760"


class Exchange:
    """Exchange Online: groups, and RBAC for Applications."""

    def __init__(self) -> None:
        self.connected = True
        self.changes: list[str] = []
        self.members: dict[str, list[Thing]] = {
            ROOMS: [Thing(PrimarySmtpAddress="room1@contoso.com", RecipientType="UserMailbox")]
        }
        self.principals: dict[str, Thing] = {}
        self.scopes: dict[str, Thing] = {}
        self.roles: dict[str, Thing] = {}

    def get_connectioninformation(self) -> list[Thing]:
        return [Thing(State="Connected" if self.connected else "Broken")]

    def get_distributiongroup(self, identity: str) -> Thing:
        if identity not in self.members:
            raise NotFound(identity)
        return Thing(PrimarySmtpAddress=identity, DistinguishedName=f"CN=The 'big' {identity},OU=contoso,DC=example")

    def get_distributiongroupmember(self, identity: str, resultsize: str) -> list[Thing]:
        assert resultsize == "Unlimited"
        return self.members[identity]

    def get_serviceprincipal(self, identity: str) -> Thing:
        return _stored(self.principals, identity)

    def new_serviceprincipal(self, appid: str, objectid: str, displayname: str) -> Thing:
        self.changes.append("New-ServicePrincipal")
        return _added(self.principals, appid, Thing(AppId=appid, ObjectId=objectid, DisplayName=displayname))

    def remove_serviceprincipal(self, identity: str) -> None:
        principal = _stored(self.principals, identity)
        assert not [one for one in self.roles.values() if one["app"] == principal["objectid"]], "it holds roles"
        self.changes.append("Remove-ServicePrincipal")
        del self.principals[identity]

    def get_managementscope(self, identity: str) -> Thing:
        return _stored(self.scopes, identity)

    def new_managementscope(self, name: str, recipientrestrictionfilter: str) -> Thing:
        assert len(name) <= LONGEST
        similar = [one["name"] for one in self.scopes.values() if one["recipientfilter"] == recipientrestrictionfilter]
        assert not similar, f"a similar scope is there: {similar}"
        self.changes.append("New-ManagementScope")
        return _added(self.scopes, name, Thing(Name=name, RecipientFilter=recipientrestrictionfilter))

    def remove_managementscope(self, identity: str) -> None:
        assert not [one for one in self.roles.values() if one["customresourcescope"] == identity], "it is in use"
        self.changes.append("Remove-ManagementScope")
        del self.scopes[identity]

    def get_managementroleassignment(self, identity: str = "") -> Thing | list[Thing]:
        return _stored(self.roles, identity) if identity else list(self.roles.values())

    def new_managementroleassignment(self, name: str, app: str, role: str, customresourcescope: str = "") -> Thing:
        assert app in [one["objectid"] for one in self.principals.values()], "-App is the object id"
        assert not customresourcescope or customresourcescope in self.scopes
        assert len(name) <= LONGEST
        self.changes.append("New-ManagementRoleAssignment")
        created = Thing(Name=name, App=app, Role=role, CustomResourceScope=customresourcescope)
        return _added(self.roles, name, created)

    def remove_managementroleassignment(self, identity: str) -> None:
        self.changes.append("Remove-ManagementRoleAssignment")
        del self.roles[identity]

    def test_serviceprincipalauthorization(self, identity: str, resource: str = "") -> list[Thing]:
        principal = _stored(self.principals, identity)
        return [
            Thing(
                RoleName=one["role"],
                AllowedResourceScope=one["customresourcescope"] or "Organization",
                InScope=self._within(one["customresourcescope"], resource) if resource else "Not Run",
            )
            for one in self.roles.values()
            if one["app"] == principal["objectid"]
        ]

    def _within(self, scope: str, mailbox: str) -> bool:
        if not scope:
            return True
        wanted = self.scopes[scope]["recipientfilter"]
        for group, members in self.members.items():
            name = self.get_distributiongroup(group)["distinguishedname"].replace("'", "''")
            if wanted == f"MemberOfGroup -eq '{name}'":
                return mailbox in [one["primarysmtpaddress"] for one in members]
        return False


class Tenant(Exchange):
    """Exchange Online and Entra."""

    def __init__(self) -> None:
        super().__init__()
        self.signed_in = True
        self.apps = {API: Thing(Id="app-object", AppId=API, DisplayName="Relay API", AppRoles=[], IdentifierUris=[])}
        graph_roles = [Thing(Id=CALENDARS, Value="Calendars.Read"), Thing(Id=ROOMS, Value="Place.Read.All")]
        graph_roles.append(Thing(Id=str(uuid.uuid4()), Value="User.Read.All"))
        graph_roles += [Thing(Id=role_id, Value=name) for name, role_id in BOOKINGS.items()]
        self.enterprise_apps: dict[str, Thing] = {}
        for app_id, name, roles in ((GRAPH, "Microsoft Graph", graph_roles), (RELAY, "Calendar Relay", [])):
            created = Thing(Id=f"object-of-{app_id}", AppId=app_id, DisplayName=name, AppRoles=roles)
            self.enterprise_apps[app_id] = created
        self.grants: dict[str, Thing] = {}

    def grant(self, role: str) -> None:
        """Grant a permission of Graph in Entra, as an administrator might do by hand."""
        graph, relay = self.enterprise_apps[GRAPH]["id"], self.enterprise_apps[RELAY]["id"]
        role_id = next(one["id"] for one in self.enterprise_apps[GRAPH]["approles"] if one["value"] == role)
        self.new_mgserviceprincipalapproleassignment(relay, relay, graph, role_id)

    def kept(self) -> dict[str, Any]:
        """Return the whole state, to compare."""
        names = ("principals", "scopes", "roles", "apps", "enterprise_apps", "grants")
        return copy.deepcopy({name: getattr(self, name) for name in names})

    def cmdlets(self) -> dict[str, Any]:
        """Return the cmdlets by name."""
        words = ("Get", "New", "Remove", "Test", "Invoke")
        return _Cmdlets(self, words)

    def get_mgcontext(self) -> Thing | None:
        return Thing(Account="admin@contoso.com") if self.signed_in else None

    def get_mgserviceprincipal(self, filter: str = "", serviceprincipalid: str = "") -> Thing | None:  # noqa: A002
        for one in self.enterprise_apps.values():
            if filter == f"appId eq '{one['appid']}'" or serviceprincipalid == one["id"]:
                return one
        return None

    def new_mgserviceprincipal(self, appid: str) -> Thing:
        self.changes.append("New-MgServicePrincipal")
        roles = self.apps[appid]["approles"] if appid in self.apps else []
        created = Thing(Id=f"object-of-{appid}", AppId=appid, DisplayName=f"App {appid[:1]}", AppRoles=roles)
        return _added(self.enterprise_apps, appid, created)

    def remove_mgserviceprincipal(self, serviceprincipalid: str) -> None:
        self.changes.append("Remove-MgServicePrincipal")
        del self.enterprise_apps[serviceprincipalid.removeprefix("object-of-")]

    def get_mgserviceprincipalapproleassignment(self, serviceprincipalid: str, all: bool) -> list[Thing]:  # noqa: A002, FBT001
        return [one for one in self.grants.values() if all and one["principalid"] == serviceprincipalid]

    def get_mgserviceprincipalapproleassignedto(self, serviceprincipalid: str, all: bool) -> list[Thing]:  # noqa: A002, FBT001
        return [one for one in self.grants.values() if all and one["resourceid"] == serviceprincipalid]

    def new_mgserviceprincipalapproleassignment(
        self, serviceprincipalid: str, principalid: str, resourceid: str, approleid: str
    ) -> Thing:
        self.changes.append("New-MgServicePrincipalAppRoleAssignment")
        resource = self.get_mgserviceprincipal(serviceprincipalid=resourceid)
        assert serviceprincipalid == principalid
        assert resource is not None
        assert approleid in [one["id"] for one in resource["approles"]]
        created = Thing(Id=uuid.uuid4().hex, PrincipalId=principalid, PrincipalDisplayName="The app",
                     ResourceId=resourceid, AppRoleId=approleid)  # fmt: skip
        return _added(self.grants, created["id"], created)

    def remove_mgserviceprincipalapproleassignment(self, serviceprincipalid: str, approleassignmentid: str) -> None:
        self.changes.append("Remove-MgServicePrincipalAppRoleAssignment")
        assert self.grants.pop(approleassignmentid)["principalid"] == serviceprincipalid

    def get_mgapplication(self, filter: str) -> Thing | None:  # noqa: A002
        return next((one for one in self.apps.values() if filter == f"appId eq '{one['appid']}'"), None)

    def invoke_mggraphrequest(self, method: str, uri: str, contenttype: str, body: str) -> None:
        assert (method, contenttype) == ("PATCH", "application/json")
        app = next(one for one in self.apps.values() if uri == f"/v1.0/applications/{one['id']}")
        self.changes.append("Invoke-MgGraphRequest")
        news = json.loads(body)
        app["identifieruris"] = news.pop("identifierUris", app["identifieruris"])
        roles = [Thing(**one) for one in news.pop("appRoles", app["approles"])]
        assert not news
        gone = [one for one in app["approles"] if one["id"] not in [role["id"] for role in roles]]
        assert not [one for one in gone if one["isenabled"]], "a role has to be disabled before it is removed"
        app["approles"] = roles
        if app["appid"] in self.enterprise_apps:
            self.enterprise_apps[app["appid"]]["approles"] = roles


class _Cmdlets(dict[str, Any]):
    def __init__(self, tenant: Tenant, verbs: tuple[str, ...]) -> None:
        super().__init__()
        self._tenant, self._verbs = tenant, verbs

    def __missing__(self, name: str) -> Any:
        verb, _, noun = name.partition("-")
        assert verb in self._verbs, f"no cmdlet {name}"
        return getattr(self._tenant, f"{verb.lower()}_{noun.lower()}")


def _stored(kept: dict[str, Thing], name: str) -> Thing:
    if name not in kept:
        raise NotFound(f"{name} is not there")
    return kept[name]


def _added(kept: dict[str, Thing], name: str, created: Thing) -> Thing:
    assert name not in kept, f"{name} is there already"
    kept[name] = created
    return created
