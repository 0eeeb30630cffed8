"""Forty faults to plant into a copy of the product, by which it is tried whether the schedules find faults.

Each is a small patch of one module. The kinds: a check or an etag left out, a comparison that lies by one step, two
writes in the other order, an absence taken for a proof, an unknown case that acts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

DRAWN = 12


class Plant(NamedTuple):
    """A patch: `before` is in the module exactly once, and becomes `after`."""

    name: str
    module: str
    before: str
    after: str


# ruff: noqa: E501  (a patch is shown as it is in the module)
S, STORE = "shared/subscriptions/", "shared/storage/"
PLANTS = (
    Plant("a 404 is believed at once", S + "losses.py",
          "            self.brake.saw_missing()\n", "            return self.creation.recreate(watch, spread=True)\n"),
    Plant("a second 404 is believed without a minute between", S + "due.py",
          "CONFIRM_AFTER = timedelta(seconds=60)", "CONFIRM_AFTER = timedelta(seconds=0)"),
    Plant("a confirmed loss is not recreated", S + "losses.py", "not self.brake.takes_place()", "True"),
    Plant("replacement deletes what is usable", S + "service.py",
          "return is_unverifiable(row, versions, is_retired) or is_to_be_replaced(row, self.now())", "return True"),
    Plant("an unverifiable subscription is kept", S + "plan.py",
          "if not watch.key_version or watch.key_version in keys:", "if True:"),
    Plant("a claim is given up after five seconds", STORE + "watches.py",
          "ABANDONED = timedelta(seconds=120)", "ABANDONED = timedelta(seconds=5)"),
    Plant("a delete does not read the row again", S + "removal.py", "if not is_still():", "if False:"),
    Plant("a delete leaves no tombstone", S + "removal.py", "        self.announce(subscription_id)\n", ""),
    Plant("the tombstone is written after the check", S + "removal.py",
          "        self.announce(subscription_id)\n        if not is_still():\n            return False\n",
          "        if not is_still():\n            return False\n        self.announce(subscription_id)\n"),
    Plant("what is announced is adopted all the same", S + "creation.py",
          "return is_verifiable and not self.removal.is_announced(existing.id)", "return is_verifiable"),
    Plant("the former one is adopted though its deletion began", S + "creation.py",
          "if not self.removal.is_announced(former.id):", "if True:"),
    Plant("an adopted subscription of another is not told", S + "addresses.py",
          "return is_named or posts_here or", "return True or"),
    Plant("the claim is not respected", STORE + "watches.py",
          "return watch.pending_since is not None and not has_passed(ABANDONED, watch.pending_since, now)", "return False"),
    Plant("an abandoned claim is respected for ever", STORE + "watches.py",
          "return watch.pending_since is not None and not has_passed(ABANDONED, watch.pending_since, now)", "return watch.pending_since is not None"),
    Plant("a claim forgets the former subscription", STORE + "watches.py",
          '{"former_id": watch.subscription_id, "former_expires"', '{"former_id": "", "former_expires"'),
    Plant("a claim forgets the gap", STORE + "watches.py",
          "gap = watch.gap_since or (now if", "gap = watch.gap_since and (now if"),
    Plant("a change does not compare the etag", STORE + "table.py",
          "                response = self._table().update_entity(\n                    entity, etag=row.etag, match_condition=MatchConditions.IfNotModified\n                )\n            except (Res",
          "                response = self._table().update_entity(entity)\n            except (Res"),
    Plant("a deletion does not compare the etag", STORE + "table.py",
          "self._key(row), etag=row.etag, match_condition=MatchConditions.IfNotModified", "self._key(row)"),
    Plant("a tombstone counts only when it is old", S + "removal.py", "now - at < AT_WORK", "now - at > AT_WORK"),
    Plant("a record of another's claim is overwritten", S + "records.py",
          "            if current is None or _claim_of(current) != _claim_of(watch):\n                return None\n            written",
          "            if current is None:\n                return None\n            written"),
    Plant("renewal is due too late", S + "plan.py", "is_due = expires <= desired.now + desired.renew_before",
          "is_due = expires <= desired.now - desired.renew_before"),
    Plant("due work is stamped a week late", S + "due.py", "renewal = (watch.expires or now) - renew_before",
          "renewal = (watch.expires or now) + renew_before"),
    Plant("no subscription is looked up", S + "plan.py", '("lookup" if desired.now >= lookup_at(watch, desired.now) else None)', "None"),
    Plant("a change of settings does not make a sweep", S + "timer/due_work.py", "        if is_swept and is_same:", "        if is_swept:"),
    Plant("rows of the version before are never swept", S + "timer/due_work.py", "        if is_swept and is_same:", "        if True:"),
    Plant("an unknown permission forbids", "shared/policy/allow_list.py",
          "return Decision(allowed=None, why=str(error)", "return Decision(allowed=False, why=str(error)"),
    Plant("a paused watch keeps its subscription", S + "plan.py", "    if allowed is False:", "    if False:"),
    Plant("the address is not moved", S + "plan.py",
          "    if is_described and watch.posts_to != (watch.notification_url or desired.notification_url):",
          "    if False:"),
    Plant("a rollout does not wait for the first", S + "timer/rollout.py", "return waiting if row.limit == ALL else",
          "return waiting if True else"),
    Plant("a rollout that failed goes on", S + "timer/rollout.py", "if failures >= FAILURES else {}", "if False else {}"),
    Plant("the first 404 is not forgotten when Graph answers", S + "records.py",
          '"missing_since": None, "posted_end": None', '"posted_end": None'),
    Plant("every 409 is another's", S + "creation.py", "subscription_id = conflict.existing_id or watch.former_id",
          'subscription_id = ""'),
    Plant("a tombstone names every subscription", STORE + "tombstones.py",
          "return self.find(_hash(subscription_id)) is not None", "return True"),
    Plant("what a row names counts as unknown", S + "unknown/unknown_subscriptions.py",
          "named |= {row.subscription_id, row.former_id}", "named |= {row.former_id}"),
    Plant("the audit deletes what is unknown", S + "unknown/audit.py",
          "return self.tombstones.names(each.id) and self._finish_deletion(each, rows)", "return self._finish_deletion(each, rows)"),
    Plant("an empty room list is believed at once", "shared/policy/room_list_rule.py",
          "CONFIRM_AFTER = timedelta(minutes=20)", "CONFIRM_AFTER = timedelta(minutes=0)"),
    Plant("a room that leaves its list is taken from the partner, too", S + "rooms/room_lists.py",
          "held, lists = set(watch.room_lists.split()), membership.lists(watch)",
          "held, lists = self.sources.held_by(watch), membership.lists(watch)"),
    Plant("a set-up that failed keeps its claim", S + "new_watches.py",
          "                if self.watches.delete(current):\n                    self.ledger.forget(",
          "                if True:\n                    self.ledger.forget("),
    Plant("a wrong clock does its work", S + "timer/clock_check.py",
          "return skew is not None and abs(skew) > LARGEST_SKEW", "return False"),
    Plant("a renewal may be due all the time", S + "lifetime.py",
          "timedelta(minutes=min(self.settings.renew_before_minutes, self.minutes() / 2))", "timedelta(minutes=self.settings.renew_before_minutes)"),
)  # fmt: skip


def drawn(seed: int, number: int = DRAWN) -> Sequence[Plant]:
    """Return the plants of a seed."""
    return random.Random(seed).sample(PLANTS, number)


def plant(what: Plant, tree: Path) -> None:
    """Patch a copy of the tree. Raises LookupError unless the text is there exactly once."""
    path = tree / what.module
    text = path.read_text() if path.exists() else ""
    if text.count(what.before) != 1:
        raise LookupError(f"{what.module} has {text.count(what.before)} times what {what.name!r} changes")
    path.write_text(text.replace(what.before, what.after))
