"""Collects the input of the accounting from tenant, partner and storage, never from the relay's own output."""

import json
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.demo.expected import expected_calendar
from tests.chaos.accounting import Collected, Key
from tests.chaos.stage import Stage

EVER = ("2000-01-01T00:00:00Z", "2040-01-01T00:00:00Z")


def collect(stage: Stage, deleted: set[Key]) -> Collected:
    """Return the current state of all sides."""
    tenant, partner = stage.stack.tenant, stage.stack.partner
    outcomes = tenant.control("GET", "/notifications/outcomes")
    deliveries = partner.deliveries()
    return Collected(
        accepted=_keys(outcomes["accepted"]),
        given_up=_keys(outcomes["givenUp"]),
        parked=parked(stage),
        deleted=frozenset(deleted),
        taken=_taken(deliveries, partner.control("GET", "/raw")),
        expected={room: expected_calendar(tenant.calendar(room, *EVER)) for room in stage.rooms},
        received={room: {event["id"]: event for event in events} for room, events in partner.calendars().items()},
        deliveries=deliveries,
    )


def parked(stage: Stage) -> dict[Key, str]:
    """Return the parked events and dead letters, with the kind; the table may not exist."""
    mailboxes = {row["RowKey"]: str(row["mailbox"]) for row in rows(stage, "watches") if row["PartitionKey"] == "watch"}
    parked_rows = rows(stage, "parked")
    return {(mailboxes.get(row["watch_id"], ""), row["event_id"]): row["PartitionKey"] for row in parked_rows}


def subscriptions(stage: Stage) -> dict[str, str]:
    """Return the living subscription that each watch names, by mailbox; "" while it has none, or owes a resync."""
    living = {each["id"] for each in stage.stack.tenant.control("GET", "/subscriptions")["value"]}
    watches = [row for row in rows(stage, "watches") if row["PartitionKey"] == "watch"]
    return {str(row["mailbox"]): str(row["subscription_id"]) if _is_served(row, living) else "" for row in watches}


def watch_ids(stage: Stage) -> dict[str, str]:
    """Return the id of each watch, by mailbox."""
    return {str(row["mailbox"]): row["RowKey"] for row in rows(stage, "watches") if row["PartitionKey"] == "watch"}


def _is_served(row: dict[str, Any], living: set[str]) -> bool:
    owes_nothing = not row.get("missing_since") and not row.get("gap_since")
    return row["state"] == "live" and owes_nothing and row["subscription_id"] in living


def rows(stage: Stage, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table, none when it does not exist."""
    with TableServiceClient.from_connection_string(stage.stack.azurite.connection_string) as service:
        try:
            return [dict(row) for row in service.get_table_client(table).list_entities()]
        except ResourceNotFoundError:
            return []


def waiting(stage: Stage) -> dict[str, int]:
    """Return the numbers of unprocessed items by place; empty when there are none."""
    sender = stage.stack.tenant.control("GET", "/notifications")
    counts = {f"tenant's {name}": sender[name] for name in ("pending", "deliveries", "rooms")}
    with QueueServiceClient.from_connection_string(stage.stack.azurite.connection_string) as service:
        for queue in service.list_queues():
            depth = service.get_queue_client(queue.name).get_queue_properties().approximate_message_count
            counts[f"queue {queue.name}"] = depth or 0
    counts["watches without a subscription"] = sum(not each for each in subscriptions(stage).values())
    counts["parked"] = sum(kind == "waiting" for kind in parked(stage).values())
    return {name: number for name, number in counts.items() if number}


def _keys(listed: list[dict[str, Any]]) -> frozenset[Key]:
    return frozenset((item["mailbox"], item["eventId"]) for item in listed)


def _taken(deliveries: dict[str, Any], raw: list[dict[str, Any]]) -> frozenset[Key]:
    """Return the events, and their series, of which a delivery was taken."""
    webhook_ids = {delivery["webhookId"] for delivery in deliveries["list"] if delivery["taken"]}
    taken: set[Key] = set()
    for request in raw:
        if {name.lower(): value for name, value in request["headers"]}.get("webhook-id") in webhook_ids:
            data = json.loads(request["body"])["data"]
            ids = (data["event"]["id"], data["event"]["seriesId"])
            taken |= {(data["mailbox"], event) for event in ids if event}
    return frozenset(taken)
