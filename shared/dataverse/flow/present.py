"""What is the same for all pairs of a message, read once for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.config import Settings
from shared.dataverse.flow.looking import Setting
from shared.dataverse.look import Direction, Rules
from shared.dataverse.prints import Key, Prints
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsRefused
from shared.graph.client_state import Key as VaultKey
from shared.storage.pairs.tracking import TrackingRow

FRESH = timedelta(minutes=1)


@dataclass
class PresentSetting:
    """Returns the Setting, None before `start` and while the whole feature is held. Raises RelayError.

    The OrganizationId is asked of Dataverse again after FRESH: an environment can be replaced by a copy.
    """

    tracking: TrackingRow
    environment: Environment
    settings: Settings
    keys: Callable[[], Sequence[VaultKey]]
    pause: Callable[[], None]
    now: Callable[[], datetime]
    _answered: tuple[datetime, tuple[str, str]] | None = field(default=None, init=False)

    def __call__(self) -> Setting | None:
        """Return the setting of this moment."""
        row = self.tracking.read()
        if row.started_at is None or row.held_since is not None:
            return None
        present, user_id = self._identity()
        return Setting(row.organization, present, rules_of(self.settings), self.prints(), user_id, row.started_at)

    def prints(self) -> Prints:
        """Return what makes prints: the keys of the clientState."""
        return Prints([Key(each.version, each.secret) for each in self.keys()])

    def _identity(self) -> tuple[str, str]:
        if self._answered is None or self.now() - self._answered[0] >= FRESH:
            self._answered = (self.now(), self._read_identity())
        return self._answered[1]

    def _read_identity(self) -> tuple[str, str]:
        """Ask who the relay is. Without an answer to that, no call has a meaning, so all wait."""
        try:
            return self.environment.identity()
        except DynamicsRefused:
            self.pause()
            raise


def rules_of(settings: Settings) -> Rules:
    """Return the settings that a decision reads."""
    past, future = settings.window_days
    return Rules(
        direction=Direction(settings.dataverse_direction), show_as=frozenset(settings.dataverse_show_as.split(",")),
        conflict=settings.dataverse_conflict, proposed=settings.dataverse_proposed, titles=settings.dataverse_titles,
        past=timedelta(days=past), future=timedelta(days=future),
    )  # fmt: skip
