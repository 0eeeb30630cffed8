"""The doctor's checks of the feature dataverse: rights and metadata are read, and nothing is tried on a board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.doctor.finding import Failed, Finding, Passed, check, inconclusive
from shared.dynamics.errors import PAUSING, DynamicsRefused, DynamicsUnavailable
from shared.dynamics.examination import WHOLE

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.doctor.webhooks import WebhookCheck
    from shared.dynamics.examination import Examination

    Examine = Callable[[], Examination]

NAME = "dataverse"
_SETUP = "python -m relay_admin dataverse setup --environment DATAVERSE_URL --app-id CLIENT_ID"
_FIRST = "Fix the finding dataverse first."
_LOG = "the log of settle_pairs names it"
_STATUS = "Set it to the id of a booking status of the right kind: docs/dataverse-directions.md, Statuses."
_SIGN_IN = (
    "Check DATAVERSE_URL, and that the environment has an application user with the relay's client id: "
    f"{_SETUP}. docs/dataverse.md lists what it needs."
)


@dataclass(frozen=True)
class DataverseChecks:
    """What the feature needs of its environment, for its direction. `findings`: those of a plan.

    `statuses`: reads which statuses bookings are given, or raises ConfigurationError. `requests`: about how many calls
    all instances made in the last 24 hours. `names`: how many names of bookings DATAVERSE_TITLES is about to change.
    `webhooks`: reads whether they are delivered.
    """

    settings: Settings
    examination: Examine
    findings: Callable[[], Sequence[str]]
    statuses: Callable[[], object]
    requests: Callable[[], int] = lambda: 0
    names: Callable[[], int] = lambda: 0
    webhooks: WebhookCheck | None = None

    def run(self) -> list[Finding]:
        """Return the findings; empty while the feature is off. The others need the first one."""
        if NAME not in self.settings.switched_on:
            return []
        first = check("dataverse", self._times, _SIGN_IN)
        return [
            first,
            check("dataverseRights", lambda: self._after(first, self._rights), _FIRST),
            check("dataverseTracking", lambda: self._after(first, self._metadata), _FIRST),
            check("dataverseStatuses", lambda: self._after(first, self._statuses), _STATUS),
            check("dataverseMailboxes", lambda: self._after(first, self._mailboxes), _FIRST),
            *([check("dataverseWebhooks", partial(self._after, first, self.webhooks.inspect), _FIRST)]
              if self.webhooks is not None else []),
        ]  # fmt: skip

    def _after(self, first: Finding, inspect: Callable[[], str | Passed]) -> str | Passed:
        if not first.ok and "UserLocal" not in first.detail:
            raise inconclusive("cannot be checked while Dataverse does not answer", _FIRST)
        return inspect()

    def _times(self) -> str:
        """Report how times are kept. While nobody calls Dataverse, nothing can be said: the doctor does not, either."""
        try:
            return self._behaviors()
        except DynamicsUnavailable as error:
            if error.status not in PAUSING or error.retry_after is None:
                raise
            text = f"the relay makes no call of Dataverse for {error.retry_after:.0f} seconds"
            remedy = f"Run this again then. A right that was lost, or a limit, caused it: {_LOG}."
            raise inconclusive(text, remedy) from None

    def _behaviors(self) -> str:
        wrong = [f"{name} is {each}" for name, each in self.examination().behaviors().items() if each != "UserLocal"]
        if wrong:
            text = "Ask who customized the table. The relay does not start: its events would be hours off."
            raise Failed(f"times of bookings are not UserLocal: {', '.join(wrong)}", text)
        number = self.requests()
        return f"Dataverse answers, and keeps the times of bookings as UserLocal; about {number} calls in 24 hours"

    def _rights(self) -> str:
        """Compare the rights that the application user has with those of the direction, for the organization."""
        examination, direction = self.examination(), self.settings.dataverse_direction
        try:
            held, needed = examination.held(), examination.needed(direction, self._owner())
        except DynamicsRefused as error:
            if not error.right:
                raise
            text = f"the application user lacks {error.right}, without which its other rights cannot be read"
            raise Failed(text, f"Add it to its role: {self._setup()}.") from None
        lacking = [f"{name} ({table})" for name, table in sorted(needed.items()) if name not in held]
        shallow = [f"{name} ({held[name]})" for name in sorted(needed) if held.get(name, WHOLE) != WHOLE]
        if lacking:
            raise Failed(f"the application user lacks {', '.join(lacking)}", f"Add it to its role: {self._setup()}.")
        if shallow:
            text = f"Change tracking and statuses need the depth Organization: {self._setup()}."
            raise Failed(f"these rights do not hold for the organization: {', '.join(shallow)}", text)
        tables = ", ".join(sorted(set(needed.values())))
        return f"the application user has the {len(needed)} rights for {direction}, on {tables}"

    def _setup(self) -> str:
        """Return the command that gives the rights of the present settings."""
        owner = f" --owner {self._owner()}" if self._owner() else ""
        return f"{_SETUP} --direction {self.settings.dataverse_direction}{owner}"

    def _owner(self) -> str:
        return self.settings.dataverse_owner

    def _metadata(self) -> str | Passed:
        """Report change tracking, and optimistic concurrency where bookings are written."""
        if self._writes() and not self.examination().has_etags():
            text = "Ask Microsoft to enable it for this table, or set DATAVERSE_DIRECTION to to-outlook."
            raise Failed("bookings have no optimistic concurrency, so no change of a booking is accepted", text)
        if self.examination().tracks_bookings():
            return "change tracking of bookings is on"
        text = "Switch on “Track changes” of the table Bookable Resource Booking: it cannot be switched off again."
        return Passed("change tracking of bookings is off: a deleted booking is found at night only", text)

    def _statuses(self) -> str:
        """Read what a booking that is made or canceled would get: a wrong one would stop every such write."""
        if not self._writes():
            return "no booking is written, so no status is given"
        self.statuses()
        return "the statuses of bookings that are made and canceled are known"

    def _writes(self) -> bool:
        return self.settings.dataverse_direction != "to-outlook"

    def _mailboxes(self) -> str:
        """Report resources that lead to one mailbox, or to none, and bookings that nobody carries."""
        if any(entry.strip().startswith("@") for entry in self.settings.allowed_mailboxes.split(",")):
            scope = "ALLOWED_MAILBOXES has an @domain entry: the finding exchangeScope must have passed"
        else:
            scope = ""
        findings = [*self.findings()]
        if findings:
            raise Failed("; ".join([*findings, *([scope] if scope else [])]), "docs/dataverse.md, Findings.")
        names = self.names()
        swept = f"the names of {names} bookings will be written: DATAVERSE_TITLES was changed" if names else ""
        texts = [each for each in (scope, swept) if each]
        return "; ".join(texts) or "every resource that is marked leads to a mailbox of its own"
