"""Ids of appointments as steps of the relay's own routes, and back. Pure.

Ids of Bookings are base64 and may contain a slash. The Functions host leaves an escaped slash in a route escaped, so
such an id would not come back as it was sent. Therefore it leaves without / and +. An id that earlier versions gave
out has no tilde, and is understood as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPED = {"/": "~1", "+": "~2"}
_PLAIN = {escaped: plain for plain, escaped in _ESCAPED.items()}
_CUSTOMER = "~c"  # before the customer's id
_STRAY = re.compile(r"~(?![12])")
_SLASH = re.compile("%2f", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seat:
    """An appointment by Graph's id, and one of its customers by Graph's id; without a customer, the whole one."""

    appointment: str
    customer: str = ""


def route_id(appointment: str, customer: str = "") -> str:
    """Return the id of an appointment, or of one customer's seat in it, that callers get."""
    return _escaped(appointment) + (f"{_CUSTOMER}{_escaped(customer)}" if customer else "")


def seat_of(text: str) -> Seat:
    """Return what a caller's id means, of this or an earlier version. Raises ValueError if it cannot be an id."""
    appointment, mark, customer = _SLASH.sub("/", text).partition(_CUSTOMER)
    if not appointment or (mark and not customer) or _STRAY.search(appointment) or _STRAY.search(customer):
        raise ValueError("not an id of an appointment")
    return Seat(_unescaped(appointment), _unescaped(customer))


def _escaped(graph_id: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in graph_id)


def _unescaped(text: str) -> str:
    return re.sub("~[12]", lambda match: _PLAIN[match[0]], text)
