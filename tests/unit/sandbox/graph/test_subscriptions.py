"""Subscriptions, by Graph's rules."""

from typing import Any

import pytest

from tests.support.graph_world import APP, IMMUTABLE, OTHER_APP, OTHER_ROOM, ROOM, World, fits, refusal

pytestmark = pytest.mark.server


def test_a_creation_returns_the_complete_subscription(world: World) -> None:
    """It has its id and clientState, and fits Graph's type."""
    made = world.subscribe(lifecycleNotificationUrl=world.receiver.url)
    assert fits("subscription", made)
    assert made["clientState"] == "state"
    assert made["applicationId"] == APP
    assert made["@odata.context"] == f"{world.url}/v1.0/$metadata#subscriptions/$entity"


@pytest.mark.parametrize(
    "changes",
    [
        {"changeType": None},
        {"notificationUrl": None},
        {"resource": None},
        {"expirationDateTime": None},
        {"changeType": "moved"},
        {"changeType": "created,"},
        {"changeType": 1},
        {"clientState": "x" * 129},
        {"expirationDateTime": "tomorrow"},
        {"expirationDateTime": "2026-11-30"},
        {"id": "mine"},
        {"applicationId": "me"},
        {"latestSupportedTlsVersion": "v9"},
        {"notificationContentType": "application/json"},
        {"vapidPublicKey": "x"},
        {"unknown": True},
        {"resource": f"users/{ROOM}/messages"},
        {"resource": f"users/{ROOM}/events/1"},
        {"resource": f"https://graph.microsoft.com/v1.0/users/{ROOM}/events"},
        {"resource": "me/events"},
        {"lifecycleNotificationUrl": "http://localhost/x"},
        {"notificationUrl": "http://localhost/x"},
        {"notificationUrl": "localhost"},
        {"notificationUrl": "https://"},
        {"notificationUrl": "https://a:b@localhost/"},
        {"notificationUrl": "https://localhost/#part"},
        {"notificationUrl": "https://[oops/"},
    ],
)
def test_a_wrong_property_gets_400_before_any_handshake(world: World, changes: dict[str, Any]) -> None:
    """Missing, unknown and wrong properties are rejected; no endpoint is called and nothing is created."""
    answer = world.graph("POST", "/subscriptions", world.subscription(**changes))
    assert refusal(answer)[0] == 400
    assert world.receiver.posts == []
    assert world.get("/subscriptions")["value"] == []


def test_128_characters_of_client_state_are_taken(world: World) -> None:
    """The longest clientState has 128 characters."""
    assert len(world.subscribe(clientState="x" * 128)["clientState"]) == 128


def test_a_lifetime_above_10080_minutes_gets_400(world: World) -> None:
    """A minute more is rejected, a minute less is not."""
    answer = world.graph("POST", "/subscriptions", world.subscription(expirationDateTime=world.after(minutes=10_081)))
    assert refusal(answer)[0] == 400
    world.subscribe(expirationDateTime=world.after(minutes=10_079))


def test_a_short_lifetime_is_raised_to_45_minutes(world: World) -> None:
    """Without an error, as Graph does."""
    made = world.subscribe(expirationDateTime=world.after(minutes=5))
    assert world.after(minutes=44) < made["expirationDateTime"] < world.after(minutes=46)


@pytest.mark.parametrize("resource", ["/users/{address}/events", "Users('{address}')/Events", "users/{id}/events"])
def test_a_mailbox_is_named_by_address_or_object_id(world: World, resource: str) -> None:
    """Both spellings of OData, a leading slash and the object id are accepted, and returned unchanged."""
    written = resource.format(address=ROOM, id=world.tenant.mailboxes[ROOM].id)
    assert world.subscribe(resource=written)["resource"] == written


def test_an_unknown_mailbox_gets_404(world: World) -> None:
    """The subscription service wraps Exchange's error."""
    answer = world.graph("POST", "/subscriptions", world.subscription(resource="users/nobody@contoso.com/events"))
    assert refusal(answer) == (404, "ExtensionError")
    assert "nobody@contoso.com" in answer.json()["error"]["message"]


def test_the_same_combination_gets_409(world: World) -> None:
    """The same changes of a mailbox conflict, however they are written; other changes and other apps do not."""
    standing = world.subscribe(changeType="created,updated")
    room_id = world.tenant.mailboxes[ROOM].id
    same = world.subscription(changeType="updated,created", resource=f"/Users('{room_id}')/events")
    answer = world.graph("POST", "/subscriptions", same)
    assert refusal(answer)[0] == 409
    assert standing["id"] in answer.json()["error"]["message"]
    world.subscribe(changeType="deleted")
    world.subscribe(changeType="created,updated", resource=f"users/{OTHER_ROOM}/events")
    assert world.graph("POST", "/subscriptions", same, app=OTHER_APP).status_code == 201


def test_get_does_not_return_the_client_state(world: World) -> None:
    """Neither for one subscription nor in the list."""
    made = world.subscribe()
    one = world.get(f"/subscriptions/{made['id']}")
    assert fits("subscription", one)
    assert (one["id"], one["clientState"]) == (made["id"], None)
    assert [each["clientState"] for each in world.get("/subscriptions")["value"]] == [None]


