"""Parsing of Graph's notifications: strict about resources, in both spellings, and lenient about the rest."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from shared.graph.notification import BadBody, ChangeNotification, LifecycleEvent, items_of, read, tenants_of

USER, EVENT = "6b9b63d5-3c2b-4b0e-8a7b-000000000001", "AAMkAGI1AAAoZCfHAAA="


def item(**changes: Any) -> dict[str, Any]:
    """Return a basic notification as Graph sends it; a change to `...` removes a property."""
    path = f"Users/{USER}/Events/{EVENT}"
    data = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": path, "@odata.etag": 'W/"x"', "id": EVENT}
    basic = {"subscriptionId": "s-1", "changeType": "updated", "resource": path, "resourceData": data}
    return {name: value for name, value in (basic | changes).items() if value is not ...}


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"null", b"1", b"[]", b'"value"', b"{}", b'{"value":null}', b'{"value":{}}', b'{"value":""}',
     b'{"value":[]', b'{"value":[]} x', b'{"value":[NaN]}', b'{"value":[Infinity]}', b'{"value":[-Infinity]}',
     b'{"value":["\xff"]}', b"\xff\xfe{\x00", '{"value":[]}'.encode("utf-16"), b'{"value":[\x00]}', b"[" * 100_000,
     b'{"value":' + b"[" * 100_000, b'{"a":' * 100_000, b'{"value":[' + b"1" * 5_000 + b"]}", b"{'value': []}"],
)  # fmt: skip
def test_a_body_that_graph_never_sends_is_bad(body: bytes) -> None:
    """Not JSON, not UTF-8, without a list named value, or malicious: every such body raises BadBody."""
    with pytest.raises(BadBody):
        items_of(body)


@pytest.mark.parametrize(
    ("body", "items"),
    [(b'{"value":[]}', []), (b'\xef\xbb\xbf{"value":[1]}', [1]), (b'{"value":[{"a":1,"a":2}]}', [{"a": 2}]),
     (b' {"x":1,"value":[null,-0,1e999],"__proto__":{}}\n', [None, 0, float("inf")])],
)  # fmt: skip
def test_the_items_of_a_collection_are_returned(body: bytes, items: list[Any]) -> None:
    """A byte order mark, other properties and odd items are accepted; of a repeated key the last value counts."""
    assert items_of(body) == items


def test_the_error_for_a_bad_body_quotes_nothing() -> None:
    """The content of a request must not reach a response or a log."""
    with pytest.raises(BadBody) as caught:
        items_of(b"canary-in-the-body")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "resource",
    [f"Users/{USER}/Events/{EVENT}", f"users/{USER}/events/{EVENT}", f"Users('{USER}')/Events('{EVENT}')",
     f"USERS/{USER}/EVENTS/{EVENT}", f"users('{USER}')/events/{EVENT}", f"Users/{USER}/Events/{EVENT[:-1]}%3D",
     f"/users/{USER}/events/{EVENT}", f"/Users('{USER}')/Events('{EVENT}')"],
)  # fmt: skip
def test_every_spelling_of_a_resource_is_read(resource: str) -> None:
    """Slashes or parentheses, in any case, with or without a slash at the start, give the same two ids."""
    assert read(item(resource=resource)) == ChangeNotification(USER, EVENT, deleted=False)


@pytest.mark.parametrize("event", ["A+b/c=", "AAA-_bb.", "x" * 1024, "AQMkADAw==", "a@b", "A%2Bb"])
def test_an_unusual_event_id_is_kept_unchanged(event: str) -> None:
    """Ids are opaque and case-sensitive; the id in resourceData is used."""
    notification = read(item(resource=f"Users/{USER}/Events/{quote(event, safe='')}", resourceData={"id": event}))
    assert notification == ChangeNotification(USER, event, deleted=False)


def test_an_id_only_in_the_resource_is_decoded_once() -> None:
    """Without resourceData the id comes from the resource."""
    notification = read(item(resource=f"Users/{USER}/Events/A%2Bb%252F", resourceData=...))
    assert notification == ChangeNotification(USER, "A+b%2F", deleted=False)


@pytest.mark.parametrize(
    "resource",
    ["https://evil.example/v1.0/Users/u/Events/e", "//169.254.169.254/Users/u/Events/e", "../../me/messages",
     "me/events/e",
     f"users/{USER}/messages/{EVENT}", f"users/{USER}/events/{EVENT}/attachments", f"users/../events/{EVENT}",
     f"users/%2e%2e/events/{EVENT}", f"users/{USER}/events/..", f"users/{USER}/events/%2e", "Users()/Events()",
     f"Users('{USER}'/Events('{EVENT}')", f"Users('{USER}')/Events('{EVENT}') ", f"//users/{USER}/events/{EVENT}",
     f"users/{USER}/events/{EVENT}?$expand=attachments", f"users/{USER}#x/events/{EVENT}",
     f"users/{USER}\n/events/{EVENT}",
     f"users/ø/events/{EVENT}", "", None, 1, [], {}, "users/" + "u" * 5_000, f"users/{'u' * 1025}/events/{EVENT}",
     f"groups/{USER}/events/{EVENT}", f"users/{USER}/calendars/c/events/{EVENT}", f"users/{USER}%2Fx/events/{EVENT}?",
     f"users/{USER}/events/another-event"],
)  # fmt: skip
def test_a_resource_of_another_shape_is_not_understood(resource: object) -> None:
    """Only a user's event is accepted, and it has to agree with resourceData."""
    assert read(item(resource=resource)) is None


