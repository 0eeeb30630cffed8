"""Permissions of callers: granted in Entra for the whole tenant, or in Exchange for the mailboxes of a scope.

Grants add up. Graph permissions reference; Exchange: Role Based Access Control for Applications.
"""

from sandbox.tenant.graph.errors import GraphError, access_denied, being_moved, invalid_user
from sandbox.tenant.graph.switches import Switches
from sandbox.tenant.state import Mailbox, Tenant
from sandbox.tenant.tokens import Caller

CALENDAR_READ = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
EVENT_READ = CALENDAR_READ | {"Calendars.ReadBasic", "Calendars.ReadBasic.All"}
CALENDAR_WRITE = frozenset({"Calendars.ReadWrite"})
SUBSCRIBE = frozenset({"Calendars.Read"})
"""Create subscription: write permissions are not accepted where reading is enough, and ReadBasic is not listed."""
PLACE_READ = frozenset({"Place.Read.All", "Place.ReadWrite.All"})
BOOKINGS_READ = frozenset({"Bookings.Read.All", "Bookings.ReadWrite.All", "Bookings.Manage.All"})
APPOINTMENT_WRITE = frozenset({"BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All", "Bookings.Manage.All"})
APPOINTMENT_CANCEL = frozenset({"Bookings.ReadWrite.All", "Bookings.Manage.All"})
"""bookingAppointment: cancel needs a higher permission than Delete bookingAppointment."""
STAFF_FREE = BOOKINGS_READ | CALENDAR_READ
USER_READ = frozenset({"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All"})


class Access:
    """Permission checks, and the mailboxes that an app may reach."""

    def __init__(self, tenant: Tenant, switches: Switches) -> None:
        self._tenant = tenant
        self._switches = switches

    def require(self, caller: Caller, roles: frozenset[str], refusal: GraphError | None = None) -> None:
        """Raise the refusal (default: 403 ErrorAccessDenied) unless Entra has granted one of the roles.

        For what Exchange cannot grant: places, bookings and the directory.
        """
        if not caller.roles & roles:
            raise refusal or access_denied()

    def require_calendars(self, caller: Caller, roles: frozenset[str]) -> None:
        """Raise GraphError (403) unless Entra or Exchange has granted one of the roles, for any mailbox."""
        if not (caller.roles | caller.exchange.keys()) & roles:
            raise access_denied()

    def mailbox(self, caller: Caller, name: str, roles: frozenset[str]) -> Mailbox:
        """Return the mailbox with this address or object id, if the caller has one of the roles in it.

        Raises GraphError: 404 for an unknown mailbox, 403 without a grant, and what a mailbox answers that moves.
        """
        self.require_calendars(caller, roles)
        mailbox = self._tenant.mailboxes.get(name.lower())
        if mailbox is None:
            raise invalid_user(name)
        if not _granted(caller, mailbox, roles):
            raise access_denied()
        if moving := self._switches.choice("mailboxMoving", mailbox.address, "move"):
            raise being_moved(moving)
        return mailbox

    def basic_only(self, caller: Caller, mailbox: Mailbox) -> bool:
        """Return whether the caller may see the mailbox's events only without their bodies."""
        return not _granted(caller, mailbox, CALENDAR_READ)


def _granted(caller: Caller, mailbox: Mailbox, roles: frozenset[str]) -> bool:
    """Return whether the caller has one of the roles in the mailbox, from Entra, or from Exchange within its scope."""
    scopes = [caller.exchange[name] for name in roles & caller.exchange.keys()]
    within = any(scope is None or mailbox.address.lower() in scope for scope in scopes)
    return within or bool(caller.roles & roles)
