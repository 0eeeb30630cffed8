"""The operations of the feature bookings."""

from __future__ import annotations

from dataclasses import replace

from shared.bookings.requests import AppointmentChange, AppointmentRequest, BookingCancellation, CustomerSearch
from tools.openapi import bookings as models
from tools.openapi.operation import Operation, Query, Response

BUSINESS = "bookings/{business}"
APPOINTMENT = BUSINESS + "/appointments/{appointment}"
READ = (403, 404, 409, 422, 502, 503)
WRITE = (400, *READ)
_GONE = Response("It is cancelled, or was before: asking again is as good.")
_MOMENT = {"type": "string", "format": "date-time"}
_SPAN = (
    Query("from", "From this moment on.", _MOMENT, required=True),
    Query("to", "Until this moment, 62 days later at most.", _MOMENT, required=True),
)
_WINDOW = (
    Query("from", "From this moment on; with `to`.", _MOMENT),
    Query("to", "Until this moment, 62 days later at most.", _MOMENT),
)
_PAGE = (
    Query("pageSize", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "nextAfter of the page before.", {"type": "string", "pattern": "^([0-9]{1,6})?$"}),
)
_NAME = Query("name", "A part of the name of the business.", {"type": "string", "minLength": 1}, required=True)
_STAFF = Query("staff", "Ids, addresses or names, separated by commas; else all.", {"type": "string"})

_TABLE = (
    Operation(
        "list_booking_businesses", "get", "bookings", "partner", "Find businesses of Microsoft Bookings by their name.",
        {200: Response("Those that the customer allows.", models.BookingBusinesses)}, READ, query=(_NAME,),
    ),
    Operation(
        "get_booking_business", "get", BUSINESS, "partner", "Read a business, by its address or its name.",
        {200: Response("Its hours and rules.", models.BookingOpening)}, READ,
    ),
    Operation(
        "list_booking_services", "get", BUSINESS + "/services", "partner", "List what can be booked.",
        {200: Response("The services.", models.BookingServices)}, READ,
    ),
    Operation(
        "list_booking_staff", "get", BUSINESS + "/staff", "partner", "List who provides it.",
        {200: Response("The staff.", models.BookingStaffList)}, READ,
    ),
    Operation(
        "search_booking_customers", "post", BUSINESS + "/customers/search", "partner",
        "Find customers by name or address.",
        {200: Response("Those that were found.", models.BookingCustomers)}, WRITE, CustomerSearch,
    ),
    Operation(
        "get_booking_availability", "get", BUSINESS + "/availability", "partner", "Tell when the staff is available.",
        {200: Response("What each is, from when until when.", models.StaffAvailabilities)}, READ,
        query=(*_SPAN, _STAFF),
    ),
    Operation(
        "list_booking_appointments", "get", BUSINESS + "/appointments", "partner",
        "List appointments, between two moments or all.",
        {200: Response("A page.", models.BookingAppointments)}, READ, query=(*_WINDOW, *_PAGE),
    ),
    Operation(
        "get_booking_appointment", "get", APPOINTMENT, "partner", "Read one appointment.",
        {200: Response("The appointment.", models.BookingAppointment)}, READ,
    ),
    Operation(
        "create_booking_appointment", "post", BUSINESS + "/appointments", "partner",
        "Make an appointment. Asking again for the same customer, service and start is as good.",
        {
            200: Response("The same appointment, which stands.", models.BookedAppointment, ("Location",)),
            201: Response("A new appointment.", models.BookedAppointment, ("Location",)),
        },
        WRITE, AppointmentRequest,
    ),
    Operation(
        "change_booking_appointment", "patch", APPOINTMENT, "partner", "Move an appointment, or give it to others.",
        {200: Response("The appointment as it is now.", models.BookedAppointment)}, WRITE, AppointmentChange,
    ),
    Operation(
        "cancel_booking_appointment", "post", APPOINTMENT + "/cancel", "partner",
        "Cancel an appointment; its customer is told.",
        {204: _GONE}, WRITE, BookingCancellation, body_is_needed=False,
    ),
    Operation(
        "delete_booking_appointment", "delete", APPOINTMENT, "partner", "Cancel an appointment without a message.",
        {204: _GONE}, READ,
    ),
)  # fmt: skip
BOOKING = tuple(replace(operation, feature="bookings") for operation in _TABLE)
