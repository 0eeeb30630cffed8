"""Parse Graph's Bookings objects into the relay's models. Pure. Raises GraphUnavailable for unreadable objects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from shared.errors import GraphUnavailable
from shared.graph.bookings.durations import parse_duration
from shared.graph.bookings.models import Appointment, Business, Customer, Hours, Opening, Policy, Service, Span, Staff
from shared.graph.bookings.zones import zone_displayed, zone_of

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_STATUSES = {name.lower(): name for name in ("available", "busy", "slotsAvailable", "outOfOffice")}
_OPENINGS = {name.lower(): name for name in ("bookWhenStaffAreFree", "notBookable", "customWeeklyHours")}
UNKNOWN = "busy"  # of a status that this version does not know
_NONE = timedelta()
P = ParamSpec("P")
T = TypeVar("T")


def _readable(parse: Callable[P, T]) -> Callable[P, T]:
    """Return a parser whose errors about values of other types than Graph's are GraphUnavailable."""

    @wraps(parse)
    def parsed(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return parse(*args, **kwargs)
        except (AttributeError, TypeError):
            raise _unreadable("Object") from None

    return parsed


@_readable
def business_of(raw: dict[str, Any]) -> Business:
    """Return a business. In a list, it has only its id and name ("List bookingBusinesses")."""
    page = raw.get("bookingPageSettings") or {}
    zone = page.get("businessTimeZone")
    hours = raw.get("businessHours")
    return Business(
        _text(raw, "id"), _plain(raw, "displayName"), hours_of(hours) if isinstance(hours, list) else None,
        zone_of(zone), zone if isinstance(zone, str) else "", policy_of(raw.get("schedulingPolicy")),
    )  # fmt: skip


@_readable
def service_of(raw: dict[str, Any]) -> Service:
    """Return a service."""
    length = parse_duration(raw.get("defaultDuration"))
    if not length:
        raise _unreadable("Service")
    before, after = (parse_duration(raw.get(name)) or _NONE for name in ("preBuffer", "postBuffer"))
    return Service(
        _text(raw, "id"), _plain(raw, "displayName"), length, before, after, _texts(raw.get("staffMemberIds")),
        _capacity(raw), policy_of(raw.get("schedulingPolicy")), raw,
    )  # fmt: skip


@_readable
def staff_of(raw: dict[str, Any]) -> Staff:
    """Return a member of staff."""
    return Staff(_text(raw, "id"), _plain(raw, "displayName"), _plain(raw, "emailAddress"))


@_readable
def customer_of(raw: dict[str, Any]) -> Customer:
    """Return a customer."""
    return Customer(_text(raw, "id"), _plain(raw, "displayName"), _plain(raw, "emailAddress"))


@_readable
def appointment_of(raw: dict[str, Any]) -> Appointment:
    """Return an appointment. Older samples of Graph's use start and end for startDateTime and endDateTime."""
    customers = [customer for customer in raw.get("customers") or () if isinstance(customer, dict)]
    names = (_plain(customer, "emailAddress") or _plain(customer, "name") for customer in customers)
    filled, location = raw.get("filledAttendeesCount"), raw.get("serviceLocation") or {}
    before, after = (parse_duration(raw.get(name)) or _NONE for name in ("preBuffer", "postBuffer"))
    return Appointment(
        _text(raw, "id"), _plain(raw, "serviceId"), _plain(raw, "serviceName"),
        _moment(raw.get("startDateTime") or raw.get("start"), None),
        _moment(raw.get("endDateTime") or raw.get("end"), None), _texts(raw.get("staffMemberIds")),
        frozenset(name.strip().lower() for name in names if name),
        filled if isinstance(filled, int) and filled > 0 else len(customers), _plain(location, "displayName"),
        _plain(raw, "joinWebUrl"), _capacity(raw), before, after, raw.get("isLocationOnline") is True,
        raw.get("optOutOfCustomerEmail") is True, tuple(customers), created=_instant(raw.get("createdDateTime")),
        updated=_instant(raw.get("lastUpdatedDateTime")),
    )  # fmt: skip


@_readable
def spans_of(response: dict[str, Any], zone: tzinfo | None) -> dict[str, list[Span]]:
    """Return the spans of each member of staff, by id; `zone` is the business's.

    The schema names the collection `value`; the sample of "bookingBusiness: getStaffAvailability" uses its type's name.
    """
    by_staff: dict[str, list[Span]] = {}
    for member in response.get("value") or response.get("staffAvailabilityItem") or ():
        spans = by_staff.setdefault(_text(member, "staffId"), [])
        for item in member.get("availabilityItems") or ():
            status = _STATUSES.get(_plain(item, "status").lower(), UNKNOWN)
            start, end = (_moment(item.get(name), zone) for name in ("startDateTime", "endDateTime"))
            spans.append(Span(status, start, end, _plain(item, "serviceId")))
    return by_staff


def policy_of(raw: object) -> Policy:
    """Return a policy; missing parts are not set."""
    if not isinstance(raw, dict):
        return Policy()
    general, custom = raw.get("generalAvailability"), raw.get("customAvailabilities")
    selection = raw.get("allowStaffSelection")
    return Policy(
        parse_duration(raw.get("minimumLeadTime")), parse_duration(raw.get("maximumAdvance")),
        selection if isinstance(selection, bool) else None, _opening(general) if isinstance(general, dict) else None,
        tuple(_opening(window) for window in custom or () if isinstance(window, dict)),
    )  # fmt: skip


def hours_of(raw: object) -> Hours:
    """Return opening hours; an end at midnight is the end of the day ("bookingWorkHours resource type")."""
    hours = []
    for day in raw if isinstance(raw, list) else ():
        name = str(day.get("day")).lower()
        if name not in _DAYS:
            raise _unreadable("Hours")
        for slot in day.get("timeSlots") or ():
            start, end = _time(slot.get("startTime")), _time(slot.get("endTime"))
            hours.append((_DAYS.index(name), start, end or timedelta(days=1)))
    return tuple(sorted(hours))


def _opening(raw: dict[str, Any]) -> Opening:
    first, last = (_date(raw.get(name)) for name in ("startDate", "endDate"))
    kind = _plain(raw, "availabilityType")
    return Opening(_OPENINGS.get(kind.lower(), kind), hours_of(raw.get("businessHours")), first, last)


def _time(text: object) -> timedelta:
    """Return the time of day; 23:59:59 with any fraction means the end of the day."""
    try:
        hours, minutes, seconds = str(text).split(":")
        time = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(float(seconds)))
    except ValueError:
        raise _unreadable("Hours") from None
    return timedelta(days=1) if time >= timedelta(hours=23, minutes=59, seconds=59) else time


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        raise _unreadable("Policy") from None


