"""What a map needs to know of a room, from Graph's properties. ("room resource type") Pure.

An allow-list by construction: neither the room's phone number nor its postal address is asked for.
"""

from __future__ import annotations

from typing import Any

LONGEST = 256  # characters of a text; longer ones are cut
MOST_TAGS, LONGEST_TAG = 20, 60
PROPERTIES = (
    "id,emailAddress,displayName,capacity,building,floorNumber,floorLabel,label,audioDeviceName,videoDeviceName,"
    "displayDeviceName,isWheelChairAccessible,tags"
)


def room_of(place: dict[str, Any]) -> dict[str, Any] | None:
    """Return a room as callers get it; None without an address: it has no calendar.

    What Graph does not know, or gives in another type, is None.
    """
    mailbox = place.get("emailAddress")
    if not isinstance(mailbox, str) or "@" not in mailbox or not mailbox.isprintable() or len(mailbox) > LONGEST:
        return None  # another address, such as without a sign that is not shown, would be that of another mailbox
    devices = {name: _text(place.get(f"{name}DeviceName")) for name in ("audio", "video", "display")}
    tags = place.get("tags")
    texts = [_text(tag, LONGEST_TAG) for tag in tags] if isinstance(tags, list) else []
    return {
        "mailbox": mailbox.strip().lower(),
        "name": _text(place.get("displayName")),
        "capacity": _number(place.get("capacity"), least=0),
        "building": _text(place.get("building")),
        "floorNumber": _number(place.get("floorNumber")),
        "floorLabel": _text(place.get("floorLabel")),
        "label": _text(place.get("label")),
        "equipment": devices,
        "wheelchairAccessible": _flag(place.get("isWheelChairAccessible")),
        "tags": [text for text in texts if text is not None][:MOST_TAGS],
    }


def _text(value: object, longest: int = LONGEST) -> str | None:
    """Return the printable part of a text, of a limited length; None if it is empty or no text."""
    text = "".join(filter(str.isprintable, value)) if isinstance(value, str) else ""
    return text.strip()[:longest] or None


def _number(value: object, least: int | None = None) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least is None or value >= least else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
