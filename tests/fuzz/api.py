"""Schemathesis against a running stack: every response must be documented in docs/openapi.json."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.process import ROOT
from sandbox.stack import Stack
from sandbox.tenant.graph.bookings_rules import DAYS
from shared.features import BY_NAME
from tools.openapi.objects.servers import KEY_BASE, TOKEN_BASE

CONFIG = ROOT / "tests" / "fuzz" / "schemathesis.toml"
DOCUMENT = ROOT / "docs" / "openapi.json"
TOKEN = "entraToken"  # the scheme of the document
# Settings and a tenant in which every kind of setup call can succeed.
SETTINGS = {
    "SETTLE_SECONDS": "1",
    "ALLOWED_NOTIFICATION_HOSTS": "localhost",
    "ALLOWED_MAILBOXES": "@contoso.com,roomlist:building1@contoso.com",
    "FEATURES": ",".join(("relay", *BY_NAME)),
    "EVENT_DETAIL": "location,organizer,attendees",
}
ROLES = ["Place.Read.All", "Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"]
OPEN = [{"startTime": "00:00:00.0000000", "endTime": "00:00:00.0000000"}]
BUSINESS = {
    "address": "shop@contoso.com", "displayName": "Shop", "timeZone": "UTC",
    "businessHours": [{"day": day, "timeSlots": OPEN} for day in DAYS],
    "schedulingPolicy": {"minimumLeadTime": "PT0S", "maximumAdvance": "P36500D"},  # so that fixed times stay valid
    "services": [{"id": "repair", "displayName": "Repair"}], "staff": [{"displayName": "Ada"}, {"displayName": "Bo"}],
}  # fmt: skip

AGENTS = ("room1@contoso.com", "room2@contoso.com", "kari@contoso.com")
AT_WORK = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
           "startTime": "00:00:00", "endTime": "00:00:00", "timeZone": {"name": "UTC"}}  # fmt: skip


def seed(number: int) -> dict[str, object]:
    """Return a tenant with a room list, whose app may read it."""
    lists = {"building1@contoso.com": ["room1@contoso.com", "room2@contoso.com"]}
    return {"settings": {"roomLists": lists, "seed": number}}


def prepare(stack: Stack) -> None:
    """Give the app all permissions of the product, and create a watch, a room list and a business."""
    client = stack.seed["clients"][0]["clientId"]
    stack.tenant.control("POST", f"/clients/{client}", {"roles": ROLES})
    stack.tenant.grant_in_exchange(client, "Calendars.Read", "Calendars.ReadWrite")
    stack.tenant.control("POST", "/bookings", BUSINESS)
    for mailbox in AGENTS:
        stack.tenant.control("PUT", f"/calendars/{mailbox}/workingHours", AT_WORK)
    stack.relay.call("POST", "/subscriptions", json={"mailbox": "room3@contoso.com"}).raise_for_status()
    stack.relay.call("POST", "/room-lists", json={"roomList": "building1@contoso.com"}).raise_for_status()


def plant_faults(stack: Stack) -> None:
    """Make Graph fail in all its ways, now and then."""
    ways = ({"status": 503}, {"status": 429, "headers": {"Retry-After": "1"}}, {"status": 500, "body": "<html>"},
            {"status": 403, "body": {"error": {"code": "ErrorAccessDenied", "message": "no"}}}, {"cut": True},
            {"status": 201, "body": "<html>", "after": True})  # fmt: skip
    conflict = {"status": 409, "body": {"error": {"code": "ExtensionError", "message": "no"}}}
    for match in ("POST /v1.0/subscriptions", "DELETE /v1.0/subscriptions", "GET /v1.0/places"):
        _plant(stack, match, *ways, conflict)
    for match in ("/v1.0/solutions/", "/v1.0/users/"):
        _plant(stack, match, *ways)


def switch_behaviours(stack: Stack, number: int) -> list[str]:
    """Switch a random choice of Graph's behaviours on, by the seed of the run; return their names."""
    body = {"seed": number, "share": 0.5, "longestSeconds": 5}
    return sorted(stack.tenant.control("POST", "/behaviours/random", body)["on"])


def _plant(stack: Stack, match: str, *ways: Mapping[str, object]) -> None:
    for way in ways * 3:
        stack.tenant.control("POST", "/faults", {"match": match, "times": 2, **way})


def faults_met(stack: Stack) -> int:
    """Return how many requests have met a planted fault."""
    return sum(fault["met"] for fault in stack.tenant.control("GET", "/faults")["faults"])


def schemathesis(stack: Stack, folder: Path, *arguments: str, base: str = KEY_BASE) -> subprocess.CompletedProcess[str]:
    """Run schemathesis on what is below a base; 0 means that no check failed. Its files are in `folder`."""
    keys, document = stack.keys | {"token": _token(stack)}, folder / f"{base.replace('/', '-')}.json"
    document.write_text(json.dumps(below(base)))
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG), "run", str(document)]
    command += [
        "--url",
        f"{stack.relay.url}/{base}",
        "--tls-verify",
        str(stack.certificates.ca_pem),
        "--no-color",
        *arguments,
    ]
    return subprocess.run(
        command, cwd=folder, env=_environment(keys), capture_output=True, text=True, check=False, timeout=3_000
    )


def below(base: str) -> dict[str, Any]:
    """Return the document of what is below a base: schemathesis uses the first way to authenticate that it finds.

    Operations that take no credential are below the default base alone.
    """
    document: dict[str, Any] = json.loads(DOCUMENT.read_text())
    for methods in document["paths"].values():
        for method, operation in list(methods.items()):
            ways = [way for way in operation["security"] if (TOKEN in way) == (base == TOKEN_BASE)]
            if base == TOKEN_BASE and (not ways or {} in operation["security"]):
                del methods[method]
            else:
                operation["security"] = ways
    return document


def _environment(keys: dict[str, str]) -> dict[str, str]:
    """Return the environment without proxies and certificate bundles, which must not be used for loopback."""
    astray = ("PROXY", "CA_BUNDLE")
    kept = {name: value for name, value in os.environ.items() if not name.upper().endswith(astray)}
    return kept | {f"RELAY_{name.upper()}": value for name, value in keys.items()}


def _token(stack: Stack) -> str:
    """Return a token of the partner's app, which has all roles."""
    relay, partner = stack.seed["clients"]
    assignment = {"clientId": partner["clientId"], "roles": ["Relay.Admin"]}
    stack.tenant.control("POST", f"/clients/{relay['clientId']}/assignments", assignment)
    scope = f"api://{relay['clientId']}/.default"
    return stack.tenant.token(stack.seed["tenantId"], partner["clientId"], partner["secrets"][0], scope)
