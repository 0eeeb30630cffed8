"""The check against Graph's published types, and how the schema is built."""

from typing import Any

import pytest

from sandbox import graph_types
from sandbox.tenant.graph import types
from sandbox.tenant.graph.errors import GraphError


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("event", {"showAs": "away"}, "showAs"),
        ("event", {"titel": "x"}, "titel"),
        ("event", {"start": "noon"}, "start"),
        ("event", {"start": {"dateTime": "x", "zone": "UTC"}}, "zone"),
        ("event", {"attendees": [{"name": "x"}]}, "name"),
        ("subscription", {"resource": 1}, "resource"),
        ("subscription", {"vapidPublicKey": "x"}, "vapidPublicKey"),
        ("user", {"password": "x"}, "password"),
        ("event", {"sensitivity": "Private"}, "sensitivity"),
    ],
)
def test_an_error_names_the_property(name: str, body: dict[str, Any], said: str) -> None:
    """Unknown properties, wrong types and unknown enumeration values are rejected by name, at any depth."""
    with pytest.raises(GraphError) as caught:
        types.check(name, body)
    assert (caught.value.status, caught.value.code) == (400, "RequestBodyRead")
    assert said in caught.value.message
    assert types.faults(name, body)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("event", {"subject": None, "showAs": "workingElsewhere", "@odata.type": "#microsoft.graph.event"}),
        ("event", {"start": {"dateTime": "x", "timeZone": "UTC"}, "start@odata.type": "y"}),
        ("subscription", {}),
        ("changeNotificationCollection", {"value": [{"resourceData": {"@odata.id": "x", "id": "y"}}]}),
    ],
)
def test_a_valid_body_passes(name: str, body: dict[str, Any]) -> None:
    """Including allowed nulls, OData annotations and open types."""
    types.check(name, body)
    assert types.faults(name, body) == []


def test_properties_are_those_of_the_type_and_its_bases() -> None:
    """$select accepts inherited names, and both kinds of type definitions."""
    assert {"id", "changeKey", "subject"} <= types.properties("event")
    assert {"id", "userPrincipalName"} <= types.properties("user")
    assert "floorNumber" in types.properties("room")


def test_a_schema_is_built_once() -> None:
    """It is stored by the list of types and the version of Microsoft's package."""
    path = graph_types.build()
    made = path.stat().st_mtime_ns
    assert graph_types.build() == path
    assert path.stat().st_mtime_ns == made
