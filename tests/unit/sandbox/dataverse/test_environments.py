"""Backups, copies, and the tenant without an environment."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.clients import DataverseClient
from sandbox.dataverse.writer import Actor
from sandbox.tenant.seed import Seed, tenant_from
from tests.support.dataverse_world import APP, BOOKINGS, OLA, TRACKED, DataverseWorld, dataverse_world, refusal
from tests.support.receiver import Reply, receiving
from tests.support.serving import serving

pytestmark = pytest.mark.server


def test_a_restore_takes_version_numbers_back(world: DataverseWorld) -> None:
    """Rows are as they were; a token from after the backup is void, one from before it is not."""
    kept = world.book(name="Kept")
    early = world.get(BOOKINGS, **TRACKED)["@odata.deltaLink"]
    snapshot = world.control("POST", "/snapshots")["id"]
    before = world.row(kept)["versionnumber"]
    world.control("PATCH", f"/rows/{BOOKINGS}/{kept}", {"name": "Changed"})
    world.book()
    late = world.get(BOOKINGS, **TRACKED)["@odata.deltaLink"]
    world.control("POST", "/restores", {"snapshot": snapshot})
    (row,) = world.get(BOOKINGS)["value"]
    assert (row["name"], row["versionnumber"]) == ("Kept", before)
    assert refusal(world.api("GET", late)) == (400, "0x80044352")
    assert world.get(early)["value"] == []


def test_a_copy_has_another_organization_and_the_same_rows(world: DataverseWorld) -> None:
    """At another address, with its own tokens; a write to one does not reach the other."""
    booking = world.book()
    copied = world.control("POST", "/copies", {"type": "Sandbox"})
    assert copied["organizationId"] != world.organization.organization_id
    token = world.token(audience=copied["url"])
    path = f"{copied['url']}/api/data/v9.2/{BOOKINGS}({booking})"
    row = world.api("GET", path, token=token).json()
    assert row["starttime"] == world.row(booking)["starttime"]
    assert world.api("GET", path).status_code == 401
    world.api("PATCH", path, {"name": "Copy"}, token=token, If_Match="*")
    assert world.row(booking)["name"] == "Visit"
    me = world.api("GET", f"{copied['url']}/api/data/v9.2/WhoAmI", token=token).json()
    assert me["OrganizationId"] == copied["organizationId"]
    detail = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"
    kind = world.api("GET", f"{copied['url']}/api/data/v9.2/{detail}", token=token).json()["Detail"]
    assert (kind["OrganizationType"], kind["EnvironmentId"]) == ("CustomerTest", copied["environmentId"])


def test_a_copy_posts_webhooks_with_its_own_id(world: DataverseWorld, certificates: Path) -> None:
    """Its steps are the same rows, so they lead to the same endpoint."""
    organization = world.organization
    with receiving(certificates) as receiver:
        receiver.notification = lambda _post: Reply(200)
        actor = Actor(organization.ids["user:administrator"])
        endpoint = organization.writer.create(
            organization.tables["serviceendpoint"],
            {"name": "relay", "contract": 8, "authtype": 4, "authvalue": "k", "url": receiver.url}, actor,
        )["serviceendpointid"]  # fmt: skip
        organization.writer.create(
            organization.tables["sdkmessageprocessingstep"],
            {"name": "relay", "mode": 1, "stage": 40, "sdkmessageid": organization.derived("message", "Create"),
             "sdkmessagefilterid": organization.derived("filter", "Create", "bookableresourcebooking"),
             "eventhandler": endpoint, "statecode": 0}, actor,
        )  # fmt: skip
        client = DataverseClient(world.url, str(certificates / "ca.pem")).copy()
        start = world.tenant.clock.now()
        client.book(OLA, start, start + timedelta(hours=1))
        client.control("POST", "/hooks/flush")
        (body,) = (json.loads(post.body) for post in receiver.posts)
    assert body["OrganizationId"] == client.control("GET", "")["organizationId"] != organization.organization_id


def test_many_bookings_are_created_and_written_at_once(world: DataverseWorld) -> None:
    """For runs with thousands: each an hour later, each write with a version of its own."""
    made = world.control("POST", "/bookings/many", {"count": 50, "body": world.booking()})["ids"]
    rows = {row["bookableresourcebookingid"]: row for row in world.control("GET", f"/rows/{BOOKINGS}")["value"]}
    assert [rows[each]["starttime"] for each in made] == sorted({row["starttime"] for row in rows.values()})
    link = world.get(BOOKINGS, **TRACKED)["@odata.deltaLink"]
    assert world.control("POST", "/bookings/touch", {"body": {"name": "x"}, "ids": made[:7]}) == {"written": 7}
    assert len({row["versionnumber"] for row in world.get(link)["value"]}) == 7


def test_a_client_books_moves_and_removes(world: DataverseWorld, certificates: Path) -> None:
    """By mailbox and by the names of statuses; a copy has a client of its own."""
    client = DataverseClient(world.url, str(certificates / "ca.pem"))
    start = world.tenant.clock.now().replace(microsecond=0)
    booked = client.book(OLA, start, start.replace(year=start.year + 1), name="Long", **client.work_order())
    assert booked["_resource_value"] == world.id_of(f"resource:{OLA}")
    assert client.change(booked["bookableresourcebookingid"], status="Cancelled")[
        "_bookingstatus_value"
    ] == world.id_of("status:Cancelled")
    assert client.copy().booking(booked["bookableresourcebookingid"]) is not None
    client.remove(booked["bookableresourcebookingid"])
    assert (client.booking(booked["bookableresourcebookingid"]), client.bookings()) == (None, [])


def test_the_control_s_list_names_ids_and_routes(world: DataverseWorld) -> None:
    """Each route with what it does."""
    listed = world.control("GET", "")
    assert listed["organizationId"] == world.organization.organization_id
    assert listed["ids"][f"resource:{OLA}"] == world.id_of(f"resource:{OLA}")
    assert len(listed["routes"]) > 30
    assert all(route["does"] for route in listed["routes"])


def test_a_tenant_without_an_environment_serves_none(certificates: Path) -> None:
    """And issues no token for one."""
    seed = {"tenantId": "t", "identityHeader": "h", "clients": [{"clientId": APP}]}
    tenant = tenant_from(Seed.model_validate(seed), certificates)
    with serving(tenant):
        assert tenant.dataverse is None
        assert tenant.tokens.resource("https://contoso.crm4.dynamics.com") is None


@pytest.mark.parametrize(
    "seed",
    [{"nosuch": 1}, {"resources": [{"mailbox": "nobody@contoso.com"}]}, {"applicationUsers": {"nobody": "full"}},
     {"applicationUsers": {APP: ["prvNoSuch"]}}, {"trackingDays": 400}, {"settings": {"hookTwice": 2}}],
    ids=lambda value: next(iter(value)),
)  # fmt: skip
def test_a_wrong_seed_is_refused(certificates: Path, seed: dict[str, Any]) -> None:
    """With ValueError, before anything is served."""
    with pytest.raises(ValueError, match=r"."), dataverse_world(certificates, **seed):
        pass
