"""The tables of bookings, with the columns that Field Service and Universal Resource Scheduling add.

Dynamics 365 table references: bookableresourcebooking, bookableresource, bookingstatus, msdyn_bookingsetupmetadata,
bookableresourcebookingheader, msdyn_bookingtimestamp, msdyn_bookingchange.
"""

from sandbox.dataverse.columns import Table, boolean, choice, integer, lookup, table, text, time

FIELD_SERVICE = (690970000, 690970001, 690970002, 690970003, 690970004, 690970005)
"""Scheduled, Traveling, On Break, In Progress, Completed, Canceled (msdyn_fieldservicestatus)."""
SCHEDULED, TRAVELING, ON_BREAK, IN_PROGRESS, COMPLETED, CANCELED = FIELD_SERVICE
FIELD_SERVICE_TABLES = ("msdyn_bookingtimestamp", "msdyn_bookingchange")
"""Tables that exist only where Field Service is installed."""
OPTIMIZATION = (192350000, 192350001, 192350002)
"""Optimize, Do Not Move, Ignore (msdyn_optimizationmethod)."""
METHODS = (690970001, 690970002, 690970003, 690970004, 690970005, 192350000)
STATE = (choice("statecode", 0, 1, default=0, required=True), choice("statuscode", 1, 2, default=1))
MORE_TRAVEL = ("msdyn_estimatedtravelduration", "msdyn_actualtravelduration")


def booking_tables() -> list[Table]:
    """Return the tables, new ones at each call, since metadata can be changed."""
    return [_booking(), _resource(), _status(), *_others()]


def _booking() -> Table:
    return table(
        "bookableresourcebooking", "bookableresourcebookings",
        text("name"),
        time("starttime", required=True),
        time("endtime", required=True),
        integer("duration", required=True),
        lookup("resource", "Resource", "bookableresource", required=True),
        lookup("bookingstatus", "BookingStatus", "bookingstatus", required=True),
        lookup("header", "Header", "bookableresourcebookingheader"),
        choice("bookingtype", 1, 2, required=True, default=1),
        *STATE,
        lookup("msdyn_workorder", "msdyn_workorder", "msdyn_workorder"),
        lookup("msdyn_resourcerequirement", "msdyn_ResourceRequirement", "msdyn_resourcerequirement"),
        lookup("msdyn_crew", "msdyn_Crew", "bookableresource"),
        lookup("msdyn_bookingsetupmetadataid", "msdyn_BookingSetupMetadataId", "msdyn_bookingsetupmetadata"),
        lookup("msdyn_projectid", "msdyn_projectid", "msdyn_project"),
        time("msdyn_estimatedarrivaltime"),
        time("msdyn_actualarrivaltime"),
        *(integer(name) for name in MORE_TRAVEL),
        choice("msdyn_bookingmethod", *METHODS, default=690970003),
        boolean("msdyn_cascadecrewchanges", default=False),
        text("msdyn_globalobjectid"),
        code=1145, owned=True, privilege="BookableResourceBooking",
        privileges={"Append": "prvAppendResourceBookingDetail"},
    )  # fmt: skip


def _resource() -> Table:
    return table(
        "bookableresource", "bookableresources",
        text("name", required=True),
        choice("resourcetype", 1, 2, 3, 4, 5, 6, 7, 8, required=True),
        lookup("userid", "UserId", "systemuser"),
        lookup("contactid", "ContactId", "contact"),
        lookup("accountid", "AccountId", "account"),
        integer("timezone", required=True, default=110),
        text("msdyn_primaryemail"),
        boolean("msdyn_displayonscheduleboard", default=True),
        choice("msdyn_enableappointments", 192350000, 192350001, default=192350001),
        choice("msdyn_enableoutlookschedules", 192350000, 192350001, default=192350001),
        *STATE,
        code=1150, owned=True, privilege="BookableResource",
    )  # fmt: skip


def _status() -> Table:
    return table(
        "bookingstatus", "bookingstatuses",
        text("name", required=True),
        choice("status", 1, 2, 3, required=True, default=1),
        choice("msdyn_fieldservicestatus", *FIELD_SERVICE),
        choice("msdyn_optimizationmethod", *OPTIMIZATION),
        *STATE,
        code=1148, owned=True, privilege="BookingStatus",
    )  # fmt: skip


def _others() -> list[Table]:
    return [
        table(
            "msdyn_bookingsetupmetadata", "msdyn_bookingsetupmetadatas",
            text("msdyn_entitylogicalname"),
            lookup("msdyn_defaultbookingcommittedstatus", "msdyn_DefaultBookingCommittedStatus", "bookingstatus"),
            lookup("msdyn_defaultbookingcanceledstatus", "msdyn_DefaultBookingCanceledStatus", "bookingstatus"),
            *STATE,
            primary_name="msdyn_entitylogicalname",
        ),
        table("bookableresourcebookingheader", "bookableresourcebookingheaders", text("name"), *STATE,
              code=1146, owned=True, privilege="BookableResourceBookingHeader"),
        table(
            "msdyn_bookingtimestamp", "msdyn_bookingtimestamps",
            text("msdyn_name"),
            lookup("msdyn_booking", "msdyn_Booking", "bookableresourcebooking"),
            time("msdyn_timestamptime"),
            choice("msdyn_systemstatus", *FIELD_SERVICE),
            primary_name="msdyn_name", owned=True,
        ),
        table(
            "msdyn_bookingchange", "msdyn_bookingchanges",
            text("msdyn_name"),
            lookup("msdyn_booking", "msdyn_Booking", "bookableresourcebooking"),
            primary_name="msdyn_name", owned=True,
        ),
        table(
            "msdyn_workorder", "msdyn_workorders",
            text("msdyn_name"),
            choice("msdyn_systemstatus", *range(690970000, 690970006), default=690970000),
            primary_name="msdyn_name", owned=True,
        ),
        table("msdyn_resourcerequirement", "msdyn_resourcerequirements", text("msdyn_name"),
              primary_name="msdyn_name", owned=True),
        table("msdyn_project", "msdyn_projects", text("msdyn_subject"), primary_name="msdyn_subject", owned=True),
        table("contact", "contacts", text("fullname"), text("emailaddress1"), primary_name="fullname",
              code=2, owned=True, privilege="Contact"),
        table("account", "accounts", text("name"), text("emailaddress1"), code=1, owned=True, privilege="Account"),
    ]  # fmt: skip
