"""The command that deletes everything that the relay stores about a mailbox."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from relay_admin.client import RelayClient
from relay_admin.entra.command import answered
from relay_admin.errors import OK, UsageError
from relay_admin.output import Output

_NAMES = {
    "watches": "watches", "subscriptions": "subscriptions at Graph", "unknownSubscriptions": "unknown subscriptions",
    "ledgerEntries": "ledger entries", "parkedChanges": "parked changes", "deadLetters": "dead letters",
    "slotBookings": "slot bookings", "replays": "replays",
}  # fmt: skip
_AGAIN = "The allow-list still names it, so it may be set up again: take it off ALLOWED_MAILBOXES."
_UNKNOWN = "It is not known whether the allow-list names it: a room list in ALLOWED_MAILBOXES cannot be read."


def forget(
    relay: RelayClient, out: Output, options: Namespace, *, prompt: Callable[[str], str | None] = answered
) -> int:
    """Forget a mailbox, after a question, and say what was deleted."""
    if not _agreed(options, prompt):
        out.line("Nothing was changed.")
        return OK
    counts = relay.call("POST", "/relay/forget", {"mailbox": options.mailbox})
    out.data({"mailbox": options.mailbox} | counts)
    deleted = ", ".join(f"{counts[name]} {words}" for name, words in _NAMES.items() if counts[name])
    out.line(f"Deleted: {deleted or 'nothing; the relay stores nothing about this mailbox'}.")
    if counts["allowed"] is not False:
        out.line(_AGAIN if counts["allowed"] else _UNKNOWN)
    return OK


def _agreed(options: Namespace, prompt: Callable[[str], str | None]) -> bool:
    """Return whether the deletion is wanted. Raises UsageError where nobody can answer."""
    if options.yes:
        return True
    question = f"Delete everything that the relay stores about {options.mailbox}? This cannot be undone. [y/N] "
    answer = None if options.json else prompt(question)
    if answer is None:
        raise UsageError("Nobody can answer here, so nothing was deleted", "Add --yes to delete.")
    return answer.strip().lower() in ("y", "yes")
