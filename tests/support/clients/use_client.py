"""Calls of each guide by the client that openapi-python-client generated in the current folder.

The first argument has the base, the credential and the addresses as JSON; standard output has what each call gave.
"""

from __future__ import annotations

import json
import ssl
import sys
from typing import Any

sys.path.insert(0, ".")

import page
from relay_client import AuthenticatedClient
from relay_client.api.partner import (
    create_booking,
    create_booking_appointment,
    create_event,
    create_subscription,
    delete_event,
    delete_subscription,
    get_event,
    get_subscription,
    list_booking_appointments,
    list_events,
    list_rooms,
    list_subscriptions,
    query_availability,
    query_booking_availability,
    query_slots,
    query_subscriptions,
)
from relay_client.models import (
    AppointmentAsked,
    AvailabilityQuery,
    BookingAnswer,
    BookingRequest,
    NewEvent,
    Problem,
    SlotRequest,
    SlotTaken,
    StaffAvailabilityRequest,
    SubscriptionQuery,
    SubscriptionRequest,
)


def watches(client: AuthenticatedClient, given: dict[str, Any]) -> dict[str, Any]:
    """Set up, list, look up, read and remove a watch."""
    mailbox, other = given["watched"], given["other"]
    created = create_subscription.sync_detailed(client=client, body=SubscriptionRequest(mailbox=mailbox))
    again = page.watch(client, mailbox)
    lookup = query_subscriptions.sync(client=client, body=SubscriptionQuery(mailboxes=[mailbox, other]))
    listed = list_subscriptions.sync(client=client, page_size=1000)
    read = get_subscription.sync(created.parsed.id, client=client)
    removed = delete_subscription.sync_detailed(created.parsed.id, client=client)
    gone = get_subscription.sync(created.parsed.id, client=client)
    return {
        "statuses": [created.status_code, removed.status_code], "again": again.id == created.parsed.id,
        "notWatched": lookup.not_watched, "listed": mailbox in [each.mailbox for each in listed.value],
        "read": read.mailbox, "gone": gone.code,
    }  # fmt: skip


def refusals(client: AuthenticatedClient, given: dict[str, Any]) -> list[Any]:
    """Return the codes of what is not allowed, and the status of a wrong credential."""
    stranger = SubscriptionRequest(mailbox="room1@fabrikam.com")
    problem = create_subscription.sync(client=client, body=stranger)
    assert isinstance(problem, Problem)
    wrong = client_of({**given, "credential": "wrong"})
    return [problem.status, problem.code, list_subscriptions.sync_detailed(client=wrong).status_code]


def calendars(client: AuthenticatedClient, given: dict[str, Any]) -> list[Any]:
    """Create, list, read and delete an event."""
    mailbox = given["other"]
    event = NewEvent(title="Kick-off", start="2026-12-01T09:00:00Z", end="2026-12-01T10:00:00Z")
    created = create_event.sync(mailbox, client=client, body=event, idempotency_key="a-key")
    listed = list_events.sync(mailbox, client=client, from_="2026-12-01T00:00:00Z", to="2026-12-02T00:00:00Z")
    read = get_event.sync(mailbox, created.id, client=client)
    deleted = delete_event.sync_detailed(mailbox, created.id, client=client, if_match=read.etag)
    return [[each.id for each in listed.value] == [created.id], read.title, deleted.status_code]


def slots(client: AuthenticatedClient, given: dict[str, Any]) -> list[Any]:
    """List free slots, book the first, and find it taken by a second call."""
    wanted = SlotRequest(from_=given["from"], to=given["to"], duration=30)
    free = query_slots.sync(given["agent"], client=client, body=wanted)
    body = BookingRequest.from_dict(
        {"start": free.value[0].start.isoformat(), "duration": 30, "title": "A talk", "customer": {"name": "Ola"}}
    )
    booked = create_booking.sync(given["agent"], client=client, body=body)
    taken = create_booking.sync(given["agent"], client=client, body=body)
    return [isinstance(booked, BookingAnswer), isinstance(taken, SlotTaken), taken.code, len(taken.nearest)]


def bookings(client: AuthenticatedClient, given: dict[str, Any]) -> list[Any]:
    """Make an appointment, find it in the list, and be refused outside of the hours."""
    business = given["business"]
    created = create_booking_appointment.sync(
        business, client=client, body=AppointmentAsked.from_dict(given["appointment"])
    )
    listed = list_booking_appointments.sync(business, client=client)
    late = create_booking_appointment.sync(business, client=client, body=AppointmentAsked.from_dict(given["late"]))
    query = StaffAvailabilityRequest(from_=given["from"], to=given["to"], staff=["Staff 1"])
    available = query_booking_availability.sync(business, client=client, body=query)
    return [created.id in [each.id for each in listed.value], late.code, len(available.value)]


def client_of(given: dict[str, Any]) -> AuthenticatedClient:
    """Return a client with a function key, or with a token."""
    header = {"auth_header_name": "x-functions-key", "prefix": ""} if given["base"].endswith("/api") else {}
    context = ssl.create_default_context(cafile=given["ca"])
    return AuthenticatedClient(given["base"], token=given["credential"], verify_ssl=context, **header)


def rooms(client: AuthenticatedClient, given: dict[str, Any]) -> list[Any]:
    """Return what is busy of a watched mailbox and of another, and the rooms or the code of a refusal."""
    watched = create_subscription.sync(client=client, body=SubscriptionRequest(mailbox=given["agent"]))
    query = AvailabilityQuery(from_=given["from"], to=given["to"], mailboxes=[given["agent"], given["other"]])
    times = query_availability.sync(client=client, body=query)
    listed = list_rooms.sync(client=client)
    shown = listed.code if isinstance(listed, Problem) else "listed"
    delete_subscription.sync(watched.id, client=client)
    return [[each.mailbox for each in times.value], [each.code for each in times.unknown], shown]


def main() -> None:
    """Run every guide's calls."""
    given = json.loads(sys.argv[1])
    client = client_of(given)
    guides = (watches, refusals, calendars, slots, bookings, rooms)
    sys.stdout.write(json.dumps({guide.__name__: guide(client, given) for guide in guides}))


main()
