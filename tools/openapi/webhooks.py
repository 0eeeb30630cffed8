"""The deliveries to the partner, for the OpenAPI document. ("Standard Webhooks")"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tools.openapi.deliveries import (
    AppointmentDelivery,
    CancelledAppointmentDelivery,
    EventDelivery,
    GoneEventDelivery,
    PingDelivery,
)
from tools.openapi.examples import EXAMPLES
from tools.openapi.fields import schema_name
from tools.openapi.objects.answers import content_of
from tools.openapi.operation import operation_id

DELIVERIES: dict[str, tuple[str, type[BaseModel]]] = {
    "calendar.event.created": ("An event that the partner may not have.", EventDelivery),
    "calendar.event.updated": ("An event has changed.", EventDelivery),
    "calendar.event.deleted": ("An event was deleted, or left the calendar.", GoneEventDelivery),
    "bookings.appointment.created": ("An appointment that the partner may not have.", AppointmentDelivery),
    "bookings.appointment.updated": ("An appointment was moved, or given to other staff.", AppointmentDelivery),
    "bookings.appointment.cancelled": ("An appointment was cancelled.", CancelledAppointmentDelivery),
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


def _example(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return the example of a delivery; types share a model."""
    return {**EXAMPLES[schema_name(model)], "type": name}


def _webhook(name: str, summary: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": operation_id(name),
        "tags": ["deliveries"],
        "summary": summary,
        "description": f"The relay posts it to the partner's endpoint, with the type `{name}` in its body.",
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for header, text in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": content_of(model, example=_example(name, model))},
        "responses": {status: {"description": text} for status, text in RESPONSES.items()},
    }
