"""What must hold at each POST of the present version for a watch whose row named a subscription."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.graph import client_state
from shared.storage.watches import NEEDS_A_PERSON, watch_id_of
from tests.schedules.process import BEFORE
from tests.schedules.row_rules import RowRules, moment_of
from tests.support.table import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.schedules.process import Process
    from tests.schedules.site import Site

APART = timedelta(seconds=60)
BY_WRONG_CLOCK = timedelta(hours=1)  # a wrong clock wrote when the first denial came
TWICE = 2  # silent daily resyncs, after which a subscription is replaced


class Creations:
    """Checks that a subscription is made anew only for a reason. Failures are appended to `broken`.

    Gone is what Graph denied twice, a minute apart. Other reasons: its end has passed; it is to be replaced, by its
    key, its lifecycle URL, or its silence; its deletion was begun. `denied` is called for subscriptionRemoved.
    Not judged: runs while a clock is wrong or the version before runs, what it no longer names, and a watch that was
    refused: its next attempt asks for a subscription, and is told which there is.
    """

    def __init__(self, site: Site, processes: Sequence[Process], rows: RowRules, broken: list[str]) -> None:
        self._site, self._processes, self._rows, self._broken = site, processes, rows, broken
        site.graph.creating = self._check

    def _check(self, mailbox: str) -> None:
        row = self._site.tables["watches"].rows.get(("watch", watch_id_of(mailbox)))
        former = str(row.get("former_id") or "") if row is not None else ""
        claim = self._rows.claim_of(row) if row is not None else None
        if row is None or not former or row.get("subscription_id") or claim is None or not claim.is_exact:
            return
        if former in self._rows.former_of_before or row.get("state") in NEEDS_A_PERSON:
            return
        if any(each.offset or each.version == BEFORE for each in self._processes):
            return
        if not self._is_denied(former) and not self._is_replaced(row, former):
            where = f"POST by {self._rows.actor()} for {mailbox} at {self._site.now():%m-%d %H:%M:%S}"
            self._broken.append(f"{where}: {former} has not been denied twice, {APART.seconds} s apart")

    def _is_denied(self, subscription_id: str) -> bool:
        answers = self._site.graph.answers.get(subscription_id, ())
        denials = [each.at for each in answers if each.status == 404]
        is_deleted = any(each.status == 204 for each in answers)
        wrong = self._rows.wrong_at
        is_unclear = bool(denials) and wrong is not None and wrong > denials[0] - BY_WRONG_CLOCK
        return is_deleted or is_unclear or (bool(denials) and denials[-1] - denials[0] >= APART)

    def _is_replaced(self, row: Row, former: str) -> bool:
        site = self._site
        expires, key = moment_of(row, "former_expires"), client_state.signing_key(site.keys, site.now()).version
        is_over = expires is None or expires <= site.now()
        is_elsewhere = row.get("lifecycle") != f"{site.acting.given['PUBLIC_BASE_URL']}/api/lifecycle"
        is_silent = int(row.get("silent_resyncs") or 0) >= TWICE
        return (
            is_over or row.get("key_version") != key or is_elsewhere or is_silent or bool(self._rows.announced(former))
        )
