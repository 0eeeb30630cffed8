"""What must hold at each write of a watch's row by the present version.

A creation is claimed, and only its claimant ends the claim or says which subscription there is. A claim that is not
abandoned is nobody else's. No row forgets a living subscription, nor that changes may have been missed, and none is
deleted other than as it was read. What a process may be deleting is not taken over.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.schedules.process import BEFORE
from tests.support.table import Row

if TYPE_CHECKING:
    from tests.schedules.site import Site


# The figures are those of docs/subscriptions.md, and not the product's constants: those may be wrong.
ABANDONED = timedelta(seconds=120)  # a claim is respected for so long
AT_WORK = timedelta(minutes=15)  # what has a tombstone is not taken over for so long


class Step(NamedTuple):
    """Something that an actor did: when, by the true time, and as which of all steps of the run."""

    actor: str
    at: datetime
    number: int
    is_exact: bool = True  # the actor's clock is right, and it runs the present version


class RowRules:
    """Checks the writes, and remembers who claimed, read and announced what. Failures are appended to `broken`."""

    def __init__(self, site: Site, broken: list[str]) -> None:
        self._site, self._broken = site, broken
        self._number = 0
        self._claims: dict[tuple[str, str], Step] = {}  # by the row's key and the claim's time
        self._reads: dict[tuple[str, str], tuple[int, str]] = {}  # by actor and key: the step, and the etag
        self.wrong_at: datetime | None = None  # when an actor's clock was last wrong
        self.former_of_before: set[str] = set()  # what the version before no longer names, for reasons of its own
        self._tombstones: dict[str, list[Step]] = {}
        self._announced: Counter[str] = Counter()  # how often each, also those that were dropped
        self._written: dict[str, list[Step]] = {}  # the same, also those that were dropped since
        table = site.tables["watches"]
        table.read, table.changed = self._read, self._changed

    def actor(self) -> str:
        """Return who acts now: a worker in its round, or a process that has no other beside it."""
        worker = self._site.scheduler.here()
        if worker is None:
            return self._site.acting.name if self._site.acting else "the test"
        return f"{self._site.scheduler.round}/{worker.name}"

    def announced(self, subscription_id: str) -> Step | None:
        """Return when the tombstone of a subscription was last written; None if there is none."""
        written = self._tombstones.get(_hash(subscription_id))
        return written[-1] if written else None

    def announced_here(self, subscription_id: str) -> Step | None:
        """Return when the present actor last wrote the tombstone of a subscription; None if it has not."""
        here = self.actor()
        written = [each for each in self._written.get(_hash(subscription_id), ()) if each.actor == here]
        return written[-1] if written else None

    def times_announced(self, subscription_id: str) -> int:
        """Return how often a tombstone of a subscription was written in the run."""
        return self._announced[_hash(subscription_id)]

    def was_announced(self, subscription_id: str, claim: Step | None) -> bool:
        """Return whether a tombstone of a subscription was written before a claim."""
        written = self._tombstones.get(_hash(subscription_id), [])
        return any(claim is None or each.number < claim.number for each in written)

    def read_at(self, watch_id: str) -> int:
        """Return the number of the step at which the present actor last read a row; 0 for never."""
        return self._reads.get((self.actor(), watch_id), (0, ""))[0]

    def claim_of(self, row: Row) -> Step | None:
        """Return who claimed a row, if that is known."""
        return self._claims.get((row["RowKey"], str(row.get("pending_since", ""))))

    def _step(self) -> Step:
        self._number += 1
        process = self._site.acting
        is_exact = process is None or (not process.offset and process.version != BEFORE)
        if process is not None and process.offset:
            self.wrong_at = self._site.now()
        return Step(self.actor(), self._site.now(), self._number, is_exact)

    def _read(self, rows: Sequence[tuple[str, str, str]]) -> None:
        step = self._step()
        for partition, key, etag in rows:
            if partition == "watch":
                self._reads[step.actor, key] = step.number, etag

    def _changed(self, key: tuple[str, str], before: Row | None, after: Row | None) -> None:
        step = self._step()
        if key[0] == "tombstone" and after is not None:
            self._tombstones.setdefault(key[1], []).append(step)
            self._announced[key[1]] += 1
            self._written.setdefault(key[1], []).append(step)
        elif key[0] == "tombstone":
            self._tombstones.pop(key[1], None)
        if key[0] != "watch":
            return
        process = self._site.acting
        is_judged = before is not None and process is not None and process.version != BEFORE
        if is_judged and before is not None:
            found = self._failures_of(before, after, step)
            self._broken += [f"row of {before.get('mailbox')}: {each}, by {step.actor} at {step.at:%m-%d %H:%M:%S}"
                             for each in found]  # fmt: skip
        if after is not None and process is not None and process.version == BEFORE:
            self.former_of_before.add(str(after.get("former_id")))
        if after is not None:
            self._reads[step.actor, key[1]] = step.number, after.etag
            if self._is_claim(before, after, step):
                self._claims[key[1], _claim(after)] = step

    def _failures_of(self, before: Row, after: Row | None, step: Step) -> list[str]:
        """Return what is wrong with a write."""
        read = self._reads.get((step.actor, before["RowKey"]), (0, ""))[1]
        is_as_read = read == before.etag and self._site.tables["watches"].is_conditional
        if after is None:
            return [] if is_as_read else ["deleted, whatever it has become since it was read"]
        is_claimed = self._is_claim(before, after, step)
        found = self._of_claim(before, after, step, is_as_read=is_as_read) if is_claimed else []
        if not is_claimed and (_claim(before), _id(before)) != (_claim(after), _id(after)):
            found += self._of_owner(before, after, step)
        if _id(before) and _id(before) not in (_id(after), after.get("former_id")):
            is_living = _id(before) in self._site.graph.held and self.announced(_id(before)) is None
            found += [f"forgets the living {_id(before)}"] if is_living else []
        if _id(after) not in ("", _id(before)):
            found += self._of_taking_over(before, _id(after), step)
        return found

    def _is_claim(self, before: Row | None, after: Row, step: Step) -> bool:
        """Return whether a write claims the row; one that gives it back can restore the claim of another."""
        known = self._claims.get((after["RowKey"], _claim(after)))
        return bool(_claim(after)) and _claim(after) != _claim(before) and (known is None or known.at == step.at)

    def _of_claim(self, before: Row, after: Row, step: Step, *, is_as_read: bool) -> list[str]:
        """Check a claim: of a row as it was read, that nobody else has claimed; and it notes what may be missed."""
        found = [] if is_as_read else ["claimed, whatever it has become since it was read"]
        other, since = self.claim_of(before), moment_of(before, "pending_since")
        if other and since and step.is_exact and other.is_exact:
            is_fresh = other.actor != step.actor and step.at - since < ABANDONED
            age = (step.at - since).total_seconds()
            found += [f"claimed {age:.0f} s after the claim of {other.actor}"] if is_fresh else []
        if (_id(before) or before.get("renewed")) and not after.get("gap_since"):
            found.append("claimed without a gap, though it was live")
        return found

    def _of_owner(self, before: Row, after: Row, step: Step) -> list[str]:
        """Check that who ends a claim, or changes which subscription there is, has the claim."""
        claim = self.claim_of(before)
        if claim is None and _claim(before):
            return []  # made before storage was restored
        if claim is not None and after.get("state") == "paused" and step.at - claim.at >= ABANDONED:
            return []  # a watch without a subscription is paused, whoever gave up its claim
        owner = claim.actor if claim else "nobody"
        return [] if owner == step.actor else [f"the claim of {owner} was ended by another"]

    def _of_taking_over(self, before: Row, subscription_id: str, step: Step) -> list[str]:
        """Check a row that names another subscription: none whose deletion was announced before the claim."""
        claim, tombstone, held = self.claim_of(before), self.announced(subscription_id), self._site.graph.held
        found = []
        if subscription_id in held and not held[subscription_id].own:
            found.append(f"takes over {subscription_id}, which is another's")
        if claim is None or tombstone is None or tombstone.actor == step.actor:
            return found
        if tombstone.at <= self._site.restored_at:
            return found  # storage was restored from before it
        is_recent = step.is_exact and tombstone.is_exact and step.at - tombstone.at < AT_WORK
        if is_recent and tombstone.number < claim.number:
            found.append(f"takes over {subscription_id}, which {tombstone.actor} may be deleting")
        return found


def _claim(row: Row | None) -> str:
    return str(row.get("pending_since") or "") if row is not None else ""


def _id(row: Row) -> str:
    return str(row.get("subscription_id") or "")


def _hash(subscription_id: str) -> str:
    """Return the key of a tombstone."""
    return hashlib.sha256(subscription_id.encode()).hexdigest()[:32]


def moment_of(row: Any, column: str) -> datetime | None:
    """Return a stored time; None if there is none."""
    text = row.get(column) or ""
    return datetime.fromisoformat(text) if text else None
