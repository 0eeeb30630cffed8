"""The notification URLs that the relay had before PUBLIC_BASE_URL changed, as one column of the handshake's row. Pure.

Subscriptions that were made with them live on for up to seven days. If storage was restored meanwhile, or a DELETE was
refused, no row names them, and only their URLs say that they are the relay's.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from shared.moments import has_passed

REMEMBERED_FOR = timedelta(days=10)
MOST = 5  # the latest ones


def remembered(column: str, now: datetime) -> list[str]:
    """Return the URLs that were in use until less than REMEMBERED_FOR ago, the latest first."""
    return [url for url, left in _read(column) if not has_passed(REMEMBERED_FOR, left, now)]


def added(column: str, url: str, now: datetime) -> str:
    """Return the column after a URL went out of use now."""
    others = [(each, left) for each, left in _read(column) if each != url and not has_passed(REMEMBERED_FOR, left, now)]
    return json.dumps([(each, left.isoformat()) for each, left in [(url, now), *others][:MOST]])


def _read(column: str) -> list[tuple[str, datetime]]:
    return [(url, datetime.fromisoformat(left)) for url, left in json.loads(column or "[]")]
