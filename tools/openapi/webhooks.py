"""The deliveries to the partner, for the OpenAPI document. ("Standard Webhooks")"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tools.openapi.deliveries import EventDelivery, GoneEventDelivery, PingDelivery
from tools.openapi.paths import ref

DELIVERIES: dict[str, tuple[str, type[BaseModel]]] = {
    "calendar.event.created": ("An event that the partner may not have.", EventDelivery),
    "calendar.event.updated": ("An event has changed.", EventDelivery),
    "calendar.event.deleted": ("An event was deleted, or left the calendar.", GoneEventDelivery),
    "calendar.relay.ping": ("A test delivery, signed like any other and never retried.", PingDelivery),
}
HEADERS = {
    "webhook-id": "The same at every attempt for the same state of an event. Use it to drop duplicates.",
    "webhook-timestamp": "When this attempt was signed, in seconds since 1970.",
    "webhook-signature": "One signature, or several separated by spaces during a rotation of the secret.",
}
RESPONSES = {
    "2XX": "Accepted.",
    "4XX": "400, 413 and 422 end the delivery, 410 stops all deliveries; any other status is retried.",
    "5XX": "Retried with growing delays, not before Retry-After (at most a day).",
}


def webhooks() -> dict[str, Any]:
    """Return the webhooks by type of delivery."""
    return {name: {"post": _webhook(name, summary, model)} for name, (summary, model) in DELIVERIES.items()}


def _webhook(name: str, summary: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": ["deliveries"],
        "summary": summary,
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for header, text in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref(model)}},
        },
        "responses": {status: {"description": text} for status, text in RESPONSES.items()},
    }
