"""Begin to follow an environment: note which one it is, so that a copy of it is never taken for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared import problems, telemetry
from shared.config import Settings
from shared.dataverse.flow.following import Follow
from shared.dataverse.look import ResourceState
from shared.dataverse.operation.plan import rejection_of
from shared.dataverse.operation.planned_removals import PlannedRemovals
from shared.dynamics.environment import Environment, OrganizationDetail
from shared.dynamics.errors import DynamicsError
from shared.errors import RequestRejected
from shared.storage.pairs.resources import Resources
from shared.storage.pairs.tracking import Tracking, TrackingRow
from shared.storage.watches import watch_id_of

PRODUCTION, USER_LOCAL = "Customer", "UserLocal"


@dataclass(frozen=True, slots=True)
class Started:
    """What was begun: the OrganizationId, and how many resources and watches are followed."""

    organization: str
    resources: int
    watches: int


@dataclass(frozen=True)
class Start:
    """Raises RequestRejected for the environment and while the relay is stopped; RelayError otherwise. Idempotent.

    What ended before does not count for the brake: `plan` shows how much it is.
    """

    environment: Environment
    tracking: TrackingRow
    follow: Follow
    resources: Resources
    removals: PlannedRemovals
    settings: Settings
    now: Callable[[], datetime]
    require_running: Callable[[], None]

    def start(self, caller: str, *, sandbox: bool = False) -> Started:
        """Note the environment, and follow it. `sandbox`: it may be one that is not for production."""
        self.require_running()
        try:
            detail = self.environment.organization()
            behaviors = self.environment.date_behaviors()
            days = self.environment.token_days()
        except DynamicsError as error:
            raise rejection_of(error) from None
        _require_times(behaviors)
        _require_kind(detail, self.settings.allowed_mailboxes, sandbox=sandbox)
        self.tracking.change(lambda row: _columns_of(row, detail, days, self.now()))
        telemetry.audit("dataverse-start", caller, organization=detail.id)
        try:
            for row in self.resources.all():
                if row.mailbox:
                    self.removals.note(watch_id_of(row.mailbox))
            self.follow.run()
        except DynamicsError as error:
            raise rejection_of(error) from None
        followed = [row for row in self.resources.all() if row.state == ResourceState.FOLLOWED]
        return Started(detail.id, len(followed), len({row.watch_id for row in followed}))


def _columns_of(row: Tracking, detail: OrganizationDetail, days: int, now: datetime) -> dict[str, object]:
    if row.organization and row.organization != detail.id:
        text = "DATAVERSE_URL leads to another organization than the one that was started. Set it back."
        raise RequestRejected(problems.ENVIRONMENT_REFUSED, text)
    return {
        "organization": detail.id, "environment": detail.environment, "environment_type": detail.kind,
        "token_days": days, "started_at": row.started_at or now,
    }  # fmt: skip


def _require_times(behaviors: dict[str, str]) -> None:
    for column, behavior in behaviors.items():
        if behavior != USER_LOCAL:
            text = f"The column {column} has the DateTimeBehavior {behavior}: only {USER_LOCAL} is supported."
            raise RequestRejected(problems.ENVIRONMENT_REFUSED, text)


def _require_kind(detail: OrganizationDetail, allowed_mailboxes: str, *, sandbox: bool) -> None:
    """Refuse an environment that may be a copy of the production one, unless IT says so and names each mailbox."""
    if detail.kind == PRODUCTION:
        return
    entries = [each.strip() for each in allowed_mailboxes.split(",") if each.strip()]
    is_by_address = all(not each.startswith("@") and not each.lower().startswith("roomlist:") for each in entries)
    if not sandbox or not is_by_address:
        text = (
            f"This environment is of the type {detail.kind}. To follow it, send sandbox, and list each mailbox in "
            "ALLOWED_MAILBOXES by its address."
        )
        raise RequestRejected(problems.ENVIRONMENT_REFUSED, text)
