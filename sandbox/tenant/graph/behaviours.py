"""The behaviours of Graph that can be switched on: one list, with the bounds and the source of each.

`OF_CALENDARS`, `OF_BOOKINGS`, `OF_TIMES`, `OF_SCHEDULES` and `OF_ROOMS` name them; the code that plays one asks
`graph.switches` (switches.py). docs/sandbox-behaviours.md describes the control routes. Untrue answers about
subscriptions are in lies.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

About = Literal["mailbox", "business", "tenant"]


@dataclass(frozen=True)
class Behaviour:
    """One behaviour. A number has `bounds`, a word has `choices`; without both it is on or off.

    `about`: what it can be limited to, by addresses; "tenant": it is on for all or for none. `source`: a page of
    Microsoft, or a public report (MGD: microsoft-graph-docs, MGC: microsoft-graph-docs-contrib).
    """

    name: str
    source: str
    about: About = "mailbox"
    bounds: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()


OF_CALENDARS = (
    Behaviour("createdUnseenSeconds", "msgraph-sdk-java 1225: GET of a new event answers 404", bounds=(0, 30)),
    Behaviour("listLagSeconds", "lists and calendarView show a write late", bounds=(0, 120)),
    Behaviour("hintDelaySeconds", "Overview of change notifications: latency", bounds=(0, 180)),
    Behaviour("deletesToDeletedItems", "Delete event moves it to Deleted Items, where GET by id finds it"),
    Behaviour("deletedItemsHint", "a move to Deleted Items is announced so", choices=("deleted", "updated", "both")),
    Behaviour("mailboxMoving", "404 MailboxNotEnabledForRESTAPI, ErrorMailboxMoveInProgress",
              choices=("MailboxNotEnabledForRESTAPI", "ErrorMailboxMoveInProgress")),
    Behaviour("ownersUnknown", 'calendar resource type: `owner` only "if set"'),
    Behaviour("capitalsInAddresses", "addresses come back in the letters of the directory"),
    Behaviour("linkLate", "isOnlineMeeting without onlineMeeting in the answer of POST and PATCH"),
)  # fmt: skip
OF_BOOKINGS = (
    Behaviour("listsWithoutCustomers", "MGC 539, MGD 15647: List appointments and calendarView", "business"),
    Behaviour("slashesInIds", "graph-explorer 4029: the id of an appointment contains a slash", "business"),
    Behaviour("appointmentUnseenSeconds", "GET of a new appointment answers 404", "business", bounds=(0, 30)),
    Behaviour("appointmentListLagSeconds", "lists and calendarView show a write late", "business", bounds=(0, 120)),
    Behaviour("staffAvailabilityLags", "getStaffAvailability shows what the lists show", "business"),
    Behaviour("staffAvailabilityCutShort", "MGD 18796: busy ends with the later, shorter appointment", "business"),
    Behaviour("busyStaffShownFree", "msgraph-sdk-dotnet 1455: appointments count as available", "business"),
    Behaviour("busyStaffAccepted", "no page says that Bookings refuses a second appointment", "business"),
    Behaviour("appointmentListsLack", "no page says that a list or a calendarView is whole", "business",
              choices=("half", "all")),
    Behaviour("appointmentsNotFound", "404 ErrorItemNotFound for an appointment that stands", "business",
              choices=("half", "all")),
    Behaviour("deleteSendsMail", "MGC 9012: Delete bookingAppointment mails the customer", "business"),
    Behaviour("joinLinkLate", "joinWebUrl is missing in the answer of a POST", "business"),
    Behaviour("appointmentWriteFails", "msgraph-sdk-java 1581: 500 although it was carried out", "business",
              choices=("never", "before", "after")),
)  # fmt: skip
OF_TIMES = (
    Behaviour("zoneOfMailbox", "MGD 1802: all-day events float in the zone of their mailbox",
              choices=("America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Pacific/Apia",
                       "Pacific/Honolulu", "Asia/Kolkata", "Europe/Oslo")),
    Behaviour("zoneByRules", "customTimeZone resource type: the zone of working hours has no name"),
    Behaviour("zoneNameSpelled", "names of zones in other letters, or by Exchange's former names",
              choices=("capitals", "iana", "former")),
    Behaviour("hoursToMidnight", "working hours that end with the day",
              choices=("23:59:59.9999999", "23:59:00.0000000", "24:00:00.0000000", "00:00:00.0000000")),
    Behaviour("valuesSpelled", "values such as free and workingElsewhere in other letters",
              choices=("Capitalized", "CAPITALS")),
)  # fmt: skip
OF_SCHEDULES = (
    Behaviour("scheduleError", "freeBusyError resource type: an error for one schedule of many",
              choices=("ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable", "ErrorServerBusy",
                       "ErrorInternalServerTransientError", "ErrorTimeoutExpired", "ErrorMailRecipientNotFound",
                       "ErrorNoFreeBusyAccess", "ErrorProxyRequestProcessingFailed",
                       "MailboxNotEnabledForRESTAPI")),
    Behaviour("scheduleLeftOut", "getSchedule has no entry for a mailbox that was asked for"),
    Behaviour("scheduleWithoutItems", "EWS FreeBusyViewType MergedOnly: a view without scheduleItems"),
    Behaviour("scheduleReversed", "no page says in which order getSchedule answers", "tenant"),
    Behaviour("scheduleLags", "getSchedule shows what the lists show"),
    Behaviour("scheduleSeconds", "getSchedule answers late: real seconds; by the mailbox in whose name it is asked",
              bounds=(0, 40)),
)  # fmt: skip
OF_ROOMS = (
    Behaviour("placesWithoutLinks", "MGD 6427, 18604: List places gives no nextLink", "tenant"),
    Behaviour("placesEmpty", "lists are empty for a while, as List subscriptions: lies.py", "tenant"),
    Behaviour("placesMissing", "lists have holes: so many rooms are left out", "tenant", bounds=(0, 1000)),
    Behaviour("placesSeconds", "a page of places comes late: real seconds", "tenant", bounds=(0, 60)),
)  # fmt: skip
BEHAVIOURS: Mapping[str, Behaviour] = {
    each.name: each for each in (*OF_CALENDARS, *OF_BOOKINGS, *OF_TIMES, *OF_SCHEDULES, *OF_ROOMS)
}
