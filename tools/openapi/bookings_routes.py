"""The operations of the feature bookings."""

from __future__ import annotations

from dataclasses import replace

from shared.bookings.requests import (
    AppointmentChange,
    AppointmentRequest,
    BookingCancellation,
    CustomerSearch,
    StaffAvailabilityRequest,
)
from tools.openapi import bookings as models
from tools.openapi.operation import Operation, Query, Response

BUSINESS = "bookings/{business}"
APPOINTMENT = BUSINESS + "/appointments/{appointment}"
READ = (403, 404, 409, 422, 502, 503)
WRITE = (400, *READ)
_GONE = Response("Cancelled, now or before. Idempotent.")
_MOMENT = {"type": "string", "format": "date-time"}
_SPAN = (
    Query("from", "Start of the span.", _MOMENT, required=True),
    Query("to", "End of the span, at most 62 days later.", _MOMENT, required=True),
)
_WINDOW = (
    Query("from", "Start of the span; requires `to`.", _MOMENT),
    Query("to", "End of the span, at most 62 days later; requires `from`.", _MOMENT),
)
_PAGE = (
    Query("pageSize", "Maximum number of items.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query(
        "after",
        "Start of the page; taken from nextLink.",
        {"type": "string", "pattern": r"^[A-Za-z0-9%=&._~+-]{0,2000}$"},
    ),
)
_NAME = Query("name", "Part of the name of the business.", {"type": "string", "minLength": 1}, required=True)
_STAFF = Query(
    "staff",
    "Ids, names or addresses, separated by commas; all staff if missing.",
    {"type": "string"},
    deprecated="Use POST /bookings/{business}/availability/query.",
)

_TABLE = (
    Operation(
        "list_booking_businesses", "get", "bookings", "partner", "Find businesses of Microsoft Bookings by name.",
        {200: Response("The matching businesses that are allowed.", models.BookingBusinesses)}, READ, query=(_NAME,),
    ),
    Operation(
        "get_booking_business", "get", BUSINESS, "partner", "Read a business, by its address or name.",
        {200: Response("Its hours and rules.", models.BookingOpening)}, READ,
    ),
    Operation(
        "list_booking_services", "get", BUSINESS + "/services", "partner", "List the services of a business.",
        {200: Response("The services.", models.BookingServices)}, READ,
    ),
    Operation(
        "list_booking_staff", "get", BUSINESS + "/staff", "partner", "List the staff of a business.",
        {200: Response("The staff.", models.BookingStaffList)}, READ,
    ),
    Operation(
        "search_booking_customers", "post", BUSINESS + "/customers/search", "partner",
        "Find customers by a part of the name, or of the address before the @, or by a whole address.",
        {200: Response("The matching customers.", models.BookingCustomers)}, WRITE, CustomerSearch,
    ),
    Operation(
        "get_booking_availability", "get", BUSINESS + "/availability", "partner", "Read the availability of the staff.",
        {200: Response("The availability of each member of staff.", models.StaffAvailabilities)}, READ,
        query=(*_SPAN, _STAFF),
    ),
    Operation(
        "query_booking_availability", "post", BUSINESS + "/availability/query", "partner",
        "Read the availability of some of the staff, or of all.",
        {200: Response("The availability of each member of staff.", models.StaffAvailabilities)}, WRITE,
        StaffAvailabilityRequest,
    ),
    Operation(
        "list_booking_appointments", "get", BUSINESS + "/appointments", "partner",
        "List appointments, of a span or of the next 62 days.",
        {200: Response("A page.", models.BookingAppointments)}, READ, query=(*_WINDOW, *_PAGE),
    ),
    Operation(
        "get_booking_appointment", "get", APPOINTMENT, "partner", "Read one appointment.",
        {200: Response("The appointment.", models.BookingAppointment)}, READ,
    ),
    Operation(
        "create_booking_appointment", "post", BUSINESS + "/appointments", "partner",
        "Create an appointment. Repeating the call for the same customer, service and start is idempotent.",
        {
            200: Response("The existing appointment.", models.BookedAppointment, ("Location",)),
            201: Response("A new appointment.", models.BookedAppointment, ("Location",)),
        },
        WRITE, AppointmentRequest,
    ),
    Operation(
        "change_booking_appointment", "patch", APPOINTMENT, "partner",
        "Move an appointment, or assign it to other staff.",
        {200: Response("The changed appointment.", models.BookedAppointment)}, WRITE, AppointmentChange,
    ),
    Operation(
        "cancel_booking_appointment", "post", APPOINTMENT + "/cancel", "partner",
        "Cancel an appointment, or one customer's seat in it, and notify the customer.",
        {204: _GONE}, WRITE, BookingCancellation, body_is_needed=False,
    ),
    Operation(
        "delete_booking_appointment", "delete", APPOINTMENT, "partner",
        "Cancel an appointment without a message. Bookings may notify its customer nevertheless.",
        {204: _GONE}, READ,
    ),
)  # fmt: skip
BOOKING = tuple(replace(operation, feature="bookings") for operation in _TABLE)
