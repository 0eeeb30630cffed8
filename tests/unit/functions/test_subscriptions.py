"""The partner's calls: statuses, fields, pages, and a problem for every error."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.subscriptions import create_subscription, delete_subscription, get_subscription, list_subscriptions
from shared.errors import GraphForbidden, GraphUnavailable, ServiceUnavailable
from shared.graph.client_state import Key
from tests.support.world import MAILBOX, START, WATCH_ID
from tests.unit.functions.conftest import HostWorld, call, content_of

NEWER = Key("v2", b"a new secret of the relay, which nobody knows", START - timedelta(days=1))


def test_a_watch_is_201_and_then_200(world: HostWorld) -> None:
    """Both responses have the same body and Location."""
    first, second = (call(create_subscription, body={"mailbox": MAILBOX}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert content_of(first) == content_of(second) == {
        "id": WATCH_ID, "mailbox": MAILBOX, "delivery": "relay", "state": "live", "graphSubscriptionId": "s-1",
        "expirationDateTime": "2026-11-27T08:40:00Z", "lastChangeSeen": None, "created": "2026-11-20T10:00:00Z",
        "since": "2026-11-20T10:00:00Z", "lastError": None, "roomLists": [],
    }  # fmt: skip
    assert first.headers["Location"] == f"https://relay.example/api/subscriptions/{WATCH_ID}"


def test_each_view_of_a_direct_watch_has_its_client_state(world: HostWorld) -> None:
    """The partner needs it to check notifications, also after it has changed. Relay.Read does not see it."""
    world.settings = world.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    body = {"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    created = content_of(call(create_subscription, body=body))
    assert created["clientState"] == world.subscriptions.states["s-1"]
    assert created["notificationUrl"] == "https://partner.example/graph"
    again = content_of(call(create_subscription, body=body))
    read = content_of(call(get_subscription, "GET", route_params={"id": created["id"]}))
    [listed] = content_of(call(list_subscriptions, "GET"))["value"]
    assert again["clientState"] == read["clientState"] == listed["clientState"] == created["clientState"]


def test_a_client_state_whose_key_leaked_is_replaced_and_can_be_read(world: HostWorld) -> None:
    """The key is disabled in the vault: at the next run the partner's subscription has a new clientState."""
    world.settings = world.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    body = {"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    created = content_of(call(create_subscription, body=body))
    world.keys = [Key("v2", b"a new secret of the relay, which nobody knows", world.time - timedelta(days=1))]
    route = {"id": created["id"]}
    assert "clientState" not in content_of(call(get_subscription, "GET", route_params=route))
    world.reconciler.reconcile()
    read = content_of(call(get_subscription, "GET", route_params=route))
    [(subscription_id, state)] = [each for each in world.subscriptions.states.items() if each[1] == read["clientState"]]
    assert (state.startswith("v2."), list(world.subscriptions.existing)) == (True, [subscription_id])
    assert state != created["clientState"]


def test_a_watch_can_be_read_while_the_vault_does_not_answer(world: HostWorld) -> None:
    """Without its clientState."""
    world.settings = world.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    body = {"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    created = content_of(call(create_subscription, body=body))
    world.unreadable = ServiceUnavailable("Key Vault")
    answer = call(get_subscription, "GET", route_params={"id": created["id"]})
    assert (answer.status_code, "clientState" in content_of(answer)) == (200, False)


@pytest.mark.parametrize("many", [False, True])
def test_a_set_up_call_without_a_client_state_is_repeated(world: HostWorld, *, many: bool) -> None:
    """The vault does not answer, or its key was retired: 503 with what to do, and nothing changes."""
    world.settings = world.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    names = {"mailboxes": [MAILBOX]} if many else {"mailbox": MAILBOX}
    body = {**names, "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    created = call(create_subscription, body=body)
    assert created.status_code == (207 if many else 201)
    rows, existing = world.rows.rows[("watch", WATCH_ID)].copy(), dict(world.subscriptions.existing)
    answers: list[object] = []
    keys = world.keys
    for world.unreadable, world.keys in ((ServiceUnavailable("Key Vault"), keys), (None, [NEWER])):
        answer = call(create_subscription, body=body)
        content = content_of(answer)["value"][0] if many else content_of(answer)
        assert (content["status"], "Retry-After" in answer.headers) == (503, not many)
        assert "clientState" not in str(content.keys())
        answers.append(content["code"])
    assert answers == ["relay_unavailable", "setup_in_progress"]
    assert (world.rows.rows[("watch", WATCH_ID)], world.subscriptions.existing) == (rows, existing)
    world.unreadable, world.keys = None, keys
    again = content_of(call(create_subscription, body=body))
    again, first = (each["value"][0]["subscription"] if many else each for each in (again, content_of(created)))
    assert again["clientState"] == first["clientState"]


def test_a_client_state_outlives_further_rotations(world: HostWorld) -> None:
    """Its version is older than the two newest, and enabled: the partner's checks go on, and it can be read."""
    world.settings = world.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    body = {"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    created = content_of(call(create_subscription, body=body))
    [first] = world.keys
    world.keys, world.client_state_keys.enabled = [NEWER], {first.version: first}
    before = dict(world.subscriptions.existing)
    world.reconciler.reconcile()
    read = content_of(call(get_subscription, "GET", route_params={"id": created["id"]}))
    assert (read["clientState"], world.subscriptions.existing) == (created["clientState"], before)
    assert content_of(call(create_subscription, body=body))["clientState"] == created["clientState"]

    world.client_state_keys.enabled = {first.version: ServiceUnavailable("Key Vault")}
    world.pass_by(timedelta(days=5).total_seconds())
    world.reconciler.reconcile()
    [(kept, first_end), (again, end)] = [
        (each.id, each.expires) for each in (*before.values(), *world.subscriptions.existing.values())
    ]
    assert (kept, end > first_end) == (again, True), "what is unknown is kept, and renewed"

    world.client_state_keys.enabled = {first.version: first}
    world.subscriptions.existing.clear()
    for _ in range(3):
        world.pass_by(timedelta(days=1).total_seconds())
        world.reconciler.reconcile()
    [subscription_id] = world.subscriptions.existing
    assert world.subscriptions.states[subscription_id] == created["clientState"], "also of a new subscription"

    world.client_state_keys.enabled = {}
    world.reconciler.reconcile()
    [subscription_id] = world.subscriptions.existing
    assert world.subscriptions.states[subscription_id].startswith("v2.")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"x", 400), (b"[]", 400), (b"null", 400), (b"\xff", 400), (b"[" * 60_000, 400),
     (b'{"mailbox":' + b"1" * 5000 + b"}", 400),
     ({}, 422), ({"mailbox": "no address"}, 422), ({"mailbox": MAILBOX, "more": 1}, 422),
     ({"mailbox": "x@elsewhere.example"}, 403),
     ({"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": "http://partner.example"}, 422),
     ({"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": "https://10.0.0.1/x"}, 422)],
)  # fmt: skip
def test_invalid_input_is_a_problem(world: HostWorld, body: object, status: int) -> None:
    """The format is RFC 9457, and nothing is created."""
    answer = call(create_subscription, body=body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert set(content_of(answer)) == {"type", "title", "status", "code", "detail"}
    assert (world.rows.rows, world.subscriptions.calls) == ({}, [])


def test_a_field_name_with_a_lone_surrogate_is_422(world: HostWorld) -> None:
    """The response can be encoded."""
    assert call(create_subscription, body=b'{"mailbox":"a@contoso.com","\\ud800":1}').status_code == 422


def test_errors_of_graph_are_translated(world: HostWorld) -> None:
    """A missing permission is 502; throttling is 503 with Retry-After in whole seconds."""
    world.subscriptions.failures = [GraphForbidden(403, "ErrorAccessDenied")]
    assert call(create_subscription, body={"mailbox": MAILBOX}).status_code == 502
    world.subscriptions.failures = [GraphUnavailable(429, "x", "", 7.2)]
    answer = call(create_subscription, body={"mailbox": MAILBOX})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "8")


def test_an_outage_of_storage_is_503(world: HostWorld) -> None:
    """The response has Retry-After and nothing of storage's error text."""
    world.rows.failing = 1
    answer = call(list_subscriptions, "GET")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert b"canary" not in answer.get_body()


def test_watches_are_listed_in_pages(world: HostWorld) -> None:
    """Each watch appears once, and the last page has no nextLink. A link has no key."""
    for number in range(5):
        world.watch(f"room{number}@contoso.com")
    mailboxes, after = [], ""
    while True:
        page = content_of(call(list_subscriptions, "GET", params={"pageSize": "2", "after": after, "code": "x"}))
        mailboxes += [watch["mailbox"] for watch in page["value"]]
        if page["nextLink"] is None:
            break
        assert page["nextLink"].startswith("https://relay.example/api/subscriptions?pageSize=2&after=")
        after = page["nextLink"].rpartition("=")[2]
        assert "code" not in page["nextLink"]
    assert sorted(mailboxes) == [f"room{number}@contoso.com" for number in range(5)]


@pytest.mark.parametrize("size", ["0", "-1", "1001", "x", "", "1.5", "1e2", "²"])
def test_an_invalid_page_size_is_422(world: HostWorld, size: str) -> None:
    """The detail says what is allowed."""
    assert call(list_subscriptions, "GET", params={"pageSize": size}).status_code == 422


def test_a_page_size_of_five_thousand_digits_is_422(world: HostWorld) -> None:
    """Python refuses to parse such a number, which must not become a 500."""
    assert call(list_subscriptions, "GET", params={"pageSize": "9" * 5_000}).status_code == 422


@pytest.mark.parametrize("watch_id", ["x", "", "f" * 32, "../watches", "F" * 32, "f" * 33, "%2e%2e"])
def test_an_unknown_watch_is_404_and_deleting_it_is_204(world: HostWorld, watch_id: str) -> None:
    """The format of the id does not matter."""
    assert call(get_subscription, "GET", route_params={"id": watch_id}).status_code == 404
    assert call(delete_subscription, "DELETE", route_params={"id": watch_id}).status_code == 204


def test_deleting_a_watch_again_is_204(world: HostWorld) -> None:
    """The watch and its subscription at Graph are deleted."""
    call(create_subscription, body={"mailbox": MAILBOX})
    assert [call(delete_subscription, "DELETE", route_params={"id": WATCH_ID}).status_code for _ in range(2)] == [
        204
    ] * 2
    assert call(get_subscription, "GET", route_params={"id": WATCH_ID}).status_code == 404
    assert world.subscriptions.existing == {}
