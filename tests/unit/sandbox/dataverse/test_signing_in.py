"""Who may call the Web API: the token's audience, the application user, and the privileges of its roles."""

from typing import Any

import pytest
import requests

from tests.support.dataverse_world import (
    APP,
    BOOKINGS,
    KARI,
    OLA,
    OTHER_APP,
    TENANT_ID,
    TRACKED,
    DataverseWorld,
    refusal,
)

pytestmark = pytest.mark.server


def without(world: DataverseWorld, *names: str, role: str = "full") -> None:
    """Take privileges from the app."""
    world.control("POST", f"/users/{APP}", {"privileges": role, "without": list(names)})


def test_an_app_reads_its_own_user(world: DataverseWorld) -> None:
    """Its user, its business unit and the organization."""
    me = world.get("WhoAmI")
    assert me["OrganizationId"] == world.organization.organization_id
    assert world.get(f"systemusers({me['UserId']})")["applicationid"] == APP
    assert world.get("WhoAmI()") == me


def test_a_token_of_the_login_is_accepted(world: DataverseWorld) -> None:
    """By client secret, and by the managed identity endpoint; the scope is the environment's address."""
    form = {
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_secret": "s",
        "scope": f"{world.url}/.default",
    }
    url = f"{world.tenant.url}/{TENANT_ID}/oauth2/v2.0/token"
    token = world.session.post(url, data=form, timeout=180).json()["access_token"]
    assert world.api("GET", "WhoAmI", token=token).status_code == 200


@pytest.mark.parametrize("audience", ["https://graph.microsoft.com", "https://vault.azure.net", "https://localhost:1"])
def test_a_token_for_another_audience_gets_401(world: DataverseWorld, audience: str) -> None:
    """With the challenge that names the environment, and no body."""
    answer = world.api("GET", "WhoAmI", token=world.token(audience=audience))
    assert (answer.status_code, answer.content) == (401, b"")
    assert f"resource_id={world.url}/" in answer.headers["WWW-Authenticate"]


def test_a_token_that_expired_or_is_missing_gets_401(world: DataverseWorld) -> None:
    """By the tenant's clock."""
    token = world.token()
    assert world.session.get(f"{world.url}/api/data/v9.2/WhoAmI", timeout=180).status_code == 401
    world.tenant.clock.advance(3600)
    assert world.api("GET", "WhoAmI", token=token).status_code == 401


def test_an_app_without_a_user_gets_403(world: DataverseWorld) -> None:
    """Before it has one, after it lost it, and while it is disabled."""
    assert refusal(world.api("GET", "WhoAmI", app=OTHER_APP)) == (403, "0x80072560")
    world.control("POST", f"/users/{APP}", {"privileges": None})
    assert refusal(world.api("GET", "WhoAmI")) == (403, "0x80072560")
    user = world.control("POST", f"/users/{APP}", {"privileges": "full"})["userId"]
    world.control("PATCH", f"/rows/systemusers/{user}", {"isdisabled": True})
    assert refusal(world.api("GET", "WhoAmI")) == (403, "0x80072560")


def test_a_managed_identity_is_added_by_its_client_id(world: DataverseWorld) -> None:
    """Its endpoint issues tokens for the environment, and for no other one."""
    query = {"api-version": "2019-08-01", "resource": world.url}
    headers = {"X-IDENTITY-HEADER": "identity-header"}

    def issued(**changes: str) -> requests.Response:
        return world.session.get(world.identity_url, params=query | changes, headers=headers, timeout=180)

    token = issued().json()["access_token"]
    assert refusal(world.api("GET", BOOKINGS, token=token)) == (403, "0x80072560")
    assert world.control("POST", "/users/system", {"privileges": "to-outlook"})["userId"]
    assert world.api("GET", BOOKINGS, token=token).status_code == 200
    assert issued(resource="https://other.crm4.dynamics.com").status_code == 500


@pytest.mark.parametrize(
    ("privilege", "call"),
    [
        ("prvReadBookableResourceBooking", ("GET", BOOKINGS)),
        ("prvReadBookableResourceBooking", ("GET", f"{BOOKINGS}(id)")),
        ("prvReadBookableResource", ("GET", "bookableresources")),
        ("prvReadUser", ("GET", "systemusers")),
        ("prvReadMailbox", ("GET", "mailboxes")),
        ("prvReadOrganization", ("GET", "organizations")),
        ("prvReadSdkMessageProcessingStep", ("GET", "sdkmessageprocessingsteps")),
        ("prvCreateBookableResourceBooking", ("POST", BOOKINGS)),
        ("prvAppendResourceBookingDetail", ("POST", BOOKINGS)),
        ("prvAppendToBookableResource", ("POST", BOOKINGS)),
        ("prvAppendToBookingStatus", ("POST", BOOKINGS)),
        ("prvCreatemsdyn_bookingtimestamp", ("POST", BOOKINGS)),
        ("prvWriteBookableResourceBooking", ("PATCH", f"{BOOKINGS}(id)")),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_missing_privilege_is_named(world: DataverseWorld, privilege: str, call: tuple[str, str]) -> None:
    """With 403, and nothing is written; with the privilege the same call succeeds."""
    booking, (method, path) = world.book(), call
    body: Any = {"POST": world.booking(resource=KARI), "PATCH": {"name": "Other"}}.get(method)
    path = path.replace("(id)", f"({booking})")
    without(world, privilege)
    answer = world.api(method, path, body)
    assert refusal(answer) == (403, "0x80040220")
    assert privilege in answer.json()["error"]["message"]
    assert world.row(booking)["name"] == "Visit"
    without(world)
    assert world.api(method, path, body).ok


def test_deleting_needs_its_own_privilege(world: DataverseWorld) -> None:
    """No usual role has it."""
    booking = world.book()
    answer = world.api("DELETE", f"{BOOKINGS}({booking})")
    assert (refusal(answer), "prvDeleteBookableResourceBooking" in answer.text) == ((403, "0x80040220"), True)
    world.control("POST", f"/users/{APP}", {"privileges": "administrator"})
    assert world.api("DELETE", f"{BOOKINGS}({booking})").status_code == 204


def test_a_depth_below_the_organization_hides_others_rows(world: DataverseWorld) -> None:
    """Basic: own rows alone; tables of the organization, and change tracking, need Global."""
    organization, theirs = world.organization, world.book()
    user = world.get("WhoAmI")["UserId"]
    role = next(iter(organization.roles_of[user]))
    for name in ("prvReadBookableResourceBooking", "prvReadUser"):
        organization.privileges_of[role][organization.derived("privilege", name)] = "Basic"
    ours = world.api("POST", BOOKINGS, world.booking(resource=OLA))
    assert ours.status_code == 204
    (row,) = world.get(BOOKINGS)["value"]
    assert row["bookableresourcebookingid"] in ours.headers["OData-EntityId"]
    for path, headers in ((f"{BOOKINGS}({theirs})", {}), ("systemusers", {}), (BOOKINGS, TRACKED)):
        assert refusal(world.api("GET", path, **headers)) == (403, "0x80040220")


def test_the_administrator_signs_in_as_a_person(world: DataverseWorld) -> None:
    """With the Azure CLI's token for the environment."""
    body = {"resource": world.url}
    url = f"{world.tenant.url}/_control/administrator/token"
    token = world.session.post(url, json=body, timeout=180).json()["accessToken"]
    assert world.api("GET", "WhoAmI", token=token).json()["UserId"] == world.id_of("user:administrator")
