"""Shortens the waits of the work on subscriptions, so that what takes hours or a day happens within a run.

A moment in a row's column is written earlier, or no later than soon. The signature of a request for a table covers
neither its body nor its length.
"""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.chaos.http1 import Message
from tests.chaos.time_warp import with_short_delay

EARLIER = {
    "missing_since": timedelta(seconds=55),  # a loss is confirmed after five seconds, instead of a minute
    # A GET every minute, instead of every day; and reauthorizationRequired is acted on at once.
    "renewed": timedelta(hours=24) - timedelta(seconds=60),
    "looked_up_at": timedelta(hours=24) - timedelta(seconds=60),
    "started": timedelta(hours=6) - timedelta(seconds=30),  # an audit every half minute, instead of every six hours
    "reading_since": timedelta(hours=1),  # no rest of an hour and more before the resync of a gap
    "gap_since": timedelta(hours=1),
}  # fmt: skip
LATEST = {
    "retry_at": timedelta(seconds=8),  # no waits of five minutes to a day after a refusal
    "due_at": timedelta(seconds=8),
}
JUST_NOW = timedelta(seconds=60)  # what is longer ago was written earlier before
_COLUMN = re.compile(rb'("(' + "|".join([*EARLIER, *LATEST]).encode() + rb')": ?")([0-9][^"]+)"')
_TEXT = re.compile(rb"<MessageText>([A-Za-z0-9+/=]*)</MessageText>")
_WORK, _REPAIRS = "subscription-work", "mailbox-repairs"


def with_short_waits(message: Message) -> Message:
    """Return a request for a table with the moments of EARLIER and LATEST changed, and the same length."""
    now = datetime.now(UTC)

    def changed(match: re.Match[bytes]) -> bytes:
        text = match[3].decode()
        return match[1] + _written_as(text, _moment(match[2].decode(), datetime.fromisoformat(text), now)) + b'"'

    body = _COLUMN.sub(changed, message.body)
    return replace(message, body=body, content=body)


def _moment(column: str, moment: datetime, now: datetime) -> datetime:
    if column in LATEST:
        return min(moment, now + LATEST[column])
    is_new = abs(now - moment) < min(JUST_NOW, EARLIER[column])
    return moment - EARLIER[column] if is_new else moment


def _written_as(text: str, moment: datetime) -> bytes:
    """Return a moment in the form of a text: with microseconds or without, and with Z or +00:00."""
    written = moment.isoformat(timespec="microseconds" if "." in text else "seconds")
    return (written.replace("+00:00", "Z") if text.endswith("Z") else written).encode()


def with_short_job(message: Message, longest: int, account: str, key: str) -> Message:
    """Return a message for a queue of jobs with a delay of at most `longest` seconds; that of a probe stays: it would
    find that it is not yet due.
    """
    text = _TEXT.search(message.content)
    if text is None or b'"probe"' in base64.b64decode(text[1]):
        return message
    return with_short_delay(with_short_delay(message, _WORK, longest, account, key), _REPAIRS, longest, account, key)
