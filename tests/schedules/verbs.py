"""What can happen in a run: the verbs, the faults of calls, and who acts.

Fillers are the routine of the relay, which is not counted. Calm verbs happen to every customer; wild ones are untrue
answers, wrong clocks and mistakes, and their names begin with "lie: " if Graph or the vault says what is not true.
"""

from __future__ import annotations

# Threads, and the processes that they belong to. "outside" is everybody else: Graph, the partner, the administrator.
WORKERS = {"outside": "outside", "a1": "a", "a2": "a", "b1": "b", "n1": "n"}
FILLERS = ("timer", "queues", "wait", "restart")
RELAY_VERBS = ("crash", "night", "set up", "set up direct", "let go", "watch list", "release list", "audit", "clean up")
CALM_VERBS = (
    "lose silently", "lose with notice", "reauthorize", "missed", "change", "late event", "room joins", "room leaves",
    "list vanishes", "allow", "hosts", "lifetime", "renew before", "address", "quota", "rotate", "upgrade", "rollback",
    "stop", "idle", "another's", "twin",
)  # fmt: skip
LIES = (
    "404", "silent", "401", "403", "429 of one", "throttled", "list empty", "list partial", "list expired",
    "list repeating", "list failing", "list link", "twins", "lost answers", "lifetime", "spelling", "skew", "outage",
    "rooms", "scope", "vault", "row",
)  # fmt: skip
WILD_VERBS = (
    "removed untrue", "typing error", "leak", "restore", "restore watches", "clock", *(f"lie: {each}" for each in LIES),
)  # fmt: skip
FAULTS = ("kill", "kill-after", "fail", "lost", "again", "freeze")
WILD_FAULTS = (*FAULTS, "clock")
# Where a process crashes, stands still, or gets no answer: the call, the fault, and the act in which it is likely.
CRASHES = (
    ("graph.create", "kill", "set up"), ("graph.create", "kill-after", "set up"), ("graph.create", "lost", "set up"),
    ("graph.create", "freeze 180", "set up"), ("watches.create_entity", "kill-after", "set up"),
    ("graph.create", "kill", "timer"), ("graph.create", "kill-after", "timer"), ("graph.create", "lost", "timer"),
    ("graph.create", "freeze 180", "timer"), ("graph.create", "kill", "queues"), ("graph.create", "lost", "queues"),
    ("graph.create", "freeze 180", "queues"), ("graph.delete", "kill", "timer"), ("graph.delete", "kill", "let go"),
    ("graph.delete", "kill-after", "let go"), ("graph.delete", "lost", "let go"), ("graph.delete", "fail", "let go"),
    ("graph.delete", "freeze 180", "let go"), ("graph.delete", "freeze 180", "timer"),
    ("watches.delete_entity", "kill", "let go"), ("watches.delete_entity", "freeze 180", "timer"),
    ("graph.renew", "kill-after", "timer"), ("graph.renew", "lost", "timer"), ("graph.renew", "lost", "queues"),
    ("graph.change_address", "kill-after", "timer"), ("graph.change_address", "lost", "timer"),
    ("graph.get", "freeze 180", "timer"), ("graph.get", "freeze 180", "queues"), ("work.put", "fail", "queues"),
    ("watches.update_entity", "kill-after", "timer"), ("watches.update_entity", "lost", "queues"),
    ("watches.update_entity", "freeze 180", "set up"), ("watches.get_entity", "freeze 180", "queues"),
    ("graph.list", "freeze 180", "audit"), ("graph.delete", "kill", "clean up"), ("jobs.put", "fail", "night"),
)  # fmt: skip
STOPS = tuple(hours * 3600.0 for hours in (2, 3, 8, 12, 26, 72, 216))  # seconds for which the whole app is stopped
IDLE = tuple(hours * 3600.0 for hours in (0.6, 3, 13, 26, 50))  # seconds without a timer or a message

WHICH = 64  # an act's number: the remainder selects the mailbox, the quotient what else is open


def which_of(number: int) -> int:
    """Return what selects the mailbox of an act."""
    return number % WHICH


def variant_of(number: int) -> int:
    """Return what selects everything else about an act: a length, a value, a list."""
    return number // WHICH


def pause_of(verb: str, number: int) -> float:
    """Return for how many seconds an act stops the app, or its timers and messages; 0 for other verbs."""
    lengths = {"stop": STOPS, "idle": IDLE}.get(verb, (0.0,))
    return lengths[variant_of(number) % len(lengths)]
