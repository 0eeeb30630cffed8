"""What the partner's endpoint is called with, for the OpenAPI document. ("Standard Webhooks")"""

from __future__ import annotations

from typing import Any

from tools.openapi.deliveries import EventDelivery, GoneEventDelivery, PingDelivery

NEWS = {
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
ANSWERS = {
    "2XX": "Taken.",
    "4XX": "400, 413 and 422 end the delivery, 410 stops all deliveries; every other is tried again.",
    "5XX": "Tried again, later and later, and never sooner than Retry-After says, to an hour.",
}


def webhooks() -> dict[str, Any]:
    """Return the webhooks, by the type of the delivery."""
    return {name: {"post": _told(name, says, model.__name__)} for name, (says, model) in NEWS.items()}


def _told(name: str, says: str, model: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": ["deliveries"],
        "summary": says,
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for header, text in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}},
        },
        "responses": {status: {"description": text} for status, text in ANSWERS.items()},
    }
