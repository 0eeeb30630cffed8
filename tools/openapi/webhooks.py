"""What the partner's endpoint is called with, for the OpenAPI document. ("Standard Webhooks")"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tools.openapi.deliveries import EventDelivery, GoneEventDelivery, PingDelivery
from tools.openapi.paths import ref

DELIVERIES: dict[str, tuple[str, type[BaseModel]]] = {
    "calendar.event.created": ("The first news of an event.", EventDelivery),
    "calendar.event.updated": ("An event is not as it was told before.", EventDelivery),
    "calendar.event.deleted": ("An event is gone.", GoneEventDelivery),
    "calendar.relay.ping": ("A test delivery; it is signed like every other, and never tried again.", PingDelivery),
}
HEADERS = {
    "webhook-id": "The same for the same state of the same event, at every attempt: what came before can be dropped.",
    "webhook-timestamp": "When this attempt was signed, in seconds since 1970.",
    "webhook-signature": "One signature, or several separated by spaces while a secret is being rotated.",
}
RESPONSES = {
    "2XX": "Taken.",
    "4XX": "400, 413 and 422 end the delivery, 410 stops all deliveries; every other is tried again.",
    "5XX": "Tried again, later and later, and never sooner than Retry-After says, to an hour.",
}


def webhooks() -> dict[str, Any]:
    """Return the webhooks, by the type of the delivery."""
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
