"""Every call of Graph for a mailbox, and every outgoing address, is permitted by shared/policy/permission.py first.

A class that holds a client of Graph, or the partner's webhook, asks itself, or stands here with the methods that ask
before it is reached. The clients, their methods and what these do at Graph are read from the code: a client, a user or
a method that is new to this test fails it, and so does a call before the question, or after one with a smaller verb.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.permission_order import acts_of, clients, methods_of, writes
from tests.architecture.trees import tree_of

ROOT = Path(__file__).parents[2]
CLIENTS = {*clients(), "RenamedMailboxes", "WatchedEvents"}  # the last two call a client for whoever holds them
# Where a class does not ask itself: the methods that ask before, each Class.method.
DELIVERY = ("MailboxAccess.admitted",)
JOBS = ("WatchJobs.run",)
SETUP = ("Admission.require",)
TIMER = ("DueWork._is_allowed",)
BUSINESS = ("BusinessLookup.business_id",)
PAIRS = ("ResourceStates._state", "ResourceStates._is_permitted")
CHECKED_BEFORE: dict[str, tuple[str, ...]] = {
    "EventSync": DELIVERY, "Posting": DELIVERY, "Occurrences": (*DELIVERY, *JOBS), "Resync": JOBS,
    "Creation": (*SETUP, *TIMER, *JOBS), "SubscriptionService": (*TIMER, *JOBS), "Losses": (*TIMER, *JOBS),
    "RenamedMailboxes": (*SETUP, *TIMER, *JOBS), "WatchedEvents": (*DELIVERY, *JOBS),
    "AppointmentCreator": BUSINESS, "AppointmentChanger": BUSINESS, "BookingsReader": BUSINESS,
    "AppointmentSender": BUSINESS, "AppointmentCanceller": BUSINESS, "Appointments": BUSINESS, "Customers": BUSINESS,
    "CurrentAppointments": BUSINESS, "ExistingAppointments": BUSINESS, "Seats": BUSINESS,
    "StaffTimes": BUSINESS, "AppointmentUpdate": BUSINESS,
    "SlotConflicts": ("SlotBooker.book", "BookingChanger.move"),
    "BookingEvents": ("SlotBooker.book", "BookingChanger.move", "BookingCleanup._resolve_if_allowed"),
    "BusyMailboxFinder": ("PermittedMailboxes._of",),
    "EventWriter": ("CalendarService._allowed",), "BusinessReader": ("AppointmentPoll._read",),
    "EventReader": PAIRS, "PairWriter": PAIRS, "ResourceComparison": PAIRS, "EventRemovals": PAIRS,
}  # fmt: skip
# What uses no mailbox, or is IT's own act. Each with the reason.
NOT_CHECKED = {
    "Removal": "deletes subscriptions", "Audit": "lists and deletes subscriptions",
    "UnknownCleanup": "deletes subscriptions, at an administrator's request",
    "ClockCheck": "GET of one subscription by its id, for the time", "HealthChecks": "signs, and sends nothing",
    "PartnerOutbox": "asks whether the relay is stopped; the feature asked for the mailbox when it read",
    "PartnerCheck": "the doctor, which leaves it out while the relay is stopped",
    "MailboxChecks": "the same", "GraphChecks": "the same", "CalendarWriteCheck": "the same",
    "BookingsPermissionCheck": "the same", "_CalendarReads": "the same",
    "SetupChecks": "calls the relay's own address",
}  # fmt: skip


# Methods of classes that ask, which do not ask themselves: the methods that ask before.
METHODS_CHECKED_BEFORE = {
    "BookingCleanup.resolve": ("SlotBooker.book", "BookingChanger.move"),
    "BookingCleanup.end_booking": ("BookingChanger.cancel",),
    "SlotFinder.nearest": ("SlotBooker.book", "BookingChanger.move"),
    "SlotFinder.get_availability": ("SlotBooker.book", "BookingChanger.move"),
    "BusinessLookup.appointment": ("BusinessLookup.business_id",),
}
# What is called before the question, because only its result says which mailbox it is about.
_OWNERS = "whose calendar it is; CalendarService._allowed has asked for the mailbox that holds it"
FIRST = {
    "BookingsClient.search": "businesses by name; those that are not allowed are left out",
    "Calendars.all": _OWNERS, "Calendars.get_calendar": _OWNERS, "Calendars.of_event": _OWNERS,
}  # fmt: skip
# Client methods that bootstrap hands on as functions, and who asks before they are called.
HANDED_ON = {
    "Events.owner": "MailboxOwners, of the permission itself, after its other questions",
    "Webhook.url": "an address that is shown", "Webhook.secrets": "read from the vault",
}  # fmt: skip
# Who opens connections, and to which address.
CONNECTIONS = {
    "shared/bootstrap/app.py": "login's keys", "shared/bootstrap/graph.py": "GRAPH_BASE_URL; the relay's own address",
    "shared/graph/login.py": "login", "shared/graph/client.py": "GRAPH_BASE_URL",
    "shared/bootstrap/dataverse_reading.py": "DATAVERSE_URL",
}  # fmt: skip


def classes() -> Iterator[ast.ClassDef]:
    """Yield every class of shared/, except the clients themselves and what builds the parts."""
    for path in sorted((ROOT / "shared").rglob("*.py")):
        if path.parts[len(ROOT.parts) + 1] in ("graph", "bootstrap"):
            continue
        yield from (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))


def held_by(node: ast.ClassDef) -> set[str]:
    """Return the names in the types of a class's fields, and of the parameters of its __init__."""
    types = [each.annotation for each in node.body if isinstance(each, ast.AnnAssign)]
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            types += [argument.annotation for argument in each.args.args if argument.annotation is not None]
    return {name.id for kind in types for name in ast.walk(kind) if isinstance(name, ast.Name)}


