"""Send one state of an event to the partner, and return the ledger entry with what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import RelayError, ServiceUnavailable
from shared.messages import Change, Origin
from shared.partner import payload
from shared.partner.webhook import NotDelivered, Webhook
from shared.resync.partner_state import Sending, needs_intent, sending, sent_as
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry
from shared.storage.watches import Watch

DELIVERY = timedelta(seconds=30)  # maximum time of a delivery, including the read of the signing secret


@dataclass(frozen=True, slots=True)
class News:
    """What is sent: `kind` (created, updated, deleted), the state that it has in the webhook-id, and the public event.

    `read_at`: when the event was read, by Graph's clock. `origin`: live or backfill.
    """

    kind: str
    state: str
    public: dict[str, Any]
    read_at: datetime
    origin: Origin


class ClaimLost(ServiceUnavailable):
    """The claimed entry could not be written, so it may have changed in storage: nothing was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__("the claim on the event", reason)


class NotSent(RelayError):
    """A delivery failed: `entry` is the ledger entry to write, with what was tried, and `error` is why it failed.

    `following`: the changes of occurrences to queue, which do not wait for this delivery.
    """

    def __init__(self, entry: Entry, error: Exception) -> None:
        super().__init__("a delivery failed")
        self.entry = entry
        self.error = error
        self.following: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Posting:
    """Sends deliveries. The caller holds the claim on the entry."""

    ledger: Ledger
    webhook: Webhook
    now: Callable[[], datetime]

    def send(self, watch: Watch, entry: Entry, news: News) -> Entry:
        """Send a state; return the entry as it is once the partner has taken it.

        Raises NotSent, or ClaimLost: then the entry must not be written.
        """
        state, moment = sending(entry, news.state), sent_as(entry, news.read_at)
        message_id = payload.message_id(watch.id, entry.event_id, state.text, watch.born)
        body = payload.body_of(news.kind, watch.id, watch.mailbox, news.public, moment)
        open_entry = _with_intent(entry, state, news.public)
        if needs_intent(entry, state, news.kind):
            entry = open_entry = self._keep(open_entry)
        began = self.now()
        try:
            self._check_claim(entry, began)
            status = self.webhook.deliver(message_id, body)
        except NotDelivered as error:
            raise NotSent(_attempted(open_entry, news, message_id, moment, began, error.status), error) from error
        except RelayError as error:  # nothing was sent
            raise NotSent(entry, error) from error
        except Exception as error:  # a mistake in the code: something may have been sent
            raise NotSent(_attempted(open_entry, news, message_id, moment, began, 0), error) from error
        taken = _attempted(open_entry, news, message_id, moment, began, status)
        return replace(taken, tried="")

    def _keep(self, entry: Entry) -> Entry:
        try:
            kept = self.ledger.keep(entry)
        except RelayError as error:
            raise ClaimLost("could not be written, or its answer was lost") from error
        if kept is None:
            raise ClaimLost("was taken over by another process")
        return kept

    def _check_claim(self, entry: Entry, now: datetime) -> None:
        if entry.claimed_until is None or entry.claimed_until - now < DELIVERY:
            reason = "expires too soon: another process could take it over and deliver a newer state first"
            raise ServiceUnavailable("the claim on the event", reason)


def _with_intent(entry: Entry, state: Sending, public: dict[str, Any]) -> Entry:
    """Return the entry with the state that is about to be sent. Its times are kept if the partner has none yet."""
    opened = replace(entry, tried=state.text, deletions=state.number)
    if entry.delivered_state or "start" not in public:
        return opened
    return replace(opened, start=public["start"], end=public["end"], series_id=public["seriesId"] or "")


def _attempted(entry: Entry, news: News, message_id: str, moment: datetime, began: datetime, status: int) -> Entry:
    is_first = entry.webhook_id != message_id
    return replace(
        entry, sent_as=moment, origin=news.origin, webhook_id=message_id, kind=news.kind, last_status=status,
        first_attempt=began if is_first else entry.first_attempt, last_attempt=began,
        attempts=1 if is_first else entry.attempts + 1,
    )  # fmt: skip
