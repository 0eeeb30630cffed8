"""Ids from outside as steps of Graph's paths. Pure.

Graph reads an escaped slash as a slash (microsoft-graph-docs issue 10167), so escaping does not keep an id within its
step: an id has an alphabet, checked before the call.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from shared.errors import GraphRejected

# Outlook's ids are base64 with - and _ in place of / and +; ids of calendars and events of other origin may have more.
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_=+.-]{1,1024}")
# Bookings' ids are plain base64: they may have slashes, but neither dots nor a step of Graph's own at the end.
_BOOKINGS_ID = re.compile(r"(?!.*/(?:cancel)?$)[A-Za-z0-9_=+-]+(?:/[A-Za-z0-9_=+-]+)*", re.IGNORECASE)
_LONGEST = 1024
STRAY_PATH = "StrayPath"  # the code of an error instead of a call
_ESCAPED_ID = r"(?:[A-Za-z0-9_=+.-]|%2[BF]|%3D)+"
_BOOKINGS_STEP = re.compile(rf"^(/solutions/bookingBusinesses/[^/]+/(?:appointments|customers)/){_ESCAPED_ID}")


def segment(item_id: str) -> str:
    """Return an id as one step of a path. Raises GraphRejected StrayPath if it is no id of Outlook's."""
    if not _ID.fullmatch(item_id):
        raise GraphRejected(0, STRAY_PATH)
    return quote(item_id, safe="")


def bookings_segment(item_id: str) -> str:
    """Return an id of Microsoft Bookings as one step of a path. Raises GraphRejected StrayPath."""
    if len(item_id) > _LONGEST or not _BOOKINGS_ID.fullmatch(item_id):
        raise GraphRejected(0, STRAY_PATH)
    return quote(item_id, safe="")


def without_bookings_ids(path: str) -> str:
    """Return a path without the id of an appointment or a customer, which alone may contain an escaped slash."""
    return _BOOKINGS_STEP.sub(r"\1", path)
