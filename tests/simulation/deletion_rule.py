"""The property of each DELETE that a Graph in memory receives: nothing living is taken away without a reason.

One of these must hold: the mailbox has another living subscription; the partner, the allow-list or the hosts asked for
it; or the subscription is unusable, and is being replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.graph.subscriptions import DeleteReason
from tests.simulation.subscriptions import Held, Subscriptions

NOTIFICATIONS = "/api/notifications"  # where a relay takes notifications; a partner of a test takes them elsewhere
SHOWN = 40  # calls in the trace of a broken property


@dataclass
class DeletionRule:
    """Checks each DELETE of a living subscription; installed by `graph.deletion = rule`.

    `may_end`: the mailboxes whose subscriptions somebody asked to end: a set, or a function. `urls`: the relay's
    present addresses, for notifications and lifecycle notifications. `verifies`: whether the newest key signed a
    clientState: one of an older key is replaced before that key is retired. `is_doubtful`: whether the relay has
    another reason to replace a subscription that it cannot know to be usable.

    A call raises AssertionError. Because the relay treats an error of one watch as the failure of that watch, each is
    also kept in `broken`, and `check` raises it again. `replacing` are the mailboxes whose unusable subscription ended,
    with the time, until they have another one.
    """

    graph: Subscriptions
    urls: Callable[[], tuple[str, str]]
    verifies: Callable[[str], bool]
    now: Callable[[], datetime]
    may_end: Container[str] | Callable[[str], bool] = ()
    is_doubtful: Callable[[Held], bool] = lambda _: False
    broken: list[str] = field(default_factory=list)
    replacing: dict[str, datetime] = field(default_factory=dict)

    def __call__(self, held: Held, reason: DeleteReason) -> None:
        """Check one DELETE, before it takes effect. Raises AssertionError."""
        others = [each for each in self.graph.of(held.mailbox) if each is not held]
        if others or self._may_end(held.mailbox):
            return
        if reason == DeleteReason.REPLACED and self.is_unusable(held):
            self.replacing.setdefault(held.mailbox, self.now())
            return
        self.broken.append(self._text(held, reason))
        raise AssertionError(self.broken[-1])

    def is_unusable(self, held: Held) -> bool:
        """Return whether the relay cannot use the notifications of a subscription.

        Its clientState does not verify any more or soon, it posts to other addresses than the relay's present ones, or
        it is silent.
        With direct delivery the partner verifies and takes the notifications; the lifecycle notifications are the
        relay's.
        """
        notifications, lifecycle = self.urls()
        subscription = held.subscription
        if subscription.id in self.graph.silent or self.is_doubtful(held):
            return True
        if subscription.lifecycle_url != lifecycle:
            return True
        is_direct = not subscription.notification_url.endswith(NOTIFICATIONS)
        return not is_direct and (
            subscription.notification_url != notifications or not self.verifies(held.client_state)
        )

    def check(self, within: timedelta | None = None) -> None:
        """Raise AssertionError for a DELETE that broke the rule, or a mailbox not replaced `within` a time."""
        assert not self.broken, "\n".join(self.broken)
        late = self.not_replaced(within) if within is not None else ()
        assert not late, f"deleted to be replaced, and still without a subscription after {within}: {', '.join(late)}"

    def not_replaced(self, within: timedelta) -> Sequence[str]:
        """Return the mailboxes that have had no subscription for longer since their unusable one was deleted."""
        for mailbox in [each for each in self.replacing if self.graph.of(each) or self._may_end(each)]:
            del self.replacing[mailbox]
        return [mailbox for mailbox, since in self.replacing.items() if self.now() - since > within]

    def _may_end(self, mailbox: str) -> bool:
        return self.may_end(mailbox) if callable(self.may_end) else mailbox in self.may_end

    def _text(self, held: Held, reason: DeleteReason) -> str:
        calls = [f"  {moment:%Y-%m-%d %H:%M:%S} {verb} {subject}" for moment, verb, subject in self.graph.trace]
        which = f"{held.subscription.id}, the only living subscription of {held.mailbox}, and usable"
        return "\n".join([f"DELETE ({reason}) of {which}. The last calls to Graph:", *calls[-SHOWN:]])
