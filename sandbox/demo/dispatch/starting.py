"""The stack of this demonstration: two technicians, their environment of Dynamics 365, webhooks, and a partner."""

import secrets
from pathlib import Path
from typing import Any

from sandbox.demo.dispatch.reading import KARI, TECHNICIANS
from sandbox.process import ROOT
from sandbox.stack import Stack

SECRET = "dataverse-hook-secret"
LEASE_SECONDS = 30.0
"""How long the message of a killed host stays hidden; ten minutes in Azure."""
SETTINGS = {
    "FEATURES": "relay,dataverse", "ALLOWED_MAILBOXES": ",".join(TECHNICIANS), "SETTLE_SECONDS": "1",
    "DATAVERSE_RESOURCES": "column:new_calendarrelay", "DATAVERSE_DIRECTION": "both",
    "DATAVERSE_SCHEDULE": "*/5 * * * * *", "RESYNC_SCHEDULE": "0 0 0 29 2 *",
}  # fmt: skip
TENANT: dict[str, Any] = {"settings": {"hintSpreadSeconds": 0.2, "batchSeconds": 0.05}}
ENVIRONMENT: dict[str, Any] = {
    "resources": [{"mailbox": each} for each in TECHNICIANS], "settings": {"fieldServiceSeconds": [1, 2]},
}  # fmt: skip
MESSAGES = ("Create", "Update", "Delete")
COLUMNS = "resource,bookingstatus,starttime,endtime,duration,name,statecode,statuscode,msdyn_workorder"
WEBHOOK, HTTP_HEADER, ASYNCHRONOUS, AFTER = 8, 5, 1, 40
"""Dataverse's contract, authtype, mode and stage."""


def stack_of(folder: Path) -> Stack:
    """Start everything but the relay."""
    seed = {**TENANT, "secrets": {SECRET: [secrets.token_urlsafe(32)]}}
    return Stack(folder, SETTINGS, seed, host=False, dataverse=ENVIRONMENT)


def start(stack: Stack, app: Path = ROOT) -> None:
    """Start the relay of a folder, let it follow both technicians, and let the partner watch one of them."""
    client = stack.seed["clients"][0]["clientId"]
    stack.tenant.grant_in_exchange(client, "Calendars.Read", "Calendars.ReadWrite")
    stack.start_host(app, lease=LEASE_SECONDS)
    add_webhooks(stack)
    started = stack.relay.call("POST", "/dataverse/start", key="master", json={})
    started.raise_for_status()
    stack.relay.watch(KARI)


def restart(stack: Stack, app: Path = ROOT) -> None:
    """Start the relay again at its address, after it was killed."""
    port = int(stack.host.ready["url"].rpartition(":")[2])
    stack.start_host(app, port=port, lease=LEASE_SECONDS)


def add_webhooks(stack: Stack) -> None:
    """Register the relay's webhook for bookings, as an administrator does."""
    value = (
        f'<settings><setting name="x-calendar-relay-secret" value="{stack.seed["secrets"][SECRET][-1]}" /></settings>'
    )
    endpoint = _add(stack, "serviceendpoints", {
        "name": "Relay", "contract": WEBHOOK, "authtype": HTTP_HEADER, "authvalue": value,
        "url": f"{stack.relay.url}/api/dataverse/notifications",
    })["serviceendpointid"]  # fmt: skip
    messages = {each["sdkmessageid"]: each["name"] for each in _rows(stack, "sdkmessages")}
    for chosen in _rows(stack, "sdkmessagefilters"):
        name = messages[chosen["_sdkmessageid_value"]]
        if chosen["primaryobjecttypecode"] != "bookableresourcebooking" or name not in MESSAGES:
            continue
        _add(stack, "sdkmessageprocessingsteps", {
            "name": f"Relay: {name}", "mode": ASYNCHRONOUS, "stage": AFTER,
            "filteringattributes": COLUMNS if name == "Update" else "",
            "sdkmessageid@odata.bind": f"/sdkmessages({chosen['_sdkmessageid_value']})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({chosen['sdkmessagefilterid']})",
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        })  # fmt: skip


def _rows(stack: Stack, name: str) -> list[dict[str, Any]]:
    return list(stack.dataverse.control("GET", f"/rows/{name}")["value"])


def _add(stack: Stack, name: str, body: dict[str, Any]) -> dict[str, Any]:
    return dict(stack.dataverse.control("POST", f"/rows/{name}", body, **{"as": "administrator"}))