def test_a_resource_that_names_no_events_is_not_understood() -> None:
    """`Users/{id}` is a user and no event, whatever resourceData contains."""
    assert read(item(resource=f"Users/{USER}")) is None


@pytest.mark.parametrize("event", [1, True, "", ".", "..", "a b", "a\r\nb", "ø", "x" * 1025, ["a"], {"id": "a"}])
def test_an_invalid_id_is_not_understood(event: object) -> None:
    """Such an id is neither queued nor requested."""
    assert read(item(resource=f"Users/{USER}/Events/{event}", resourceData={"id": event})) is None


@pytest.mark.parametrize("data", [None, [], "x", 1, {}])
def test_an_item_without_an_event_id_is_not_understood(data: object) -> None:
    """Neither the resource nor resourceData has an id."""
    assert read(item(resource=f"Users/{USER}/Events", resourceData=data)) is None


@pytest.mark.parametrize(
    ("change_type", "deleted"),
    [("created", False), ("updated", False), ("deleted", True), ("Deleted", True), ("UPDATED", False)],
)
def test_change_types_are_read_in_any_case(change_type: str, deleted: bool) -> None:  # noqa: FBT001  (a table's cell)
    """Only `deleted` means a deletion."""
    assert read(item(changeType=change_type)) == ChangeNotification(USER, EVENT, deleted)


@pytest.mark.parametrize("change_type", [..., None, "", "unknownFutureValue", "created,updated", 1, [], {"a": 1}, True])
def test_an_unknown_change_type_is_not_understood(change_type: object) -> None:
    """A future change type is dropped and counted."""
    assert read(item(changeType=change_type)) is None


@pytest.mark.parametrize("kind", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_lifecycle_events_are_read(kind: str) -> None:
    """All three kinds for Outlook resources are read, with their subscription."""
    assert read(item(lifecycleEvent=kind, changeType=..., resource=...)) == LifecycleEvent(kind, "s-1")


@pytest.mark.parametrize("kind", ["", "Missed", "unknown", 1, [], {}, True])
def test_an_unknown_lifecycle_event_is_not_understood(kind: object) -> None:
    """It is not taken for a change either."""
    assert read(item(lifecycleEvent=kind)) is None


def test_an_item_with_both_kinds_is_a_lifecycle_event() -> None:
    """Graph never sends both, so the rule is fixed."""
    assert read(item(lifecycleEvent="missed")) == LifecycleEvent("missed", "s-1")


@pytest.mark.parametrize("subscription", [..., None, 1, "a b", "x" * 2_000, "\n"])
def test_a_lifecycle_event_needs_no_subscription_id(subscription: object) -> None:
    """The clientState names the watch; an invalid id is replaced by an empty one."""
    assert read(item(lifecycleEvent="missed", subscriptionId=subscription)) == LifecycleEvent("missed", "")


@pytest.mark.parametrize(
    ("given", "tenants"),
    [
        ({"tenantId": "t"}, ["t"]),
        ({"organizationId": "t"}, ["t"]),
        ({"tenantId": "t", "organizationId": "other"}, ["t", "other"]),
        ({"tenantId": None, "organizationId": "t"}, ["t"]),
        ({"tenantId": ""}, [""]),
        ({"tenantId": 0}, [0]),
        ({}, []),
    ],
)
def test_every_tenant_id_in_an_item_is_returned(given: dict[str, Any], tenants: list[object]) -> None:
    """Lifecycle notifications have been seen with organizationId; every id that is present has to be the relay's."""
    assert tenants_of(given) == tenants


def test_ten_thousand_unknown_properties_are_ignored() -> None:
    """Only known properties are read."""
    noise: dict[str, Any] = {f"p{number}": number for number in range(10_000)}
    noise |= {"__proto__": 1, "$AzureWebJobsParentId": "x"}
    assert read(json.loads(json.dumps(item(**noise)))) == ChangeNotification(USER, EVENT, deleted=False)
