"""The doctor's checks of the feature dataverse: rights and metadata are read, and nothing is tried on a board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.doctor.finding import Failed, Finding, Passed, check, inconclusive
from shared.dynamics.errors import DynamicsRefused
from shared.dynamics.examination import WHOLE

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.dynamics.examination import Examination

    Examine = Callable[[], Examination]

NAME = "dataverse"
_SETUP = "python -m relay_admin dataverse setup --environment DATAVERSE_URL --app-id CLIENT_ID"
_FIRST = "Fix the finding dataverse first."
_SIGN_IN = (
    "Check DATAVERSE_URL, and that the environment has an application user with the relay's client id: "
    f"{_SETUP}. docs/dataverse.md lists what it needs."
)


@dataclass(frozen=True)
class DataverseChecks:
    """What the feature needs of its environment. `findings`: those of a plan, which counts what nobody carries.

    `requests`: about how many calls all instances made in the last 24 hours.
    """

    settings: Settings
    examination: Examine
    findings: Callable[[], Sequence[str]]
    requests: Callable[[], int] = lambda: 0

    def run(self) -> list[Finding]:
        """Return the findings; empty while the feature is off. The others need the first one."""
        if NAME not in self.settings.switched_on:
            return []
        first = check("dataverse", self._times, _SIGN_IN)
        return [
            first,
            check("dataverseRights", lambda: self._after(first, self._rights), _FIRST),
            check("dataverseTracking", lambda: self._after(first, self._tracking), _FIRST),
            check("dataverseMailboxes", lambda: self._after(first, self._mailboxes), _FIRST),
        ]

    def _after(self, first: Finding, inspect: Callable[[], str | Passed]) -> str | Passed:
        if not first.ok and "UserLocal" not in first.detail:
            raise inconclusive("cannot be checked while Dataverse does not answer", _FIRST)
        return inspect()

    def _times(self) -> str:
        wrong = [f"{name} is {each}" for name, each in self.examination().behaviors().items() if each != "UserLocal"]
        if wrong:
            text = "Ask who customized the table. The relay does not start: its events would be hours off."
            raise Failed(f"times of bookings are not UserLocal: {', '.join(wrong)}", text)
        number = self.requests()
        return f"Dataverse answers, and keeps the times of bookings as UserLocal; about {number} calls in 24 hours"

    def _rights(self) -> str:
        """Compare the rights that the application user has with those to read the tables, for the organization."""
        examination = self.examination()
        try:
            held, needed = examination.held(), examination.needed()
        except DynamicsRefused as error:
            if not error.right:
                raise
            text = f"the application user lacks {error.right}, without which its other rights cannot be read"
            raise Failed(text, f"Add it to its role: {_SETUP}.") from None
        lacking = [f"{name} ({table})" for name, table in sorted(needed.items()) if name not in held]
        shallow = [f"{name} ({held[name]})" for name in sorted(needed) if held.get(name, WHOLE) != WHOLE]
        if lacking:
            raise Failed(f"the application user lacks {', '.join(lacking)}", f"Add it to its role: {_SETUP}.")
        if shallow:
            text = f"Change tracking and statuses need the depth Organization: {_SETUP}."
            raise Failed(f"these rights do not hold for the organization: {', '.join(shallow)}", text)
        return f"the application user may read {', '.join(sorted(needed.values()))}"

    def _tracking(self) -> str | Passed:
        if self.examination().tracks_bookings():
            return "change tracking of bookings is on"
        text = "Switch on “Track changes” of the table Bookable Resource Booking: it cannot be switched off again."
        return Passed("change tracking of bookings is off: a deleted booking is found at night only", text)

    def _mailboxes(self) -> str:
        """Report resources that lead to one mailbox, or to none, and bookings that nobody carries."""
        if any(entry.strip().startswith("@") for entry in self.settings.allowed_mailboxes.split(",")):
            scope = "ALLOWED_MAILBOXES has an @domain entry: the finding exchangeScope must have passed"
        else:
            scope = ""
        findings = [*self.findings()]
        if findings:
            raise Failed("; ".join([*findings, *([scope] if scope else [])]), "docs/dataverse.md, Findings.")
        return scope or "every resource that is marked leads to a mailbox of its own"
