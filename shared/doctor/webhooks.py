"""The doctor's check of the webhooks of Dataverse, which are optional: the timer finds each change without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.doctor.finding import Failed, Passed, inconclusive
from shared.dynamics.errors import DynamicsRefused

if TYPE_CHECKING:
    from shared.dynamics.examination import Examination
    from shared.dynamics.webhooks import WebhookSteps
    from shared.storage.pairs.tracking import Tracking

LAST = timedelta(days=1)  # failed webhooks of this time are counted
_SETUP = "docs/dataverse-webhooks.md, Make them."
_CHECK = "python -m relay_admin dataverse check --environment DATAVERSE_URL --app-id CLIENT_ID"
_RIGHTS = f"Optional: `setup --webhooks` adds the right to the role. With your own sign-in: {_CHECK}"
_RELEASE = "python -m relay_admin dataverse release --environment DATAVERSE_URL enables them."
_JOBS = "Look at the system jobs of the steps: their message has the relay's status. After 401 run rotate."


@dataclass(frozen=True)
class WebhookCheck:
    """Says whether the steps are there and enabled, and how many webhooks failed. `tracking`: the stored row."""

    examination: Callable[[], Examination]
    tracking: Callable[[], Tracking]
    now: Callable[[], datetime]

    def inspect(self) -> str | Passed:
        """Return what was seen. Raises Failed or RelayError; a right that is missing is no failure."""
        try:
            steps = self.examination().webhook_steps()
            if not steps.enabled:
                return "no webhooks were made: the timer finds each change within six minutes"
            self._require_enabled(steps)
            return self._delivered(self.examination().failed_webhooks(self.now() - LAST))
        except DynamicsRefused as error:
            return self._without_right(error)

    def _require_enabled(self, steps: WebhookSteps) -> None:
        if steps.missing:
            raise Failed(f"the webhook step of {' and '.join(steps.missing)} is missing", _SETUP)
        if steps.disabled and self.tracking().held_since is None:
            raise Failed(f"the webhook step of {' and '.join(steps.disabled)} is disabled", _RELEASE)

    def _delivered(self, failed: int) -> str | Passed:
        hooked_at = self.tracking().hooked_at
        last = f"the last one arrived at {hooked_at:%Y-%m-%d %H:%M} UTC" if hooked_at else "none has arrived yet"
        if not failed:
            return f"the webhook steps are there; {last}"
        text = f"{failed} webhooks failed within a day; {last}"
        if hooked_at is None or self.now() - hooked_at > LAST:
            raise Failed(text, _JOBS)
        return Passed(text, _JOBS)

    def _without_right(self, error: DynamicsRefused) -> str | Passed:
        """Report a right that is missing: while no webhook has ever arrived, none was perhaps made."""
        if not error.right:
            raise error
        text = f"cannot be checked without the right {error.right}"
        if self.tracking().hooked_at is None:
            return Passed(f"no webhook has arrived yet; whether any were made {text}", _RIGHTS)
        raise inconclusive(f"webhooks arrive; whether all do {text}", _RIGHTS)
