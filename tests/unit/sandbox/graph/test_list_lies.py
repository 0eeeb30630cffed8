"""List subscriptions and List places when they do not return what there is, and limits that change during a run."""

import pytest

from sandbox.tenant.state import Mailbox
from tests.support.graph_world import APP, OTHER_ROOM, World, refusal

pytestmark = pytest.mark.server


@pytest.fixture
def created(world: World) -> list[str]:
    """Subscribe to five combinations, two in a page, and return their ids in order."""
    world.tenant.settings["subscriptionPage"] = 2
    changes = ("created", "updated", "deleted", "created,updated", "updated,deleted")
    return [world.subscribe(changeType=change)["id"] for change in changes]


def walk(world: World, most: int = 10) -> list[str]:
    """Return the ids of the list, page by page, until a page has no nextLink."""
    seen, link = [], "/subscriptions"
    for _ in range(most):
        page = world.get(link)
        seen += [each["id"] for each in page["value"]]
        if (link := page.get("@odata.nextLink", "")) == "":
            break
    return seen


def test_a_list_is_empty_or_has_holes(world: World, created: list[str]) -> None:
    """Each that is missing answers GET by id."""
    world.control("POST", "/lies", {"notListed": True})
    assert walk(world) == []
    world.control("POST", "/lies", {"notListed": created[1:3]})
    assert walk(world) == [created[0], *created[3:]]
    assert [world.get(f"/subscriptions/{each}")["id"] for each in created] == created


def test_a_list_has_expired_entries(world: World) -> None:
    """Those whose end has passed do not answer GET by id."""
    over = world.subscribe(expirationDateTime=world.after(hours=1))["id"]
    lives = world.subscribe(resource=f"users/{OTHER_ROOM}/events")["id"]
    world.control("POST", "/clock", {"advanceSeconds": 3601})
    world.control("POST", "/lies", {"expiredListed": True})
    assert walk(world) == [over, lives]
    assert refusal(world.graph("GET", f"/subscriptions/{over}"))[0] == 404


@pytest.mark.parametrize(("status", "wait"), [(429, "5"), (500, None)])
def test_a_later_page_fails(world: World, created: list[str], status: int, wait: str | None) -> None:
    """As often as wanted, with Retry-After if wanted; the pages before it are returned."""
    fault = {"page": 2, "status": status, "retryAfter": int(wait) if wait else None, "times": 2}
    world.control("POST", "/lies", {"listFault": fault})
    first = world.get("/subscriptions")
    assert [each["id"] for each in first["value"]] == created[:2]
    for _ in range(2):
        answer = world.graph("GET", first["@odata.nextLink"])
        assert refusal(answer)[0] == status
        assert answer.headers.get("Retry-After") == wait
    assert walk(world) == created


def test_a_page_fails_until_the_fault_is_taken_back(world: World, created: list[str]) -> None:
    """Without `times`."""
    world.control("POST", "/lies", {"listFault": {"page": 1, "status": 503}})
    assert [world.graph("GET", "/subscriptions").status_code for _ in range(5)] == [503] * 5
    world.control("POST", "/lies", {"listFault": None})
    assert walk(world) == created


def test_a_link_leads_back_to_its_own_page(world: World, created: list[str]) -> None:
    """Who follows it never ends."""
    world.control("POST", "/lies", {"listRepeats": True})
    assert walk(world, most=4) == created[:2] * 4


def test_a_link_has_expired(world: World, created: list[str]) -> None:
    """Each page but the first, with the code of public reports."""
    world.control("POST", "/lies", {"linksExpired": True})
    first = world.get("/subscriptions")
    assert [each["id"] for each in first["value"]] == created[:2]
    answer = world.graph("GET", first["@odata.nextLink"])
    assert refusal(answer) == (400, "Directory_ExpiredPageToken")
    world.control("DELETE", "/lies")
    assert walk(world) == created


@pytest.mark.parametrize("minutes", [4_230, 1_440, 60])
@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("minutes", "ExtensionError", "Subscription expiration can only be {minutes} minutes in the future."),
        ("span", "ExtensionError", "is beyond allowed max '{days}.{hours:02}:{rest:02}:00'."),
        ("none", "ErrorInvalidParameter", "expirationDateTime is invalid"),
    ],
)
def test_the_maximum_lifetime_falls(world: World, minutes: int, text: str, code: str, named: str) -> None:
    """POST and PATCH are refused above it, with the texts of public reports; what lives keeps its end."""
    created = world.subscribe()
    world.control("POST", "/settings", {"longestMinutes": minutes, "longestText": text})
    late = {"expirationDateTime": world.after(minutes=minutes + 1)}
    path = f"/subscriptions/{created['id']}"
    words = named.format(minutes=minutes, days=minutes // 1440, hours=minutes % 1440 // 60, rest=minutes % 60)
    for answer in (
        world.graph("PATCH", path, late),
        world.graph("POST", "/subscriptions", world.subscription(resource=f"users/{OTHER_ROOM}/events", **late)),
    ):
        assert refusal(answer) == (400, code)
        assert words in answer.json()["error"]["message"]
    assert world.get(path)["expirationDateTime"] == created["expirationDateTime"]
    earlier = {"expirationDateTime": world.after(minutes=minutes - 1)}
    assert world.graph("PATCH", path, earlier).status_code == 200


def test_a_patched_url_is_not_validated(world: World) -> None:
    """No page says whether Graph validates it; the setting plays both. Notifications go to the new URL at once."""
    created, url = world.subscribe(), f"{world.receiver.url}/new"
    before = len(world.receiver.handshakes)
    world.control("POST", "/settings", {"validatesPatchedUrl": False})
    assert world.graph("PATCH", f"/subscriptions/{created['id']}", {"notificationUrl": url}).status_code == 200
    assert len(world.receiver.handshakes) == before
    world.book()
    world.flush()
    assert {post.path for post in world.receiver.notifications} == {"/notify/new"}


def test_a_room_list_without_next_links(world: World) -> None:
    """Only $skip leads on, as apps report of List places; a page has a hundred rooms."""
    world.control("POST", f"/clients/{APP}", {"roles": ["Place.Read.All"]})
    rooms = [f"hall{number}@contoso.com" for number in range(205)]
    for number, address in enumerate(rooms):
        world.tenant.add_mailbox(Mailbox(address, address, "room", f"hall-{number}"))
    world.control("POST", "/settings", {"roomLists": {"campus@contoso.com": rooms}})
    world.control("POST", "/behaviours", {"on": {"placesWithoutLinks": True}})
    seen = []
    for skip in (0, 100, 200, 300):
        page = world.get(f"/places/campus@contoso.com/microsoft.graph.roomList/rooms?$skip={skip}")
        assert "@odata.nextLink" not in page
        seen.append([room["emailAddress"] for room in page["value"]])
    assert [len(page) for page in seen] == [100, 100, 5, 0]
    assert [room for page in seen for room in page] == rooms


def test_another_text_of_the_maximum_is_rejected(world: World) -> None:
    """Control rejects another."""
    assert "longestText" in world.control("POST", "/settings", {"longestText": "days"}, status=400)["error"]