def _moment(raw: object, zone: tzinfo | None) -> datetime:
    """Return a dateTimeTimeZone in UTC, with or without the offset that Bookings may add to the zone."""
    try:
        moment = datetime.fromisoformat(raw["dateTime"])  # type: ignore[index]  # any other type raises
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_displayed(raw.get("timeZone"), zone))  # type: ignore[attr-defined]
        if moment.tzinfo is None:
            raise _unreadable("Zone")
        return moment.astimezone(UTC)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):  # OverflowError: the year 0 or 10000
        raise _unreadable("Moment") from None


def _instant(raw: object) -> datetime | None:
    """Return a DateTimeOffset; None if it is missing or unreadable."""
    try:
        instant = datetime.fromisoformat(raw) if isinstance(raw, str) else None
        return instant.astimezone(UTC) if instant is not None and instant.tzinfo else None
    except (OverflowError, ValueError):
        return None


def _capacity(raw: dict[str, Any]) -> int:
    most = raw.get("maximumAttendeesCount")
    return most if isinstance(most, int) and most > 0 else 1


def _texts(raw: object) -> tuple[str, ...]:
    return tuple(text for text in raw if isinstance(text, str)) if isinstance(raw, list) else ()


def _plain(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def _text(raw: dict[str, Any], name: str) -> str:
    value = _plain(raw, name)
    if not value:
        raise _unreadable(name)
    return value


def _unreadable(name: str) -> GraphUnavailable:
    return GraphUnavailable(200, f"Unreadable{name}")
