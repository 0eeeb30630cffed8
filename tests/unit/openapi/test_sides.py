"""What the relay sends may grow, so its schemas are open; what it receives is closed."""

from __future__ import annotations

import json
from typing import Any

from tools.openapi.document import document, models
from tools.openapi.fields import schema_name
from tools.openapi.routes import operations
from tools.openapi.schemas.sides import reached, schemas_by_side

SCHEMAS: dict[str, Any] = document()["components"]["schemas"]
BODIES, ANSWERS = (
    reached(SCHEMAS, [schema_name(model) for model in each]) for each in models(list(operations(entra=False)))
)
OPEN = {"NotificationCollection", "ExecutionContext"}  # Graph and Dataverse may add what they like
OBJECT = {"type": "object", "additionalProperties": False}


def test_what_the_relay_sends_is_open() -> None:
    """Responses and deliveries: a later version adds fields, and readers ignore what they do not know."""
    assert {"EventDelivery", "ToldEvent", "Event", "Subscription", "Problem", "RelayState"} <= ANSWERS
    assert [name for name in ANSWERS if SCHEMAS[name].get("additionalProperties") is False] == []


def test_what_the_relay_sends_may_have_new_values() -> None:
    """A client that is generated today would otherwise refuse a state of a later version."""
    assert [name for name in ANSWERS if '"enum":' in json.dumps(SCHEMAS[name])] == []
    assert "live" in SCHEMAS["Subscription"]["properties"]["state"]["x-extensible-enum"]
    assert SCHEMAS["SlotRequest"]["properties"]["match"]["enum"] == ["any", "all"]


def test_what_the_relay_receives_is_closed() -> None:
    """Its bodies, and the objects inside them: a field that is misspelled would otherwise be without effect."""
    objects = {name for name in BODIES if SCHEMAS[name].get("type") == "object"}
    assert {"NewEvent", "Attendee", "Customer", "AppointmentAsked"} <= objects
    assert {name for name in objects if SCHEMAS[name].get("additionalProperties") is not False} == OPEN


def test_no_object_is_both() -> None:
    """It could not be open and closed; give one of the two a class of its own."""
    assert not BODIES & ANSWERS


def test_a_body_has_no_default_that_a_generated_client_would_require() -> None:
    """Defaults stand in the descriptions: openapi-typescript requires a property with a default."""
    assert [name for name in BODIES if '"default":' in json.dumps(SCHEMAS[name].get("properties", {}))] == []
    assert "Default: false." in SCHEMAS["BookingRequest"]["properties"]["invite"]["description"]


def test_an_object_inside_a_body_is_closed() -> None:
    """Whatever is reached by references."""
    inner = {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}}
    schemas = {"Body": OBJECT | {"properties": {"inner": inner}}, "Inner": OBJECT, "Answer": OBJECT}
    shown = schemas_by_side(schemas, received=["Body"])
    assert {name for name, schema in shown.items() if "additionalProperties" in schema} == {"Body", "Inner"}
