"""What is read of the body of a webhook: the organization, the table and the booking, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared import bodies
from shared.dataverse.hooks.body import BOOKINGS, BadHook, Hook, read

ORGANIZATION = "5f1c2b9e-0b7a-4c61-9a55-2f6d3e8a7b10"
BOOKING = "c41d5b07-2a52-4f7e-8d3c-6b1e0f9a7c11"
ZEROS = "00000000-0000-0000-0000-000000000000"
ENTITY = {"Id": BOOKING, "LogicalName": BOOKINGS, "Attributes": [{"key": "name", "value": "canary"}]}
REFERENCE: dict[str, Any] = {"Id": BOOKING, "LogicalName": BOOKINGS, "KeyAttributes": [], "Name": None}


def context(**changes: Any) -> bytes:
    """Return a body of a booking; a value of None leaves a member out."""
    content = {"OrganizationId": ORGANIZATION, "PrimaryEntityName": BOOKINGS, "PrimaryEntityId": BOOKING,
               "MessageName": "Update", "InputParameters": [], **changes}  # fmt: skip
    return json.dumps({name: value for name, value in content.items() if value is not None}).encode()


@pytest.mark.parametrize("message", ["Create", "Update", "Delete", "Restore"])
def test_the_primary_id_names_the_booking(message: str) -> None:
    """Of every message: each is a hint."""
    assert read(context(MessageName=message)) == Hook(ORGANIZATION, BOOKINGS, BOOKING)


@pytest.mark.parametrize(
    "written", [BOOKING.upper(), f"{{{BOOKING}}}", BOOKING.replace("-", ""), f"{{{BOOKING.upper()}}}"]
)
def test_an_id_has_a_single_form(written: str) -> None:
    """In braces, upper case or without hyphens it is the same row, so that it is one hint."""
    found = read(context(PrimaryEntityId=written, OrganizationId=ORGANIZATION.upper()))
    assert (found.booking_id, found.organization) == (BOOKING, ORGANIZATION)


@pytest.mark.parametrize("primary", [None, ZEROS, "", "canary", 7])
@pytest.mark.parametrize("target", [ENTITY, REFERENCE], ids=["entity", "reference"])
@pytest.mark.parametrize(("key", "value"), [("key", "value"), ("Key", "Value"), ("KEY", "VALUE")])
def test_without_a_primary_id_the_target_names_it(primary: Any, target: dict[str, Any], key: str, value: str) -> None:
    """An Entity, or the EntityReference of a deletion; the names of the keyed lists in any case."""
    listed = [{key: "Other", value: 1}, {key: "Target", value: target}]
    assert read(context(PrimaryEntityId=primary, InputParameters=listed)).booking_id == BOOKING


def test_the_names_are_read_in_any_case() -> None:
    """Serializers differ."""
    names = {"organizationid": ORGANIZATION, "primaryentityname": BOOKINGS.upper(), "primaryentityid": BOOKING}
    assert read(json.dumps(names).encode()) == Hook(ORGANIZATION, BOOKINGS, BOOKING)


def test_a_body_that_was_too_large_still_names_the_booking() -> None:
    """Over 256 KB Dataverse leaves out the parameters and the images; so may a proxy leave out a byte order mark."""
    assert read(b"\xef\xbb\xbf" + context(InputParameters=None)).booking_id == BOOKING


@pytest.mark.parametrize("identity", [None, ZEROS, "canary"])
def test_another_table_needs_no_booking(identity: str | None) -> None:
    """It is dropped whatever its id is."""
    assert read(context(PrimaryEntityName="account", PrimaryEntityId=identity)) == Hook(ORGANIZATION, "account", "")


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"7", b"{}", context(OrganizationId=None), context(OrganizationId="canary"),
     context(OrganizationId=ZEROS), context(PrimaryEntityName=None), context(PrimaryEntityName=7),
     context(PrimaryEntityId=None), context(PrimaryEntityId=None, InputParameters={"key": "Target", "value": ENTITY}),
     context(PrimaryEntityId=None, InputParameters=[7, None, {"key": 7}, {"key": "Target", "value": "canary"}]),
     context(PrimaryEntityId=None, InputParameters=[{"key": "Target", "value": {"Id": [BOOKING]}}])],
    ids=range(13),
)  # fmt: skip
def test_what_names_no_row_is_refused(body: bytes) -> None:
    """The text quotes nothing of it."""
    with pytest.raises(BadHook) as caught:
        read(body)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"x", b"\xff\xfe{}", b"[" * 100_000, b'{"a": NaN}'], ids=range(5))
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Also what is nested more deeply than Python parses."""
    with pytest.raises(bodies.NotJson):
        read(body)


def test_a_body_of_too_many_values_is_refused_before_it_is_parsed() -> None:
    """256 KB may hold 130,000 values."""
    with pytest.raises(bodies.TooManyItems):
        read(b"[" + b"1," * 130_000 + b"1]")
