"""The second part of the intake table: valid and invalid resources, change types and lifecycle items with a valid
clientState.
"""

from collections.abc import Callable

from tests.support.intake.case import LIFECYCLE, Case, Target, items

_RESOURCES = (
    "https://evil.example/v1.0/users/x/events/1", "//169.254.169.254/users/x/events/1", "../../me/messages",
    "users/x/messages/1", "users/x/events/..", "users/x/events/%2e%2e", "users/%2e%2e/events/1",
    "users/x/events/1/attachments/2",
    "users/x/events/1?$expand=x", "users/x/events/", "users//events/1", "me/events/1", "groups/x/events/1",
    "users('x')/events('1' or '1'='1')", "users/x/events/a b", "users/x/events/a\r\nb", "users/x/events/\u00e9",
    "users/x/events/\ud800", "users/x/events/\0", "x" * 5000,
)  # fmt: skip


def _body(target: Target, resource: object, event_id: str | None) -> dict[str, object]:
    data = None if event_id is None else {"id": event_id}
    return {"value": [target.item(resource=resource, resourceData=data)]}


def _without_id(resource: str) -> Callable[[Target], dict[str, object]]:
    return lambda target: _body(target, resource, None)


def _with_good_id(resource: str) -> Callable[[Target], dict[str, object]]:
    return lambda target: _body(target, resource, target.trap)


RESOURCES = {
    **{f"resource {r[:44]!r}": Case(_without_id(r)) for r in _RESOURCES},
    **{f"resource {r[:44]!r} with a good id": Case(_with_good_id(r)) for r in _RESOURCES},
    "no resource": Case(items(resource=None)),
    "resource is a list": Case(items(resource=[])),
    "resource and data name two events": Case(
        lambda t: {"value": [t.item(resourceData={"id": t.never})]}
    ),
    "an id that is a number": Case(items(resourceData={"id": 7})),
    "an id of 2 kB": Case(lambda t: _body(t, f"Users/{t.user}/Events/{'a' * 2048}", None)),
    "no resourceData": Case(items(resourceData=None), delivered=True),
    "resourceData is a list": Case(items(resourceData=[]), delivered=True),
    "lower case": Case(lambda t: _body(t, f"users/{t.user}/events/{t.trap}", t.trap), delivered=True),
    "capitals": Case(lambda t: _body(t, f"USERS/{t.user}/EVENTS/{t.trap}", t.trap), delivered=True),
    "OData's spelling": Case(lambda t: _body(t, t.quoted(), t.trap), delivered=True),
    "OData's spelling alone": Case(lambda t: _body(t, t.quoted(), None), delivered=True),
    "all events of a user, and an id": Case(lambda t: _body(t, f"Users/{t.user}/Events", t.trap)),
}  # fmt: skip

CHANGES = {
    "created": Case(items(changeType="created"), delivered=True),
    "Updated": Case(items(changeType="Updated"), delivered=True),
    "renamed": Case(items(changeType="renamed")),
    "no change type": Case(items(changeType=None)),
    "a change type that is a list": Case(items(changeType=["updated"])),
    "two change types": Case(items(changeType="created,updated")),
    "an end in the past": Case(items(subscriptionExpirationDateTime="1999-01-01T00:00:00Z"), delivered=True),
    "an end that is none": Case(items(subscriptionExpirationDateTime="soon"), delivered=True),
    "an end in the year 9999": Case(items(subscriptionExpirationDateTime="9999-12-31T23:59:59Z"), delivered=True),
    "subscriptionId is a list": Case(items(subscriptionId=[1]), delivered=True),
    "log injection everywhere": Case(
        items(subscriptionId="\r\n\x1b[31mERROR", subscriptionExpirationDateTime="${jndi:ldap://x}"), delivered=True
    ),
    "encryptedContent": Case(items(encryptedContent={"data": "x"}, validationTokens=["x"]), delivered=True),
    "the same hint fifty times": Case(lambda t: {"value": [t.item()] * 50}, delivered=True),
    "a notification at the lifecycle address": Case(items(), delivered=True, path=LIFECYCLE),
    "with a query": Case(items(), delivered=True, path="/notifications?x=1"),
    "with a slash at the end": Case(items(), delivered=True, path="/notifications/"),
}  # fmt: skip

LIFECYCLES = {
    "an unknown lifecycle event": Case(items(lifecycleEvent="exploded", changeType=None)),
    "a lifecycle event that is a number": Case(items(lifecycleEvent=1, changeType=None)),
    "an unknown lifecycle event at its address": Case(items(lifecycleEvent="x", changeType=None), path=LIFECYCLE),
    "missed, and a change type": Case(items(lifecycleEvent="missed")),
    "missed at the wrong address": Case(items(lifecycleEvent="missed", changeType=None)),
    "missed": Case(items(lifecycleEvent="missed", changeType=None), path=LIFECYCLE),
    "missed, forged": Case(items(lifecycleEvent="missed", clientState="x"), path=LIFECYCLE),
    "missed of another tenant": Case(items(lifecycleEvent="missed", tenantId="x"), path=LIFECYCLE),
    "missed with an odd subscription": Case(items(lifecycleEvent="missed", subscriptionId="../x"), path=LIFECYCLE),
}
