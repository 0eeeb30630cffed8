"""Strictly parse what Graph posts to the notification URLs. Pure.

References: "changeNotification resource type" and "Microsoft Graph: Reduce missing subscriptions and change
notifications" (lifecycle events). Nothing received is ever used as a URL: only the two ids in the resource are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from shared import bodies

LARGEST_BODY = 4 * 1024 * 1024  # bytes; a thousand notifications are about 0.7 MB
CHANGE_TYPES = frozenset({"created", "updated", "deleted"})
LIFECYCLE_EVENTS = frozenset({"reauthorizationRequired", "subscriptionRemoved", "missed"})
# Both spellings occur: Users/{id}/Events/{id} in messages, Users('id')/Events('id') in @odata.id. Subscriptions name
# their resource with or without a slash at the start, so a notification may, too.
_RESOURCE = re.compile(
    r"/?users(?:/(?P<user>[^/()']+)|\('(?P<quoted_user>[^/()']+)'\))"
    r"/events(?:/(?P<event>[^/()']+)|\('(?P<quoted_event>[^/()']+)'\))",
    re.IGNORECASE,
)
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9@.+/=_%-]{1,1024}")  # dots alone would be a dot segment of a path


class BadBody(ValueError):
    """The body is not a notification collection: nothing in it can be used."""


@dataclass(frozen=True, slots=True)
class ChangeNotification:
    """An event changed: the user's object id, the event's id, and whether Graph reports it as deleted."""

    user_id: str
    event_id: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """Something happened to a subscription: `kind` is Graph's lifecycleEvent."""

    kind: str
    subscription_id: str


def items_of(body: bytes) -> list[Any]:
    """Return the items of a notification collection. Raises bodies.TooManyItems before parsing, or BadBody."""
    try:
        parsed = bodies.parsed(body)
    except bodies.NotJson as error:
        raise BadBody(str(error)) from None
    items = parsed.get("value") if isinstance(parsed, dict) else None
    if not isinstance(items, list):
        raise BadBody("the body has no list named value")
    return items


def tenants_of(item: dict[str, Any]) -> list[object]:
    """Return the tenant ids in an item, usually one. Real lifecycle items may use organizationId."""
    return [item[name] for name in ("tenantId", "organizationId") if item.get(name) is not None]


def read(item: dict[str, Any]) -> ChangeNotification | LifecycleEvent | None:
    """Return the content of an item, or None if the relay does not use it. An item of both kinds is a lifecycle one."""
    lifecycle = item.get("lifecycleEvent")
    if lifecycle is not None:
        is_known = isinstance(lifecycle, str) and lifecycle in LIFECYCLE_EVENTS
        subscription = item.get("subscriptionId")
        return LifecycleEvent(lifecycle, _plain_id(subscription) or "") if is_known else None
    change = item.get("changeType")
    if not isinstance(change, str) or change.lower() not in CHANGE_TYPES:
        return None
    return _hint(item, deleted=change.lower() == "deleted")


def _hint(item: dict[str, Any], *, deleted: bool) -> ChangeNotification | None:
    resource = item.get("resource")
    match = _RESOURCE.fullmatch(resource) if isinstance(resource, str) and len(resource) <= 4096 else None
    if match is None:
        return None
    plain_user, plain_event, quoted_user, quoted_event = match.group("user", "event", "quoted_user", "quoted_event")
    user, named = _plain_id(unquote(plain_user or quoted_user)), plain_event or quoted_event
    data = item.get("resourceData")
    resource_id = data.get("id") if isinstance(data, dict) else None
    event = _plain_id(resource_id if resource_id is not None else unquote(named))
    agree = named == event or unquote(named) == event
    return ChangeNotification(user, event, deleted) if user and event and agree else None


def _plain_id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None
