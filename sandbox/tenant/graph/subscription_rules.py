"""Graph's rules for the properties of a subscription.

Graph: subscription resource type; Create subscription; Update subscription; Supported resources.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.tenant.graph import types
from sandbox.tenant.graph.errors import ONLY_DELEGATED, GraphError, bad_request
from sandbox.tenant.graph.routing import segments
from sandbox.tenant.graph.zones import DATE_TIME, instant

REQUIRED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
SHORTEST_MINUTES = 45
LONGEST_CLIENT_STATE = 128
CHANGE_TYPES = frozenset({"created", "updated", "deleted"})
TLS_VERSIONS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})
READ_ONLY = ("id", "applicationId", "creatorId")
UPDATABLE = frozenset({"expirationDateTime", "notificationUrl"})


@dataclass(frozen=True)
class Longest:
    """The maximum lifetime, and how the 400 above it says it: in minutes, as a time span, or not at all ("none")."""

    minutes: float
    text: str = "minutes"

    def refusal(self, requested: datetime, now: datetime) -> GraphError:
        """Return the 400 for a later end. All three forms are known from public reports."""
        if self.text == "minutes":
            text = f"Subscription expiration can only be {self.minutes:.0f} minutes in the future."
            return bad_request(text, "ExtensionError")
        if self.text == "span":
            ahead, most = _span(requested - now), _span(timedelta(minutes=self.minutes))
            reason = f"Expiration time '{requested.isoformat()}' ('-{ahead}' from now) is beyond allowed max '{most}'."
            text = f"Operation: Create; Exception: [Status Code: BadRequest; Reason: {reason}]"
            return bad_request(text, "ExtensionError")
        return bad_request("The value of parameter expirationDateTime is invalid.", "ErrorInvalidParameter")


def _span(time: timedelta) -> str:
    """Return a time as .NET writes a TimeSpan: days.hours:minutes:seconds."""
    hours, seconds = divmod(time.seconds, 3600)
    return f"{time.days}.{hours:02}:{seconds // 60:02}:{seconds % 60:02}"


@dataclass(frozen=True)
class SubscriptionRequest:
    """A request for a new subscription, parsed from its body; `mailbox` is an address or object id."""

    mailbox: str
    change_types: frozenset[str]
    notification_url: str
    lifecycle_url: str | None
    expires: datetime


def parse_request(body: dict[str, Any], now: datetime, longest: Longest) -> SubscriptionRequest:
    """Parse a checked body. Raises GraphError (400) for invalid values."""
    lifecycle = body.get("lifecycleNotificationUrl")
    return SubscriptionRequest(
        mailbox_of(body["resource"]),
        change_types(body["changeType"]),
        https_url("notificationUrl", body["notificationUrl"]),
        https_url("lifecycleNotificationUrl", lifecycle) if lifecycle else None,
        expiration(body["expirationDateTime"], now, longest),
    )


def check_new(body: dict[str, Any]) -> None:
    """Raise GraphError (400) for a body that cannot become a subscription to any resource."""
    types.check("subscription", body)
    for name in READ_ONLY:
        if name in body:
            raise refused(f"Property '{name}' is read-only and cannot be set.")
    for name in REQUIRED:
        if not body.get(name):
            raise refused(f"Required property '{name}' is missing or empty.")
    if len(body.get("clientState") or "") > LONGEST_CLIENT_STATE:
        raise refused(f"The clientState property is longer than {LONGEST_CLIENT_STATE} characters.")
    if (body.get("latestSupportedTlsVersion") or "v1_2") not in TLS_VERSIONS:
        raise refused("The value of latestSupportedTlsVersion is not supported.")
    if body.get("includeResourceData") or body.get("notificationQueryOptions"):
        raise GraphError(501, "NotImplemented", "The sandbox has no notifications with resource data or query options.")


def change_types(text: str) -> frozenset[str]:
    """Return the change types of a comma-separated list. Raises GraphError (400) for an unknown one."""
    requested = [name.strip().lower() for name in text.split(",")]
    if not set(requested) <= CHANGE_TYPES:
        raise refused(f"Invalid 'changeType' attribute: '{text}'.")
    return frozenset(requested)


def https_url(name: str, value: Any) -> str:
    """Return a notification URL. Raises GraphError (400) unless it is https, absolute and without a fragment."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        absolute = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        absolute = False
    if not absolute or parts.fragment or parts.username:
        raise refused(f"{name} must be an absolute https URL.")
    return str(value)


def expiration(text: str, now: datetime, longest: Longest) -> datetime:
    """Return a subscription's end: less than 45 minutes is silently extended, more than the maximum is rejected."""
    # Without an offset the time is UTC, as documented; a bare date is invalid.
    match = DATE_TIME.match(text)
    try:
        requested = instant(text)
    except ValueError as error:
        raise refused(f"Cannot convert '{text}' of expirationDateTime to a date and time.") from error
    if match is not None and match[2] is None:
        raise refused(f"Cannot convert '{text}' of expirationDateTime to a date and time.")
    if requested > now + timedelta(minutes=longest.minutes):
        raise longest.refusal(requested, now)
    return max(requested, now + timedelta(minutes=SHORTEST_MINUTES))


def mailbox_of(resource: str) -> str:
    """Return the address or object id in a resource. Raises GraphError (400) unless it is users/{id}/events."""
    path, _, query = resource.removeprefix("/").partition("?")
    if query:
        raise GraphError(501, "NotImplemented", "The sandbox has no query options in a subscription's resource.")
    parts = [unquote(part) for part in segments(path)]
    if parts and parts[0].lower() == "me":
        raise bad_request(ONLY_DELEGATED)
    if len(parts) != 3 or [parts[0].lower(), parts[2].lower()] != ["users", "events"] or not parts[1]:
        raise refused(f"The resource '{resource}' is not supported for subscriptions.")
    return parts[1]


def refused(text: str) -> GraphError:
    """Return the subscription service's 400."""
    return bad_request(text, "InvalidRequest")
