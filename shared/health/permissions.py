"""Health checks of what the customer permits: the stop, direct delivery that only an earlier version allowed, and
mailboxes of other owners.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.health.checks import Check, Failed
from shared.policy.permission import Permission
from shared.policy.stop import StopSwitch
from shared.storage.watches import Watches
from shared.utc import format_utc

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_NAMED = 5  # watches of which a check gives the ids
_STOPPED = "ok; stopped since "


@dataclass(frozen=True)
class PermissionChecks:
    """The checks, by name. Each returns a text that begins with "ok", or raises Failed or RelayError."""

    switch: StopSwitch
    permission: Permission
    watches: Watches

    def by_name(self) -> Mapping[str, Callable[[], str]]:
        """Return the checks by their names."""
        return {
            "stop": self._stop,
            "directDelivery": self._direct_delivery,
            "mailboxOwners": self._mailbox_owners,
        }

    def _stop(self) -> str:
        """Say since when the relay is stopped: IT has decided it, so that this is no failure."""
        stop = self.switch.state()
        if stop.since is None:
            return "ok; not stopped"
        return f"{_STOPPED}{format_utc(stop.since)} ({stop.reason})"

    def _direct_delivery(self) -> str:
        """Fail while direct watches stand although ALLOWED_NOTIFICATION_HOSTS names no host."""
        standing = sum(
            self.permission.is_by_webhook_alone(watch.notification_url)
            for watch in self.watches.all()
            if watch.delivery == "direct"
        )
        if standing:
            raise Failed(
                f"ALLOWED_NOTIFICATION_HOSTS is not set, and {standing} watches with direct delivery go on: name the "
                'host of PARTNER_WEBHOOK_URL in it to keep them, or set it to "none" to end them'
            )
        return "ok"

    def _mailbox_owners(self) -> str:
        """Fail while a watched or used address is one of a mailbox that ALLOWED_MAILBOXES does not name."""
        ids: dict[str, list[str]] = {"other": [], "unknown": []}
        for watch in self.watches.all():
            if (state := self.permission.owner_state(watch)) in ids:
                ids[state].append(watch.id)
        used = self.permission.owners.without_watch()
        if self.permission.settings.owner_check == "enforce":
            used["other"] = 0  # these calls were refused
        others, unknown = (_counted(ids[state], used[state]) for state in ("other", "unknown"))
        if others:
            also = f". The owner is unknown for {unknown}" if unknown else ""
            raise Failed(
                f"another mailbox answers, which ALLOWED_MAILBOXES does not name, for {others}. Name the address in "
                f"ALLOWED_MAILBOXES, or delete the subscription{also}"
            )
        return f"ok; the owner is unknown for {unknown}" if unknown else "ok"


def _counted(ids: list[str], used: int) -> str:
    """Return the number of watches with the ids of the first, and of the addresses that only features used."""
    first = ", ".join(ids[:MOST_NAMED]) + (", …" if len(ids) > MOST_NAMED else "")
    watches = [f"{len(ids)} watches ({first})"] if ids else []
    return " and ".join(watches + ([f"{used} addresses that features used"] if used else []))


def is_stopped(checks: Iterable[Check]) -> bool:
    """Return whether the results of checks say that the relay is stopped."""
    return any(check.name == "stop" and check.text.startswith(_STOPPED) for check in checks)