def test_an_app_sees_only_its_own_subscriptions(world: World) -> None:
    """Another app's subscription cannot be listed, read, changed or deleted."""
    made = world.subscribe()
    assert world.get("/subscriptions", app=OTHER_APP)["value"] == []
    path, body = f"/subscriptions/{made['id']}", {"expirationDateTime": world.after(days=1)}
    for method in ("GET", "PATCH", "DELETE"):
        assert refusal(world.graph(method, path, body if method == "PATCH" else None, app=OTHER_APP))[0] == 404
    assert world.get(path)["expirationDateTime"] == made["expirationDateTime"]


def test_the_list_is_paged(world: World) -> None:
    """The next links lead through all of it, each once."""
    world.tenant.settings["subscriptionPage"] = 2
    made = {world.subscribe(changeType=change)["id"] for change in ("created", "updated", "deleted", "created,updated")}
    made.add(world.subscribe()["id"])
    seen, page = [], world.get("/subscriptions")
    while True:
        seen += [one["id"] for one in page["value"]]
        if "@odata.nextLink" not in page:
            break
        page = world.get(page["@odata.nextLink"])
    assert len(seen) == 5
    assert set(seen) == made


def test_patch_moves_the_expiration(world: World) -> None:
    """PATCH answers 200 with the new expiration, within the same bounds as at creation."""
    path = f"/subscriptions/{world.subscribe()['id']}"
    answer = world.graph("PATCH", path, {"expirationDateTime": world.after(days=1)})
    assert answer.status_code == 200
    assert answer.json()["expirationDateTime"].startswith(world.after(days=1)[:16])
    too_late = world.graph("PATCH", path, {"expirationDateTime": world.after(minutes=10_081)})
    assert refusal(too_late)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lifecycleNotificationUrl": "https://localhost/x"},
        {"clientState": "new"},
        {"expirationDateTime": None},
        {"unknown": 1},
        {"notificationUrl": "http://localhost/x"},
        {"changeType": "created"},
    ],
)
def test_patch_takes_nothing_else(world: World, body: dict[str, Any]) -> None:
    """Only expirationDateTime and notificationUrl can be updated."""
    made = world.subscribe()
    answer = world.graph("PATCH", f"/subscriptions/{made['id']}", body)
    assert refusal(answer)[0] == 400


def test_patch_of_the_url_is_validated(world: World) -> None:
    """A new notificationUrl gets a handshake, and notifications once it has answered."""
    made, url = world.subscribe(), f"{world.receiver.url}/new"
    assert world.graph("PATCH", f"/subscriptions/{made['id']}", {"notificationUrl": url}).status_code == 200
    assert world.receiver.handshakes[-1].path == "/notify/new"
    world.book()
    world.flush()
    assert {post.path for post in world.receiver.notifications} == {"/notify/new"}


def test_patch_checks_exchange_again(world: World) -> None:
    """A renewal for a deleted mailbox gets 404, for one now out of the app's scope 403."""
    world.control("POST", f"/clients/{APP}", {"roles": [], "exchangeRoles": {"Application Calendars.Read": [ROOM]}})
    path, body = f"/subscriptions/{world.subscribe()['id']}", {"expirationDateTime": world.after(days=1)}
    world.control("POST", f"/clients/{APP}", {"exchangeRoles": {"Application Calendars.Read": []}})
    assert refusal(world.graph("PATCH", path, body)) == (403, "ExtensionError")
    world.control("POST", f"/clients/{APP}", {"exchangeRoles": {"Application Calendars.Read": None}})
    world.control("DELETE", f"/mailboxes/{ROOM}")
    assert refusal(world.graph("PATCH", path, body)) == (404, "ExtensionError")


def test_an_expired_subscription_is_deleted(world: World) -> None:
    """It is 404, and the mailbox can be subscribed again."""
    path = f"/subscriptions/{world.subscribe(expirationDateTime=world.after(hours=1))['id']}"
    world.control("POST", "/clock", {"advanceSeconds": 3000})
    world.get(path)
    world.control("POST", "/clock", {"advanceSeconds": 601})
    answer = world.graph("PATCH", path, {"expirationDateTime": world.after(days=1)})
    assert refusal(answer)[0] == 404
    assert world.get("/subscriptions")["value"] == []
    world.subscribe()


def test_delete_returns_204_once(world: World) -> None:
    """A second deletion is 404."""
    path = f"/subscriptions/{world.subscribe()['id']}"
    assert world.graph("DELETE", path).status_code == 204
    assert refusal(world.graph("DELETE", path))[0] == 404


def test_reauthorize_keeps_the_expiration(world: World) -> None:
    """Reauthorizing returns 204 and changes no expiration."""
    made = world.subscribe()
    assert world.graph("POST", f"/subscriptions/{made['id']}/reauthorize").status_code == 204
    assert world.get(f"/subscriptions/{made['id']}")["expirationDateTime"] == made["expirationDateTime"]
    assert refusal(world.graph("POST", "/subscriptions/none/reauthorize"))[0] == 404


def test_control_shows_and_removes_subscriptions(world: World) -> None:
    """Control shows what Graph hides, and removes a subscription without a lifecycle notification."""
    made = world.subscribe(headers=IMMUTABLE, lifecycleNotificationUrl=world.receiver.url)
    shown = world.control("GET", "/subscriptions")["value"]
    assert [(one["id"], one["clientState"], one["immutableIds"]) for one in shown] == [(made["id"], "state", True)]
    world.control("DELETE", f"/subscriptions/{made['id']}")
    assert refusal(world.graph("GET", f"/subscriptions/{made['id']}"))[0] == 404
    assert world.flush()["hints"] == 0
    world.control("DELETE", f"/subscriptions/{made['id']}", status=404)
