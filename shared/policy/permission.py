"""What the customer permits: the one place that answers for set-up, maintenance of subscriptions, readings, deliveries.

What a row was granted by is asked again whenever the row is acted on: the stop, the mailbox, with direct delivery the
host, and whose calendar answers under an address (OWNER_CHECK). What cannot be known keeps what runs and refuses what
is new; an owner that is unknown refuses nothing. Exchange and Entra ID have their own answer: a call to Graph can be
refused although the relay permits it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from shared import problems
from shared.errors import RelayError, RequestRejected
from shared.policy.allow_list import AllowList, Decision, forbidden
from shared.policy.mailbox_owners import MailboxOwners, OwnerState
from shared.policy.owner import OwnerReading, reading_of
from shared.policy.stop import rejection

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.storage.watches import Watch

# set-up: a watch for a caller. renew, create, address: PATCH and POST of its subscription, and a new notificationUrl.
# resync: compare its calendar with the ledger. deliver: read one event and send it. read, write: a calendar, for a
# caller. list: name what Graph lists, by its own address: a room that joins a list, a business. audit: judge a
# subscription that Graph lists, or a resource that Dataverse lists.
Verb = Literal["set-up", "renew", "create", "address", "resync", "deliver", "read", "write", "list", "audit"]
OF_FEATURES = ("read", "write")  # Graph is asked for the owner of the calendar, at most once a day for an address
_ANOTHER = "This address is one of a mailbox that the customer's ALLOWED_MAILBOXES does not name. Ask their IT."
NO_HOST = "none"  # the entry of ALLOWED_NOTIFICATION_HOSTS that switches direct delivery off


@dataclass(frozen=True)
class Permission:
    """Answers whether the customer permits something. Its only I/O reads the stop, the room lists in ALLOWED_MAILBOXES,
    and for set-up and features the owners of calendars. `is_stopped` raises RelayError while that is unknown.
    """

    allow_list: AllowList
    settings: Settings
    is_stopped: Callable[[], bool]
    owners: MailboxOwners

    def may(
        self,
        watch: Watch | None,
        mailbox: str,
        url: str,
        caller: str,  # noqa: ARG002  (the door has checked its role; today's answers do not depend on it)
        verb: Verb,
    ) -> Decision:
        """Return whether `verb` is permitted for a mailbox; `allowed` is None while that is unknown.

        `watch`: None before it exists. `url`: where Graph is to post with direct delivery; empty for what the watch
        names. `caller`: the name of the caller, or "relay" for its own work. Never raises.
        """
        questions = [] if verb == "audit" else [self._unless_stopped]
        questions += [lambda: self.allow_list.decide(mailbox)]
        if url := url or (watch.notification_url if watch is not None else ""):
            questions += [lambda: self._host(url, watch)]
        answer = _first_objection(questions)
        return self._owner(watch, mailbox, verb) if answer.allowed else answer

    def require(self, mailbox: str, verb: Verb) -> None:
        """Raise RequestRejected unless a caller may read or write a mailbox; 502 or 503 while that is unknown."""
        self.may(None, mailbox, "", "partner", verb).require()

    def require_running(self) -> None:
        """Raise RequestRejected 503 while the relay is stopped, and RelayError while that is unknown."""
        self._unless_stopped().require()

    def with_owner(self, watch: Watch) -> Watch:
        """Ask for the owner of a watch's mailbox if a night has passed, and return the watch's row.

        Graph is not asked for what the rest of the settings do not permit. Raises RelayError when storage fails.
        """
        questions = [self._unless_stopped, lambda: self.allow_list.decide(watch.mailbox)]
        return self.owners.refreshed(watch) if _first_objection(questions).allowed else watch

    def owner_state(self, watch: Watch) -> OwnerState:
        """Return what is known of the mailbox that answers for a watch. Raises ConfigurationError."""
        return self.owners.state(watch.mailbox, reading_of(watch))

    def is_by_webhook_alone(self, url: str) -> bool:
        """Return whether a standing direct watch is allowed only because its host is the webhook's.

        Raises ConfigurationError when a setting is invalid.
        """
        return not _hosts(self.settings) and _host_of(url) == _webhook_host(self.settings)

    def _unless_stopped(self) -> Decision:
        try:
            stopped = self.is_stopped()
        except RelayError as error:
            return Decision(allowed=None, why=str(error), error=error)
        return forbidden(rejection(), "stop") if stopped else Decision(allowed=True)

    def _owner(self, watch: Watch | None, mailbox: str, verb: Verb) -> Decision:
        """Forbid the calendar of another mailbox with OWNER_CHECK=enforce. An owner that is unknown forbids nothing."""
        reading, is_enforced = None, True  # while the setting is invalid, too, nothing is said to be allowed
        try:
            is_enforced = self.settings.owner_check == "enforce"
            reading = self._reading(watch, mailbox, verb)
            is_other = reading is not None and self.owners.state(mailbox, reading) == "other"
        except RelayError as error:  # what was known cannot be read
            return Decision(allowed=None, why=str(error), error=error) if is_enforced else Decision(allowed=True)
        if is_other and is_enforced:
            return forbidden(RequestRejected(problems.MAILBOX_OWNER_NOT_ALLOWED, _ANOTHER), "owner")
        return Decision(allowed=True, owner=reading)

    def _reading(self, watch: Watch | None, mailbox: str, verb: Verb) -> OwnerReading | None:
        if verb == "set-up":
            return self.owners.at_setup(watch, mailbox)
        if verb in OF_FEATURES:
            return self.owners.at_call(mailbox)
        return reading_of(watch) if watch is not None else None

    def _host(self, url: str, watch: Watch | None) -> Decision:
        exists = watch is not None and watch.notification_url == url
        try:
            if allows_host(self.settings, url, exists=exists):
                return Decision(allowed=True)
        except RelayError as error:  # the setting is invalid
            return Decision(allowed=None, why=str(error), error=error)
        text = "notificationUrl: its host is not in the customer's ALLOWED_NOTIFICATION_HOSTS"
        return forbidden(RequestRejected(problems.INVALID_REQUEST, text), "host")


def _first_objection(questions: Iterable[Callable[[], Decision]]) -> Decision:
    """Return the first answer that forbids, else the first that is unknown, else that all is allowed."""
    answer = Decision(allowed=True)
    for question in questions:
        decision = question()
        if decision.allowed is False:
            return decision
        answer = decision if answer.allowed is True else answer
    return answer


def allows_host(settings: Settings, url: str, *, exists: bool = False) -> bool:
    """Return whether Graph may post to the host of a URL with direct delivery: whether ALLOWED_NOTIFICATION_HOSTS names
    it. Without an entry none is allowed to new watches, and the host of PARTNER_WEBHOOK_URL to a watch that `exists`,
    which an earlier version allowed.

    Raises ConfigurationError when a setting is invalid.
    """
    host, allowed = _host_of(url), _hosts(settings)
    if not host or host == NO_HOST:
        return False
    return host in allowed if allowed else exists and host == _webhook_host(settings)


def _hosts(settings: Settings) -> list[str]:
    return [entry.strip().lower() for entry in settings.allowed_notification_hosts.split(",") if entry.strip()]


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _webhook_host(settings: Settings) -> str:
    return urlsplit(settings.partner_webhook_url).hostname or ""
