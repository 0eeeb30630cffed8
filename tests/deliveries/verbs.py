"""What can happen in a run of deliveries: the verbs, the faults of calls, and who acts."""

from __future__ import annotations

# Threads, and the processes that they belong to. "outside" is everybody else: Graph, the partner, the administrator.
WORKERS = {"outside": "outside", "a1": "a", "a2": "a", "b1": "b", "n1": "n"}
FILLERS = ("deliver", "jobs", "timer", "wait", "restart")
RELAY_VERBS = (
    "crash", "night", "resync", "resync full", "pause", "resume", "replay", "delete dead", "let go", "set up",
)  # fmt: skip
CALENDAR_VERBS = (
    "create", "retitle", "move", "availability", "answer", "move out", "move in", "make series", "make single",
    "move occurrence", "drop occurrence", "delete", "soft delete", "restore", "private", "cancel", "away and back",
)  # fmt: skip
OUTSIDE_VERBS = (
    "hint again", "missed", "down", "silent", "up", "reject", "accept", "refuse", "gone 410", "graph down",
    "upgrade", "rollback", "host gave up",
)  # fmt: skip
WILD_VERBS = ("hint lost", "clock")
CALM_FAULTS = ("freeze",)
FAULTS = ("kill", "kill-after", "fail", "lost", "again", "freeze")
WHICH = 64  # an act's number: the remainder selects mailbox and event, the quotient what else is open
# Where a process crashes, stands still, or gets no answer: the call, the fault, and the act in which it is likely.
CRASHES = (
    ("partner.deliver", "kill", "deliver"), ("partner.deliver", "kill-after", "deliver"),
    ("partner.deliver", "kill-after", "deliver"), ("partner.deliver", "lost", "deliver"),
    ("partner.deliver", "lost", "deliver"), ("partner.deliver", "freeze 180", "deliver"),
    ("partner.deliver", "lost", "jobs"), ("partner.deliver", "kill-after", "jobs"),
    ("ledger.create_entity", "kill-after", "deliver"), ("ledger.create_entity", "lost", "deliver"),
    ("ledger.update_entity", "kill", "deliver"), ("ledger.update_entity", "kill-after", "deliver"),
    ("ledger.update_entity", "lost", "deliver"), ("ledger.update_entity", "fail", "deliver"),
    ("ledger.submit_transaction", "kill", "deliver"), ("ledger.submit_transaction", "kill-after", "deliver"),
    ("changes.put", "kill-after", "deliver"), ("changes.put", "fail", "deliver"), ("changes.put", "kill-after", "jobs"),
    ("parked.submit_transaction", "kill-after", "deliver"), ("parked.submit_transaction", "kill", "jobs"),
    ("calendars.get", "freeze 180", "deliver"), ("calendars.get", "freeze 660", "deliver"),
    ("calendars.calendar_view", "kill", "jobs"), ("jobs.put", "kill-after", "jobs"), ("jobs.put", "fail", "jobs"),
    ("ledger.submit_transaction", "fail", "let go"), ("ledger.query_entities", "fail", "let go"),
    ("ledger.query_entities", "kill", "let go"), ("watches.delete_entity", "kill-after", "let go"),
    ("watches.create_entity", "kill-after", "set up"), ("watches.update_entity", "kill-after", "jobs"),
)  # fmt: skip


def which_of(number: int) -> int:
    """Return what selects the mailbox and the event of an act."""
    return number % WHICH


def variant_of(number: int) -> int:
    """Return what selects everything else about an act."""
    return number // WHICH
