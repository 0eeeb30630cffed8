"""The client for Microsoft Bookings at Graph.

It reads whole objects: $select is not documented below /solutions/bookingBusinesses. Graph allows an app four
concurrent calls per booking mailbox ("Microsoft Graph service-specific throttling limits").
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from shared.errors import GraphNotFound, GraphRejected, GraphUnavailable
from shared.graph.answers import items_of
from shared.graph.bookings.models import Appointment, Business, Customer, Service, Span, Staff
from shared.graph.bookings.parse import appointment_of, business_of, customer_of, service_of, spans_of, staff_of
from shared.graph.client import LIST_PAGES, GraphClient
from shared.http.path_segments import bookings_segment
from shared.utc import format_utc

ROOT = "/solutions/bookingBusinesses"
PAGE_PARAMETERS = ("$skip", "$skiptoken")  # the parameters of a nextLink that select the page
LIST_SECONDS = 20.0  # of all pages of a list: a caller waits for them
UNREAD = 400  # "Resource not found for the segment"
OTHER_LETTERS = str.maketrans("/+", "-_")
WRITE_SECONDS = 20.0  # Bookings writes to several calendars and sends mail before it answers


class BookingsClient:
    """Reads with Bookings.Read.All, writes with BookingsAppointment.ReadWrite.All, cancels with Bookings.ReadWrite.All.

    Every method raises GraphError, and ServiceUnavailable where no place is free. `limit_of` returns the limit of
    concurrent calls for a mailbox.
    """

    def __init__(
        self,
        graph: GraphClient,
        limit_of: Callable[[str], AbstractContextManager[Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._graph = graph
        self._limit_of = limit_of
        self._clock = clock
        self._reads_other_letters = False  # whether Graph has found an id by them

    def search(self, name: str) -> list[Business]:
        """Return the businesses whose name contains a text ("List bookingBusinesses"): Graph may refuse to list all."""
        pages = self._graph.pages(ROOT, {"query": name}, most=LIST_PAGES, seconds=LIST_SECONDS)
        return [business_of(item) for item in pages]

    def business(self, business: str) -> Business:
        """Return a business with its hours and policy ("Get bookingBusiness")."""
        return business_of(self._call("GET", business))

    def services(self, business: str) -> list[Service]:
        """Return the services ("List services")."""
        return [service_of(item) for item in self._all(business, "services")]

    def staff(self, business: str) -> list[Staff]:
        """Return the staff ("List staffMembers")."""
        return [staff_of(item) for item in self._all(business, "staffMembers")]

    def customers(self, business: str) -> list[Customer]:
        """Return the customers ("List customers")."""
        return [customer_of(item) for item in self._all(business, "customers")]

    def create_customer(self, business: str, customer: Mapping[str, Any]) -> Customer:
        """Create a customer ("Create bookingCustomer")."""
        return customer_of(self._call("POST", business, "customers", body=customer))

    def delete_customer(self, business: str, customer: str) -> None:
        """Delete a customer ("Delete bookingCustomer")."""
        self._call("DELETE", business, "customers", customer)

    def calendar_view(self, business: str, start: datetime, end: datetime) -> list[Appointment]:
        """Return the appointments between two moments ("List business calendarView")."""
        params = {"start": format_utc(start), "end": format_utc(end)}
        return [appointment_of(item) for item in self._all(business, "calendarView", params)]

    def list_end(self) -> float:
        """Return until when the pages of a list that begins now are read, by the client's clock."""
        return self._clock() + LIST_SECONDS

    def calendar_page(
        self, business: str, start: datetime, end: datetime, page: Mapping[str, str], until: float = math.inf
    ) -> tuple[list[Appointment], dict[str, str]]:
        """Return one page of the appointments between two moments, and how to get the next page.

        These are the paging parameters of the nextLink. The link itself is not used, because callers send it back and
        could forge it. After `until` (see list_end) no page is read.
        """
        items, following = self.view_page(business, start, end, page, until)
        return [appointment_of(item) for item in items], following

    def view_page(
        self, business: str, start: datetime, end: datetime, page: Mapping[str, str], until: float = math.inf
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Return one page as `calendar_page` does, with its appointments as Graph wrote them."""
        if self._clock() > until:
            raise GraphUnavailable(0, "ListTooSlow")
        params = {"start": format_utc(start), "end": format_utc(end), **page}
        response = self._call("GET", business, "calendarView", params=params)
        link = response.get("@odata.nextLink")
        following = {name.lower(): value for name, value in parse_qsl(urlsplit(str(link)).query)}
        following = {name: value for name, value in following.items() if name in PAGE_PARAMETERS}
        if link and not following:
            raise GraphRejected(200, "ForeignNextLink")
        if link and following == dict(page):  # a list that would not end
            raise GraphRejected(200, "RepeatedNextLink")
        return items_of(response), following

    def appointment(self, business: str, appointment: str) -> Appointment:
        """Return an appointment ("Get bookingAppointment")."""
        return appointment_of(self._call("GET", business, "appointments", appointment))

    def create(self, business: str, body: Mapping[str, Any]) -> Appointment:
        """Create an appointment ("Create bookingAppointment"). It may exist even after a 500."""
        return appointment_of(self._call("POST", business, "appointments", body=body, read_seconds=WRITE_SECONDS))

    def change(self, business: str, appointment: str, body: Mapping[str, Any]) -> None:
        """Change an appointment ("Update bookingAppointment"). The response has no body."""
        self._call("PATCH", business, "appointments", appointment, body=body, read_seconds=WRITE_SECONDS)

    def cancel(self, business: str, appointment: str, message: str) -> None:
        """Cancel an appointment and notify its customers and staff ("bookingAppointment: cancel")."""
        body = {"cancellationMessage": message}
        self._call("POST", business, "appointments", appointment, "cancel", body=body, read_seconds=WRITE_SECONDS)

    def delete(self, business: str, appointment: str) -> None:
        """Delete an appointment ("Delete bookingAppointment")."""
        self._call("DELETE", business, "appointments", appointment, read_seconds=WRITE_SECONDS)

    def availability(
        self, business: Business, staff: list[str], start: datetime, end: datetime
    ) -> dict[str, list[Span]]:
        """Return the availability of staff ("bookingBusiness: getStaffAvailability"; application permissions only)."""
        body = {"staffIds": staff, "startDateTime": date_time_time_zone(start), "endDateTime": date_time_time_zone(end)}
        return spans_of(self._call("POST", business.id, "getStaffAvailability", body=body), business.zone)

    def _call(self, method: str, business: str, *steps: str, **call: Any) -> dict[str, Any]:
        with self._limit_of(business.lower()):
            try:
                return self._graph.call(method, _path(business, *steps), **call)
            except GraphRejected as error:
                if error.status != UNREAD or not any("/" in step for step in steps):
                    raise
                return self._call_by_other_letters(error, method, business, steps, call)

    def _call_by_other_letters(
        self, refusal: GraphRejected, method: str, business: str, steps: Sequence[str], call: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Call with the letters that Outlook's ids have in place of slash and plus: Graph may take an escaped slash for
        the end of a step (microsoft-graph-docs issue 10167). Until an id was found by them, what is not found proves
        nothing, and is refused as it was before.
        """
        try:
            path = _path(business, *(step.translate(OTHER_LETTERS) for step in steps))
            answer = self._graph.call(method, path, **call)
        except GraphNotFound:
            if not self._reads_other_letters:
                raise refusal from None
            raise
        self._reads_other_letters = True
        return answer

    def _all(self, business: str, collection: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of a list. Each page takes a place of its own, so that other calls come in between."""
        end = self._clock() + LIST_SECONDS

        def read(page: Callable[[], dict[str, Any]]) -> dict[str, Any]:
            if self._clock() > end:
                raise GraphUnavailable(0, "ListTooSlow")
            with self._limit_of(business.lower()):
                return page()

        yield from self._graph.pages(_path(business, collection), params or {}, read=read, most=LIST_PAGES)


def date_time_time_zone(at: datetime) -> dict[str, str]:
    """Return a moment as Graph's dateTimeTimeZone in UTC."""
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def _path(business: str, *steps: str) -> str:
    return "/".join([ROOT, quote(business, safe="@"), *map(bookings_segment, steps)])