CLASSES = {node.name: node for node in classes()}
USERS = {name: held_by(node) for name, node in CLASSES.items() if held_by(node) & CLIENTS}
CHECKING = {name for name, held in USERS.items() if "Permission" in held}


def calls_permission(node: ast.AST) -> bool:
    """Return whether code calls `self.permission.may` or `self.permission.require`."""
    called = {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    return bool(called & {"self.permission.may", "self.permission.require"})


def test_every_user_of_the_tenant_checks_or_is_checked_before() -> None:
    """And no row stands here for a class that asks by itself, or that does not exist."""
    assert len(USERS) > 20
    assert {*CHECKING, *CHECKED_BEFORE, *NOT_CHECKED} == set(USERS)
    assert not {*CHECKED_BEFORE} & CHECKING
    assert not {*NOT_CHECKED} & CHECKING


@pytest.mark.parametrize("name", sorted(CHECKING))
def test_a_holder_of_the_permission_uses_it(name: str) -> None:
    """In its own code."""
    assert calls_permission(CLASSES[name])


def methods_that_use(names: set[str]) -> list[str]:
    """Return the public methods, as Class.method, that call a client."""
    return sorted(
        f"{name}.{method}"
        for name in names
        for method in methods_of(CLASSES[name])
        if not method.startswith("_") and any(act.kind == "use" for act in acts_of(CLASSES[name], method))
    )


def test_the_clients_are_read_from_the_code() -> None:
    """Some that must be among them, and what they write."""
    assert {"Events", "Calendars", "Schedules", "BookedEvents", "BookingsClient", "Subscriptions"} <= CLIENTS
    assert {"Calendars.create_event", "BookedEvents.remove", "Subscriptions.create"} <= writes()
    assert not {"Calendars.get", "Events.owner", "Schedules.of"} & writes()
    assert len(methods_that_use(CHECKING)) > 12


@pytest.mark.parametrize("method", methods_that_use(CHECKING))
def test_a_method_checks_before_it_calls_a_client(method: str) -> None:
    """And with the verb `write` before it writes. Methods that others must ask for stand here with these."""
    name, _, last = method.partition(".")
    acts = [act for act in acts_of(CLASSES[name], last) if act.what not in FIRST]
    if method in METHODS_CHECKED_BEFORE:
        assert all(act.kind == "use" for act in acts), "it asks itself"
        return
    assert acts[0].kind == "ask", f"{acts[0].what} is called before the question"
    if {act.what for act in acts if act.kind == "use"} & writes():
        assert acts[0].what == "write"


@pytest.mark.parametrize("method", sorted({each for methods in METHODS_CHECKED_BEFORE.values() for each in methods}))
def test_what_checks_for_others_checks_first(method: str) -> None:
    """In its own text, before anything else that counts."""
    name, _, last = method.partition(".")
    acts = [act for act in acts_of(CLASSES[name], last) if act.what not in FIRST]
    assert acts[0].kind == "ask"


def test_bootstrap_hands_on_no_other_client_method() -> None:
    """A function in the place of a client would hide its calls from this test."""
    parts = {
        method.name: ast.unparse(method.returns)
        for path in sorted((ROOT / "shared/bootstrap").glob("*.py"))
        for method in ast.walk(tree_of(path))
        if isinstance(method, ast.FunctionDef) and method.returns is not None
    }
    used = {
        f"{parts[node.value.attr]}.{node.attr}"
        for path in sorted((ROOT / "shared/bootstrap").glob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)
        and parts.get(node.value.attr) in CLIENTS
    }  # fmt: skip
    assert used <= {*HANDED_ON}
    assert "Events.owner" in used


def test_the_owners_are_used_by_the_permission_alone() -> None:
    """Each of their methods that may call Graph."""
    askers = {
        f"{path.relative_to(ROOT)}"
        for path in (ROOT / "shared").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("at_setup", "at_call", "refreshed")
        and "owners" in ast.unparse(node)
    }  # fmt: skip
    assert askers == {"shared/policy/permission.py"}


def test_connections_are_opened_by_listed_code() -> None:
    """For the partner in shared/http alone, which checks each address."""
    openers = {
        f"{path.relative_to(ROOT)}"
        for path in (ROOT / "shared").rglob("*.py")
        if path.parts[len(ROOT.parts) + 1] != "http"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("session_for", "graph_session", "requests.Session")
    }
    assert openers == {*CONNECTIONS}


@pytest.mark.parametrize("method", sorted({each for methods in CHECKED_BEFORE.values() for each in methods}))
def test_each_method_that_stands_before_others_checks(method: str) -> None:
    """It calls `may` or `require`."""
    owner, _, name = method.partition(".")
    [function] = [each for each in CLASSES[owner].body if isinstance(each, ast.FunctionDef) and each.name == name]
    assert calls_permission(function)


def test_the_allow_list_is_used_by_the_permission_alone() -> None:
    """Other code reads its room lists, or shows whether an address is on it, and decides nothing by it."""
    askers = {
        f"{path.relative_to(ROOT)}"
        for path in (ROOT / "shared").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("decide", "allows") and "allow_list" in ast.unparse(node)
    }
    assert askers == {"shared/policy/permission.py", "shared/doctor/mailboxes.py"}


def test_an_address_of_direct_delivery_is_judged_by_the_permission_alone() -> None:
    """ALLOWED_NOTIFICATION_HOSTS is read where it is judged, and in the hash that says that settings changed."""
    readers = {
        f"{path.relative_to(ROOT)}"
        for path in (ROOT / "shared").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "allowed_notification_hosts"
    }
    assert readers == {"shared/policy/permission.py", "shared/subscriptions/due.py"}
