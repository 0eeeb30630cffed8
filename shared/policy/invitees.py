"""Whom callers may invite: INVITEES, for the attendees of the feature calendars. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config import Settings

ANY, NONE, OWN_DOMAINS = "any", "none", "own-domains"
# The domain that a tenant begins with ("Add a custom domain name"), also in national clouds: no company's own.
INITIAL_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".onmschina.cn", ".partner.onmschina.cn")


def refused(settings: Settings, addresses: Sequence[str], invited: Collection[str] = ()) -> list[int]:
    """Return the places, from 0, of the addresses that may not be invited. `invited`: attendees of the event so far,
    in lower case, who stay. Raises ConfigurationError when a setting is invalid.
    """
    if not addresses or settings.invitees == ANY:
        return []
    allowed = _allowed(settings)
    places = enumerate(address.lower() for address in addresses)
    return [
        place for place, address in places
        if address not in invited and address not in allowed and f"@{address.rpartition('@')[2]}" not in allowed
    ]  # fmt: skip


def _allowed(settings: Settings) -> frozenset[str]:
    """Return the addresses and `@domain` entries that INVITEES stands for."""
    if settings.invitees == NONE:
        return frozenset()
    if settings.invitees != OWN_DOMAINS:
        return frozenset(settings.invitees.split(","))
    domains = (entry.rpartition("@")[2].strip().lower() for entry in settings.allowed_mailboxes.split(","))
    return frozenset(f"@{domain}" for domain in domains if domain and not f".{domain}".endswith(INITIAL_DOMAINS))
