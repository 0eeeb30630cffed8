"""Who may call what: application roles and the mailboxes an app is confined to.

Graph permissions reference; Exchange: Role Based Access Control for Applications.
"""

from sandbox.tenant.graph.errors import GraphError, access_denied, invalid_user
from sandbox.tenant.state import Mailbox, Tenant
from sandbox.tenant.tokens import Caller

CALENDAR_READ = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
EVENT_READ = CALENDAR_READ | {"Calendars.ReadBasic", "Calendars.ReadBasic.All"}
CALENDAR_WRITE = frozenset({"Calendars.ReadWrite"})
SUBSCRIBE = frozenset({"Calendars.Read"})
"""Create subscription: a write permission is not taken where reading is enough, and ReadBasic is not offered."""
PLACE_READ = frozenset({"Place.Read.All", "Place.ReadWrite.All"})
BOOKINGS_READ = frozenset({"Bookings.Read.All", "Bookings.ReadWrite.All", "Bookings.Manage.All"})
APPOINTMENT_WRITE = frozenset({"BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All", "Bookings.Manage.All"})
APPOINTMENT_CANCEL = frozenset({"Bookings.ReadWrite.All", "Bookings.Manage.All"})
"""bookingAppointment: cancel asks for more than Delete bookingAppointment."""
STAFF_FREE = BOOKINGS_READ | CALENDAR_READ
USER_READ = frozenset({"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All"})


class Access:
    """The tenant's directory as an app sees it."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.scopes: dict[str, frozenset[str]] = {}
        """By client id in lower case: the lower-case addresses it is confined to; an absent app may read all."""

    def require(self, caller: Caller, roles: frozenset[str], refusal: GraphError | None = None) -> None:
        """Raise the refusal (403 ErrorAccessDenied when none is given) unless the caller has one of the roles."""
        if not caller.roles & roles:
            raise refusal or access_denied()

    def mailbox(self, caller: Caller, name: str) -> Mailbox:
        """Return the mailbox of an address or object id; raises GraphError: 404 unknown, 403 out of the app's scope."""
        mailbox = self._tenant.mailboxes.get(name.lower())
        if mailbox is None:
            raise invalid_user(name)
        confined = self.scopes.get(caller.client_id.lower())
        if confined is not None and mailbox.address.lower() not in confined:
            raise access_denied()
        return mailbox

    def basic_only(self, caller: Caller) -> bool:
        """Tell whether the caller may see events only without their bodies."""
        return not caller.roles & CALENDAR_READ
