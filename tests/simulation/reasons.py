"""Checks at each DELETE that the reason which the relay wrote is the true one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import watch_id_of
from tests.simulation.deletion_rule import DeletionRule
from tests.simulation.subscriptions import Held
from tests.simulation.world import World


@dataclass
class Reasons:
    """Checks each DELETE of a living subscription, by its reason and by the rule of all; the year keeps the rest:

    `deleted`: the mailboxes whose watches the partner deleted. `forbidden`: those that the settings do not allow.
    `unfinished`: subscriptions whose deletion the partner requested and did not finish; the relay replaces them.
    `is_unheard`: whether so many notifications of a subscription were lost that it counts as silent.
    """

    world: World
    deleted: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    is_unheard: Callable[[Held], bool] = lambda _: False
    number: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    rule: DeletionRule = field(init=False)

    def __post_init__(self) -> None:
        """Install this in Graph, with the rule of all before it."""
        self.rule = self.world.deletion_rule(lambda mailbox: mailbox in self.deleted or mailbox in self.forbidden)
        self.rule.is_doubtful = self._is_doubtful
        self.world.subscriptions.deletion = self

    def __call__(self, held: Held, reason: DeleteReason) -> None:
        """Check one DELETE, before it takes effect. Raises AssertionError."""
        self.rule(held, reason)
        name = "replaced, its key is unknown" if self._has_unknown_key(held) else str(reason)
        self.number[name] += 1
        if not self._is_true(held, reason):
            self.broken.append(f"DELETE ({reason}) of {held.subscription.id} of {held.mailbox} at {self.world.time}")
            raise AssertionError(self.broken[-1])

    def _is_doubtful(self, held: Held) -> bool:
        return held.subscription.id in self.unfinished or self.is_unheard(held) or self._has_unknown_key(held)

    def _has_unknown_key(self, held: Held) -> bool:
        """Return whether the relay adopted a subscription without knowing which key signed its clientState."""
        watch = self.world.watches.get(watch_id_of(held.mailbox))
        names_it = watch is not None and held.subscription.id in (watch.subscription_id, watch.former_id)
        return watch is not None and names_it and not watch.key_version

    def _is_true(self, held: Held, reason: DeleteReason) -> bool:
        subscription_id = held.subscription.id
        if reason == DeleteReason.TOMBSTONE:
            return self.world.tombstones.names(subscription_id)
        if reason == DeleteReason.FORBIDDEN:
            return held.mailbox in self.forbidden
        if reason == DeleteReason.REPLACED:
            return self.rule.is_unusable(held)
        watch = self.world.watches.get(watch_id_of(held.mailbox))
        others = {each.subscription.id for each in self.world.subscriptions.of(held.mailbox)} - {subscription_id}
        return watch is not None and watch.subscription_id in others
