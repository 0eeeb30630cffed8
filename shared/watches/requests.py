"""Parse and validate the bodies of the calls that set up watches, or look them up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from shared.api.fields import checked_address, invalid, read_body
from shared.http.addresses import is_private, is_web_port
from shared.policy.permission import allows_host

if TYPE_CHECKING:
    from shared.config import Settings

MOST_MAILBOXES = 100  # per call
_URL_RULE: dict[str, Any] = {  # which delivery has a notificationUrl: pydantic's schema cannot express it
    "if": {"required": ["delivery"], "properties": {"delivery": {"const": "direct"}}},
    "then": {"required": ["notificationUrl"], "properties": {"notificationUrl": {"type": "string"}}},
    "else": {"properties": {"notificationUrl": {"type": "null"}}},
}


class Delivery(Protocol):
    """The fields of a body that say where the changes of its mailboxes go."""

    @property
    def delivery(self) -> Literal["relay", "direct"]:
        """Who receives Graph's notifications: the relay, or the partner itself."""

    @property
    def notification_url(self) -> str | None:
        """Where Graph posts them, for direct delivery."""


class SubscriptionRequest(BaseModel):
    """The mailbox to watch."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_URL_RULE)

    mailbox: str = Field(description="Its address.")
    delivery: Literal["relay", "direct"] = "relay"
    notification_url: str | None = Field(default=None, alias="notificationUrl", max_length=2048)


class SubscriptionsRequest(BaseModel):
    """The mailboxes to watch, each independently of the others."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_URL_RULE)

    mailboxes: list[str] = Field(min_length=1, max_length=MOST_MAILBOXES, description="Their addresses.")
    delivery: Literal["relay", "direct"] = "relay"
    notification_url: str | None = Field(default=None, alias="notificationUrl", max_length=2048)


class RoomListRequest(BaseModel):
    """The room list whose rooms to watch."""

    model_config = ConfigDict(extra="forbid", strict=True)

    room_list: str = Field(alias="roomList", description="Its address.")


class SubscriptionQuery(BaseModel):
    """The mailboxes whose watches to return."""

    model_config = ConfigDict(extra="forbid", strict=True)

    mailboxes: list[str] = Field(min_length=1, max_length=MOST_MAILBOXES, description="Their addresses.")


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """A validated request to watch one mailbox; `notification_url` is set for direct delivery only."""

    mailbox: str
    delivery: Literal["relay", "direct"] = "relay"
    notification_url: str = ""


def read_watch(content: dict[str, Any], settings: Settings) -> WatchRequest:
    """Return the request of a call for one mailbox. Raises RequestRejected 422, which never quotes a value."""
    body = read_body(SubscriptionRequest, content)
    return parse_watch_request(body, body.mailbox, settings)


def read_room_list(content: dict[str, Any]) -> str:
    """Return the address of the room list of a call. Raises RequestRejected 422."""
    return checked_address("roomList", read_body(RoomListRequest, content).room_list)


def read_query(content: dict[str, Any]) -> list[str]:
    """Return the addresses of a look-up, each once. Raises RequestRejected 422, which never quotes a value."""
    mailboxes = read_body(SubscriptionQuery, content).mailboxes
    return list(dict.fromkeys(checked_address("mailboxes", mailbox) for mailbox in mailboxes))


def parse_watch_request(request: Delivery, mailbox: str, settings: Settings) -> WatchRequest:
    """Return the request for one mailbox of a call. Raises RequestRejected 422, which never quotes a value."""
    mailbox = checked_address("mailbox", mailbox)
    if request.delivery == "relay":
        if request.notification_url is not None:
            raise invalid('notificationUrl: allowed with "delivery": "direct" only')
        return WatchRequest(mailbox)
    return WatchRequest(mailbox, "direct", checked_notification_url(request.notification_url, settings))


def checked_notification_url(url: str | None, settings: Settings) -> str:
    """Return the partner's URL for direct delivery. Raises RequestRejected 422. Does no DNS lookup.

    Whether its host is allowed to a new watch is not judged here: see shared/subscriptions/admission.py.
    """
    if url is None or not url.isascii() or not url.isprintable() or " " in url:
        raise invalid("notificationUrl: direct delivery requires an https URL for Graph to call, in printable ASCII")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise invalid("notificationUrl: is not a valid URL") from None
    if parts.scheme != "https" or not host or parts.username or parts.password or parts.fragment:
        raise invalid("notificationUrl: must begin with https:// and contain neither credentials nor a fragment")
    if not is_web_port(port):
        raise invalid("notificationUrl: must use port 443, 80, or 1024 and above")
    is_named = allows_host(settings, url)  # not only the host of the webhook
    if is_private(host) and not (settings.address_rule.allows_host(host) and is_named):
        raise invalid("notificationUrl: its host is in a private network, which Graph cannot reach")
    if not allows_host(settings, url, exists=True):
        raise invalid("notificationUrl: its host is not in the customer's ALLOWED_NOTIFICATION_HOSTS")
    return url
