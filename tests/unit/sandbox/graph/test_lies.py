"""What control makes Graph answer against the truth about single subscriptions, and that it can be taken back."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from sandbox.tenant.graph.lies import concerns
from sandbox.tenant.state import Mailbox
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, World, fits, refusal

pytestmark = pytest.mark.server


def lie(world: World, **lies: Any) -> None:
    """Switch lies on."""
    world.control("POST", "/lies", lies)


@pytest.fixture
def created(world: World) -> list[dict[str, Any]]:
    """Subscribe to both rooms."""
    return [world.subscribe(resource=f"users/{room}/events") for room in (ROOM, OTHER_ROOM)]


@pytest.mark.parametrize("whom", ["id", "address", "all"])
def test_404_for_what_lives(world: World, created: list[dict[str, Any]], whom: str) -> None:
    """GET, PATCH and DELETE say so for one, or for all; it is in the list, and lives once the lie is taken back."""
    path, other = [f"/subscriptions/{each['id']}" for each in created]
    body = {"expirationDateTime": world.after(days=1)}
    lie(world, notFound={"id": [created[0]["id"]], "address": [ROOM.upper()], "all": True}[whom])
    for method in ("GET", "PATCH", "DELETE"):
        answer = world.graph(method, path, body if method == "PATCH" else None)
        assert refusal(answer) == (404, "ResourceNotFound")
    assert world.graph("GET", other).status_code == (404 if whom == "all" else 200)
    assert [each["id"] for each in world.get("/subscriptions")["value"]] == [each["id"] for each in created]
    world.control("DELETE", "/lies")
    assert world.get(path)["expirationDateTime"] == created[0]["expirationDateTime"]


def test_404_for_some_methods(world: World, created: list[dict[str, Any]]) -> None:
    """PATCH says that it is gone, GET answers."""
    lie(world, notFound=True, notFoundMethods=["PATCH"])
    path = f"/subscriptions/{created[0]['id']}"
    assert world.graph("PATCH", path, {"expirationDateTime": world.after(days=1)}).status_code == 404
    world.get(path)


@pytest.mark.parametrize(
    ("answer", "status", "named"), [("forbidden", 403, "has reached its limit"), ("conflict", 409, "id")]
)
def test_a_post_after_an_untrue_404(
    world: World, created: list[dict[str, Any]], answer: str, status: int, named: str
) -> None:
    """403 "has reached its limit", or 409 naming the one that GET denies."""
    lie(world, notFound=[created[0]["id"]], postAfterNotFound=answer)
    refused = world.graph("POST", "/subscriptions", world.subscription())
    assert refusal(refused)[0] == status
    assert (created[0]["id"] if named == "id" else named) in refused.json()["error"]["message"]


def test_twins(world: World, created: list[dict[str, Any]]) -> None:
    """A second one is accepted for a mailbox, or because the first is denied; both live and notify."""
    lie(world, twins=[ROOM])
    world.subscribe()
    assert refusal(world.graph("POST", "/subscriptions", world.subscription(resource=created[1]["resource"])))[0] == 409
    lie(world, twins=False, notFound=True, postAfterNotFound="twin")
    world.subscribe(resource=created[1]["resource"])
    assert len(world.get("/subscriptions")["value"]) == 4
    world.book()
    assert world.flush()["hints"] == 2


def test_the_quota_of_a_mailbox(world: World) -> None:
    """429 with a Retry-After that no one lives to see; another mailbox is not concerned."""
    lie(world, quotaReached=[ROOM])
    answer = world.graph("POST", "/subscriptions", world.subscription())
    assert refusal(answer) == (429, "ExtensionError")
    assert parsedate_to_datetime(answer.headers["Retry-After"]).year == 9999
    assert "'SubscriptionCountReached' has reached limit of '1000'" in answer.json()["error"]["message"]
    world.subscribe(resource=f"users/{OTHER_ROOM}/events")


@pytest.mark.parametrize(("status", "code"), [(401, "InvalidAuthenticationToken"), (403, "ErrorAccessDenied")])
def test_every_call_is_refused(world: World, created: list[dict[str, Any]], status: int, code: str) -> None:
    """Whatever its token; a 401 has its challenge."""
    lie(world, refused=status)
    for method, path in (("GET", f"/subscriptions/{created[0]['id']}"), ("GET", f"/users/{ROOM}/events")):
        answer = world.graph(method, path)
        assert refusal(answer) == (status, code)
        assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    lie(world, refused=None)
    world.get("/subscriptions")


@pytest.mark.parametrize(
    ("spelling", "written"),
    [
        ("object id", "users/{id}/events"),
        ("key", "Users('{address}')/Events"),
        ("case", "USERS/ROOM1@CONTOSO.COM/EVENTS"),
        ("slash", "/users/{address}/events"),
    ],
)
def test_a_resource_is_spelled_otherwise(
    world: World, created: list[dict[str, Any]], spelling: str, written: str
) -> None:
    """In each answer that has it; the subscription is the same one."""
    lie(world, resource=spelling)
    path, box = f"/subscriptions/{created[0]['id']}", world.tenant.mailboxes[ROOM]
    patched = world.graph("PATCH", path, {"expirationDateTime": world.after(days=1)}).json()
    answers = [world.get(path), patched, world.get("/subscriptions")["value"][0]]
    assert {each["resource"] for each in answers} == {written.format(id=box.id, address=box.address)}
    assert fits("subscription", answers[0])
    again = world.graph("POST", "/subscriptions", world.subscription(resource=answers[0]["resource"]))
    assert refusal(again)[0] == 409


@pytest.mark.parametrize("whom", ["one", "all"])
def test_notifications_are_swallowed(world: World, created: list[dict[str, Any]], whom: str) -> None:
    """The subscription answers 200, and nothing of it arrives, lifecycle notifications neither."""
    lie(world, silent=True if whom == "all" else [created[0]["id"]])
    world.book()
    world.book(OTHER_ROOM)
    sender = world.flush()
    assert (sender["hints"], sender["swallowed"]) == ((0, 2) if whom == "all" else (1, 1))
    world.get(f"/subscriptions/{created[0]['id']}")
    lie(world, silent=False)
    world.book()
    assert world.flush()["hints"] == sender["hints"] + 1


def test_the_date_is_skewed(world: World) -> None:
    """The header Date of each answer, errors as well."""
    lie(world, dateSkewSeconds=600, refused=401)
    for path in ("/subscriptions", "/nonsense"):
        date = parsedate_to_datetime(world.graph("GET", path).headers["Date"])
        assert timedelta(minutes=9) < date - datetime.now(UTC) < timedelta(minutes=11)
        lie(world, refused=None)


def test_a_new_event_cannot_be_read_for_a_while(world: World, created: list[dict[str, Any]]) -> None:
    """404 by either id, though its notification has arrived and the view has it; an older event is not concerned."""
    older = world.book()
    world.control("POST", "/clock", {"advanceSeconds": 60})
    lie(world, unreadableSeconds=30)
    booked = world.book()
    world.flush()
    assert [item["changeType"] for item in world.receiver.items] == ["created", "created"]
    window = f"startDateTime={world.after(days=-1)}&endDateTime={world.after(days=9)}"
    view = world.get(f"/users/{ROOM}/calendarView?{window}")["value"]
    assert {event["id"] for event in view} == {older["id"], booked["id"]}
    for event_id in (booked["id"], booked["immutableId"]):
        answer = world.graph("GET", f"/users/{ROOM}/events/{event_id}")
        assert refusal(answer) == (404, "ErrorItemNotFound")
    world.get(f"/users/{ROOM}/events/{older['id']}")
    world.control("POST", "/clock", {"advanceSeconds": 31})
    assert world.get(f"/users/{ROOM}/events/{booked['id']}")["@odata.etag"] == booked["@odata.etag"]


def test_a_patch_succeeds_and_its_answer_is_lost_or_not_readable(world: World, created: list[dict[str, Any]]) -> None:
    """Two faults after the work: no answer in time, and an answer that is no JSON."""
    path = f"/subscriptions/{created[0]['id']}"
    for fault in ({"cut": True}, {"status": 200, "body": "{"}):
        world.control("POST", "/faults", {"match": "^PATCH /v1.0/subscriptions/", "after": True, "times": 1, **fault})
        before = world.get(path)["expirationDateTime"]
        with pytest.raises(requests.RequestException):
            world.graph("PATCH", path, {"expirationDateTime": world.after(days=len(fault))}).json()
        assert world.get(path)["expirationDateTime"] != before


def test_a_share_is_the_same_each_time() -> None:
    """About a third of a thousand."""
    boxes = [Mailbox(f"room{number}@contoso.com", "", id=str(number)) for number in range(1_000)]
    chosen = [box.id for box in boxes if concerns(0.3, box)]
    assert 250 < len(chosen) < 350
    assert chosen == [box.id for box in boxes if concerns(0.3, box)]


@pytest.mark.parametrize(
    "body", [{"notfound": True}, {"notFound": 2.0}, {"refused": 500}, {"listFault": {"page": 0}}, {"resource": "other"}]
)
def test_a_wrong_lie_is_rejected(world: World, body: dict[str, Any]) -> None:
    """400 with the reason, and no lie changes."""
    before = world.control("GET", "/lies")
    assert world.control("POST", "/lies", body, status=400)["error"]
    assert world.control("GET", "/lies") == before
    assert APP in world.tenant.clients
