"""Search what is stored for a name: an address, an object id or the id of a watch, in every form that it can have."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


def forms_of(name: str) -> set[str]:
    """Return the forms of a name in lower case: as it is, percent-encoded, and an id without its hyphens."""
    plain = name.lower()
    return {plain, quote(plain, safe="").lower(), plain.replace("-", "") if "@" not in plain else plain}


def names_in(text: str, names: Iterable[str]) -> set[str]:
    """Return the names that a text holds, in any case, also within base64, whatever is encoded before them."""
    readable = "\n".join([text, *_decoded(text)]).lower()
    return {name for name in names if any(form in readable for form in forms_of(name))}


def traces(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the keys of the rows that hold a name in a key or a column, and of the column the name."""
    found = []
    for row in rows:
        cells = {**row, "PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]}
        found += [
            (f"{row['PartitionKey']}/{row['RowKey']}", column)
            for column, value in cells.items() if names_in(str(value), names)
        ]  # fmt: skip
    return found


def _decoded(text: str) -> Iterable[str]:
    for match in _ENCODED.findall(text):
        body = match.rstrip("=").replace("-", "+").replace("_", "/")
        padded = body[: len(body) - (len(body) % 4 == 1)]
        yield base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("utf-8", "replace")
