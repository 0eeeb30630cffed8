"""Webhooks: which writes start them, what they contain, and how they are sent."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.dataverse_world import APP, BOOKINGS, KARI, DataverseWorld, refusal
from tests.support.receiver import Post, Receiver, Reply, receiving

pytestmark = pytest.mark.server

HEADER = '<settings><setting name="x-secret" value="s3cret" /></settings>'
FILTERED = "starttime,endtime,resource"


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    """Serve an endpoint that accepts everything."""
    with receiving(certificates) as receiver:
        receiver.notification = lambda _post: Reply(200)
        yield receiver


@pytest.fixture
def registered(world: DataverseWorld, receiver: Receiver) -> str:
    """Register the endpoint with three steps, as a setup does by the Web API, and return the endpoint's id."""
    world.control("POST", f"/users/{APP}", {"privileges": "administrator"})
    endpoint = created(world, "serviceendpoints", {
        "name": "relay", "contract": 8, "authtype": 5, "url": receiver.url, "authvalue": HEADER,
    })  # fmt: skip
    for message in ("Create", "Update", "Delete"):
        created(world, "sdkmessageprocessingsteps", step(world, endpoint, message))
    return endpoint


def created(world: DataverseWorld, set_name: str, body: dict[str, Any]) -> str:
    """Make a row by the Web API and return its id."""
    answer = world.api("POST", set_name, body)
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


def step(world: DataverseWorld, endpoint: str, message: str) -> dict[str, Any]:
    """Return the body of an asynchronous step for bookings."""
    found = world.get(f"sdkmessages?$select=name&$filter=name eq '{message}'")["value"][0]["sdkmessageid"]
    table = "primaryobjecttypecode eq 'bookableresourcebooking'"
    filters = world.get(f"sdkmessagefilters?$filter={table} and _sdkmessageid_value eq {found}")["value"]
    chosen = filters[0]["sdkmessagefilterid"]
    filtering = {"filteringattributes": FILTERED} if message == "Update" else {}
    return {
        "name": f"relay {message}", "mode": 1, "stage": 40, "rank": 1, "supporteddeployment": 0,
        "asyncautodelete": True, **filtering, "sdkmessageid@odata.bind": f"/sdkmessages({found})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({chosen})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
    }  # fmt: skip


def sent(world: DataverseWorld, receiver: Receiver) -> list[tuple[Post, dict[str, Any]]]:
    """Return the webhooks that arrived after all were sent, each with its body."""
    world.control("POST", "/hooks/flush")
    return [(post, json.loads(post.body)) for post in receiver.posts]


