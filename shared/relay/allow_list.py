"""Which mailboxes the customer allows. Pure.

Checked when a watch is made and again before every reading, so that an address taken off the list is read no more.
"""

from __future__ import annotations


def allows(allowed_mailboxes: str, mailbox: str) -> bool:
    """Return whether ALLOWED_MAILBOXES (addresses and @domain suffixes, comma separated) allows an address.

    An empty list allows none. `@contoso.com` allows that domain, not those below it. `roomlist:` entries allow nothing
    by themselves: their rooms have to be asked of Graph.
    """
    address = mailbox.lower()
    domain = "@" + address.rpartition("@")[2]
    return any(entry in (address, domain) for entry in _entries(allowed_mailboxes))


def room_lists(allowed_mailboxes: str) -> list[str]:
    """Return the addresses of the `roomlist:` entries."""
    entries = _entries(allowed_mailboxes)
    return [entry.removeprefix("roomlist:") for entry in entries if entry.startswith("roomlist:")]


def _entries(allowed_mailboxes: str) -> list[str]:
    return [entry.strip().lower() for entry in allowed_mailboxes.split(",") if entry.strip()]
