"""Promise 8: importing the app reads no setting and opens no connection; the host indexes the agreed functions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings

ROOT = Path(__file__).parents[2]
# Run in a separate process without an environment: records its reads and every socket, then indexes.
PROBE = """
import json, os, socket, sys
read, sockets = [], []
class Watching(dict):
    def __getitem__(self, name): read.append(name); return super().__getitem__(name)
    def get(self, name, default=None): read.append(name); return super().get(name, default)
    def __contains__(self, name): read.append(name); return super().__contains__(name)
os.environ = Watching(os.environ)
os.getenv = os.environ.get
sys.addaudithook(lambda event, args: sockets.append(event) if event.startswith("socket.") else None)
import function_app
modules = sorted(name for name in sys.modules if name.split(".")[0] in ("requests", "msal", "azure", "pydantic"))
functions = function_app.app.get_functions()
bindings = {f.get_function_name(): [json.loads(binding) for binding in f.get_raw_bindings()] for f in functions}
print(json.dumps({"read": read, "sockets": sockets, "bindings": bindings, "modules": modules}))
"""
ANONYMOUS = {"receive_notifications", "receive_lifecycle_events", "health", "openapi", "version", "get_problem"}
ROUTES = {
    "create_subscription": ("POST", "subscriptions"), "list_subscriptions": ("GET", "subscriptions"),
    "create_many_subscriptions": ("POST", "subscriptions/batch"),
    "query_subscriptions": ("POST", "subscriptions/query"), "create_room_list": ("POST", "room-lists"),
    "get_subscription": ("GET", "subscriptions/{id}"), "delete_subscription": ("DELETE", "subscriptions/{id}"),
    "receive_notifications": ("POST", "notifications"), "receive_lifecycle_events": ("POST", "lifecycle"),
    "health": ("GET", "health"), "health_checks": ("GET", "health/checks"),
    "list_room_lists": ("GET", "room-lists"), "get_room_list": ("GET", "room-lists/{id}"),
    "delete_room_list": ("DELETE", "room-lists/{id}"), "resync_subscription": ("POST", "subscriptions/{id}/resync"),
    "get_relay": ("GET", "relay"), "pause_relay": ("POST", "relay/pause"), "resume_relay": ("POST", "relay/resume"),
    "stop_relay": ("POST", "relay/stop"), "start_relay": ("POST", "relay/start"),
    "forget_mailbox": ("POST", "relay/forget"),
    "list_dead_letters": ("GET", "dead-letters"), "delete_dead_letters": ("DELETE", "dead-letters"),
    "replay_dead_letters": ("POST", "dead-letters/replay"), "get_replay": ("GET", "dead-letters/replays/{id}"),
    "openapi": ("GET", "openapi.json"),
    "list_unknown_subscriptions": ("GET", "relay/unknown-subscriptions"),
    "delete_unknown_subscriptions": ("DELETE", "relay/unknown-subscriptions"),
    "examine_relay": ("POST", "doctor"), "version": ("GET", "version"), "get_problem": ("GET", "problems/{code}"),
}  # fmt: skip
CATCH_ALL = "zz_unknown"  # takes every method and path that no other function takes
QUEUES = {
    "deliver_changes": "calendar-changes", "repair_mailboxes": "mailbox-repairs",
    "work_on_subscriptions": "subscription-work", "keep_poisoned_work": "subscription-work-poison",
    "keep_poisoned_changes": "calendar-changes-poison", "keep_poisoned_repairs": "mailbox-repairs-poison",
}  # fmt: skip
BY_TOKEN = {
    f"{name}_entra": (method, f"entra/{route}") for name, (method, route) in ROUTES.items() if name not in ANONYMOUS
}
FUNCTIONS = {*ROUTES, *BY_TOKEN, *QUEUES, CATCH_ALL, "renew_subscriptions", "resync_calendars"}
MASTER_KEY = {
    "resync_subscription", "get_relay", "pause_relay", "resume_relay", "stop_relay", "start_relay",
    "forget_mailbox", "list_dead_letters", "delete_dead_letters",
    "replay_dead_letters", "get_replay", "examine_relay", "list_unknown_subscriptions", "delete_unknown_subscriptions",
}  # fmt: skip


def probed(folder: Path, **environ: str) -> dict[str, Any]:
    """Import the app in a folder, in a new process with an empty environment or these variables."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=folder, env=environ, capture_output=True, text=True, timeout=180, check=False
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def imported() -> dict[str, Any]:
    """Return the record of an import of the app."""
    return probed(ROOT)