def test_a_new_booking_is_posted(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """With the endpoint's header, the context as {key, value} lists, and times as /Date()/."""
    booking = world.book(starttime="2026-12-01T09:00:00Z", endtime="2026-12-01T10:00:00Z")
    ((post, body),) = sent(world, receiver)
    headers = {name.lower(): value for name, value in post.headers.items()}
    assert headers["x-secret"] == "s3cret"
    assert headers["x-ms-dynamics-entity-name"] == "bookableresourcebooking"
    assert headers["x-ms-dynamics-request-name"] == body["MessageName"] == "Create"
    assert body["PrimaryEntityId"] == booking
    assert body["OrganizationId"] == world.organization.organization_id
    target = {each["key"]: each["value"] for each in body["InputParameters"]}["Target"]
    columns = {each["key"]: each["value"] for each in target["Attributes"]}
    assert columns["starttime"] == "/Date(1796115600000)/"
    assert columns["resource"]["LogicalName"] == "bookableresource"
    assert columns["bookingstatus"]["Id"] == world.id_of("status:Committed")


def test_an_update_is_posted_if_it_contains_a_filtered_column(
    world: DataverseWorld, receiver: Receiver, registered: str
) -> None:
    """Whether or not the value differs, and with the written columns alone; other columns start nothing."""
    booking = world.book()
    same = world.row(booking)["starttime"]
    world.control("PATCH", f"/rows/{BOOKINGS}/{booking}", {"name": "Other"})
    world.control("PATCH", f"/rows/{BOOKINGS}/{booking}", {"starttime": same})
    bodies = [body for _, body in sent(world, receiver) if body["MessageName"] == "Update"]
    (target,) = (body["InputParameters"][0]["value"] for body in bodies)
    assert {each["key"] for each in target["Attributes"]} == {"starttime", "bookableresourcebookingid"}


def test_a_deletion_is_posted_as_a_reference(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """Without attributes."""
    booking = world.book()
    world.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    (body,) = (body for _, body in sent(world, receiver) if body["MessageName"] == "Delete")
    target = body["InputParameters"][0]["value"]
    assert (target["Id"], target["LogicalName"], "Attributes" in target) == (booking, "bookableresourcebooking", False)


def test_a_tag_marks_our_own_writes(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """In the shared variables, without any column."""
    world.api("POST", f"{BOOKINGS}?tag=relay", world.booking(resource=KARI))
    ((_, body),) = sent(world, receiver)
    assert body["SharedVariables"] == [{"key": "tag", "value": "relay"}]


def test_a_disabled_step_posts_nothing(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """Nor does a synchronous one, one of another table, or one whose endpoint is deleted."""
    for row in world.get("sdkmessageprocessingsteps")["value"]:
        world.api("PATCH", f"sdkmessageprocessingsteps({row['sdkmessageprocessingstepid']})", {"statecode": 1})
    world.book()
    assert sent(world, receiver) == []


@pytest.mark.parametrize(
    ("changes", "header", "query"),
    [
        ({"authtype": 4, "authvalue": "k3y"}, None, "code=k3y"),
        ({"authtype": 6}, None, "x-secret=s3cret"),
        ({"authvalue": "x-secret:s3cret"}, None, ""),
        ({"authvalue": '<settings><setting name="X-Other" value="1" /></settings>'}, None, ""),
    ],
    ids=["key", "query", "no-xml", "another-header"],
)
def test_what_authenticates_stands_in_the_row(
    world: DataverseWorld, receiver: Receiver, registered: str, changes: dict[str, Any], header: str | None, query: str
) -> None:
    """And nothing that a wrong row does not say; the value cannot be read."""
    world.api("PATCH", f"serviceendpoints({registered})", changes)
    assert "authvalue" not in world.get(f"serviceendpoints({registered})")
    assert refusal(world.api("GET", "serviceendpoints?$select=authvalue"))[0] == 400
    world.book()
    ((post, _),) = sent(world, receiver)
    assert ({name.lower(): value for name, value in post.headers.items()}.get("x-secret"), post.query) == (
        header,
        query,
    )


@pytest.mark.parametrize(
    ("status", "posts"), [(200, 1), (202, 1), (400, 1), (401, 1), (500, 1), (502, 2), (503, 2), (504, 2)]
)
def test_a_second_attempt_follows_502_to_504_alone(
    world: DataverseWorld, receiver: Receiver, registered: str, status: int, posts: int
) -> None:
    """Everything but a 2xx ends as a failed system job, which names its step."""
    receiver.notification = lambda _post: Reply(status)
    world.book()
    assert len(sent(world, receiver)) == posts
    failed = world.get("asyncoperations?$filter=statuscode eq 31")["value"]
    steps = {row["sdkmessageprocessingstepid"] for row in world.get("sdkmessageprocessingsteps")["value"]}
    assert [each["_owningextensionid_value"] in steps for each in failed] == ([] if status < 300 else [True])


def test_an_endpoint_that_does_not_answer_in_time_has_failed(
    world: DataverseWorld, receiver: Receiver, registered: str
) -> None:
    """After 60 seconds, or the setting; there is no second attempt."""
    world.control("POST", "/settings", {"hookSeconds": 0.2})
    released = threading.Event()
    receiver.notification = lambda _post: Reply(200, before=lambda: released.wait(30))
    world.book()
    try:
        assert len(sent(world, receiver)) == 1
        assert len(world.get("asyncoperations?$filter=statuscode eq 31")["value"]) == 1
    finally:
        released.set()


def test_webhooks_come_in_any_order_and_twice(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """By the seed: the same body comes again, and some that were written later come earlier."""
    world.control("POST", "/settings", {"hookTwice": 0.5, "hookSpreadSeconds": 0.3})
    booked = [world.book() for _ in range(20)]
    world.organization.settings.hook_spread_seconds = 0
    receiver.wait(lambda: len({json.loads(post.body)["PrimaryEntityId"] for post in receiver.posts}) == 20, 30)
    arrived = [body["PrimaryEntityId"] for _, body in sent(world, receiver)]
    assert len(arrived) > 20
    assert set(arrived) == set(booked)
    assert list(dict.fromkeys(arrived)) != booked


def test_a_large_context_is_cut(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """Above 256 KB: the parameters are left out, the id stays, and a header says so."""
    world.organization.tables["bookableresourcebooking"].columns["name"].__dict__["longest"] = 300_000
    booking = world.book(name="x" * 270_000)
    ((post, body),) = sent(world, receiver)
    assert "InputParameters" not in body
    assert body["PrimaryEntityId"] == booking
    assert "x-ms-dynamics-msg-size-exceeded" in {name.lower() for name in post.headers}


def test_a_lost_webhook_is_never_sent(world: DataverseWorld, receiver: Receiver, registered: str) -> None:
    """While control has switched them off."""
    world.control("POST", "/hooks", {"off": True})
    world.book()
    world.control("POST", "/hooks", {"off": False})
    booking = world.book()
    assert [body["PrimaryEntityId"] for _, body in sent(world, receiver)] == [booking]


@pytest.mark.parametrize("name", ["EventHandler_ServiceEndpoint", "eventhandler", "SdkMessageId"])
def test_binds_of_steps_are_case_sensitive(world: DataverseWorld, registered: str, name: str) -> None:
    """Another spelling gets 400."""
    body = step(world, registered, "Create")
    bind = next(key for key in body if key.lower().startswith(name.lower()[:10]))
    body[f"{name}@odata.bind"] = body.pop(bind)
    assert refusal(world.api("POST", "sdkmessageprocessingsteps", body)) == (400, "0x80048d19")
