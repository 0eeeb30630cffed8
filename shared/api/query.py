"""Names of query parameters that an operation does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

# Read by others before a request arrives: the Functions host (a key and its name), and gateways such as API Management.
ACCEPTED_EVERYWHERE = frozenset({"code", "clientid", "subscription-key"})
MOST_SHOWN = 10
LONGEST_SHOWN = 40  # characters of a name


def unknown_names(names: Iterable[str], parameters: frozenset[str]) -> list[str]:
    """Return the names that are no parameters of the operation, and not known everywhere."""
    return [name for name in names if name not in parameters and name.lower() not in ACCEPTED_EVERYWHERE]


def shown(names: Iterable[str]) -> str:
    """Return names for a header or a detail: some of them, shortened, in printable ASCII, separated by commas.

    A query such as `?=x` has an empty name, shown as "".
    """
    some = sorted(names)[:MOST_SHOWN]
    return ", ".join(quote(name[:LONGEST_SHOWN], safe="", errors="replace") or '""' for name in some)