def bindings_of(imported: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the bindings of a kind, by function."""
    return {
        name: binding
        for name, bindings in imported["bindings"].items()
        for binding in bindings
        if binding["type"] == kind
    }


def test_the_import_reads_no_setting(imported: dict[str, Any]) -> None:
    """The environment is empty and reading it by [] would raise; only FEATURES is read, by get."""
    ours = {name.upper() for name in Settings.model_fields} | {"AzureWebJobsStorage", "WEBSITE_HOSTNAME"}
    assert ours & set(imported["read"]) == {"FEATURES"}


def test_the_import_opens_no_socket(imported: dict[str, Any]) -> None:
    """By Python's own audit events."""
    assert imported["sockets"] == []


def test_the_import_loads_nothing_that_indexing_does_not_need(imported: dict[str, Any]) -> None:
    """A cold start must respond to Graph's handshake within ten seconds."""
    assert "azure.functions" in imported["modules"]
    loaded = {name for name in imported["modules"] if not name.startswith("azure.functions")}
    assert not {name for name in loaded if name.split(".")[0] in ("requests", "msal", "pydantic")}
    assert not {
        name for name in loaded if name.startswith(("azure.identity", "azure.keyvault", "azure.storage", "azure.data"))
    }


def test_the_functions_are_those_of_the_documentation(imported: dict[str, Any]) -> None:
    """By their names in the portal."""
    assert set(imported["bindings"]) == FUNCTIONS


def test_the_routes_are_those_of_the_contract(imported: dict[str, Any]) -> None:
    """Method, route, and whether a key is needed."""
    triggers = bindings_of(imported, "httpTrigger")
    catch_all = triggers.pop(CATCH_ALL)
    assert (catch_all["route"], catch_all["authLevel"], catch_all.get("methods")) == ("{*path}", "ANONYMOUS", None)
    assert {name: (*found["methods"], found["route"]) for name, found in triggers.items()} == ROUTES | BY_TOKEN
    open_ones = {name for name, found in triggers.items() if found.get("authLevel") == "ANONYMOUS"}
    assert open_ones == ANONYMOUS | BY_TOKEN.keys()
    assert {name for name, found in triggers.items() if found.get("authLevel") == "ADMIN"} == MASTER_KEY
    others = triggers.keys() - open_ones - MASTER_KEY
    assert {triggers[name].get("authLevel") for name in others} <= {"FUNCTION", None}


def test_every_function_has_both_routes_or_is_anonymous_on_purpose(imported: dict[str, Any]) -> None:
    """One for keys and one for tokens, with the same path and methods; anonymous functions are listed here."""
    triggers = bindings_of(imported, "httpTrigger")
    for name in triggers.keys() - {*ANONYMOUS, CATCH_ALL} - {f"{twin}_entra" for twin in triggers}:
        keyed, twin = triggers[name], triggers.get(f"{name}_entra", {})
        assert (twin.get("route"), twin.get("methods")) == (f"entra/{keyed['route']}", keyed["methods"]), name
        assert (keyed["authLevel"] in ("FUNCTION", "ADMIN"), twin["authLevel"]) == (True, "ANONYMOUS"), name


def test_the_queues_and_the_timers_are_those_of_the_design(imported: dict[str, Any]) -> None:
    """Both receivers write to both queues, through the host, before their response is sent."""
    queues = {name: found["queueName"] for name, found in bindings_of(imported, "queueTrigger").items()}
    assert queues == QUEUES
    timers = {name: found["schedule"] for name, found in bindings_of(imported, "timerTrigger").items()}
    assert timers == {"renew_subscriptions": "%RENEWAL_SCHEDULE%", "resync_calendars": "%RESYNC_SCHEDULE%"}
    for name in ("receive_notifications", "receive_lifecycle_events"):
        outputs = {b["queueName"] for b in imported["bindings"][name] if b["type"] == "queue"}
        assert outputs == {"calendar-changes", "mailbox-repairs"}
