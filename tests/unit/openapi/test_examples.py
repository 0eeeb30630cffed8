"""Every body, response and delivery of the document has an example, and each satisfies its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared import problems
from tests.support.openapi import Contract, closed
from tools.openapi.document import document
from tools.openapi.examples import EXAMPLES

DOCUMENT = document()
CONTRACT = Contract(closed(DOCUMENT))
CODES = {kind.code: kind for kind in vars(problems).values() if isinstance(kind, problems.Problem)}
PROBLEM = "application/problem+json"


def contents() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each content of a body: where it is, its media type, and the content object."""
    for place, methods in {**DOCUMENT["paths"], **DOCUMENT["webhooks"]}.items():
        for method, operation in methods.items():
            where = f"{method} {place}"
            bodies = {"body": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for media, content in body.get("content", {}).items():
                    yield f"{where} {name}", media, content


CONTENTS = list(contents())


def test_each_has_an_example() -> None:
    """Also what is no JSON."""
    assert len(CONTENTS) > 200
    assert [f"{where} {media}" for where, media, content in CONTENTS if content.get("example") is None] == []


def test_each_example_is_of_its_schema() -> None:
    """Without fields that the schema does not have."""
    faults = {f"{where} {media}": CONTRACT.schema_error(content["schema"], content["example"])
              for where, media, content in CONTENTS}  # fmt: skip
    assert {where: fault for where, fault in faults.items() if fault} == {}


def test_the_check_finds_a_wrong_example() -> None:
    """A field too many, one too few, and another type."""
    schema = {"$ref": "#/components/schemas/EventDelivery"}
    delivery = EXAMPLES["EventDelivery"]
    for wrong in (delivery | {"version": 2}, {"type": delivery["type"]}, delivery | {"timestamp": "now"}):
        assert CONTRACT.schema_error(schema, wrong)


def test_an_example_of_a_problem_is_a_problem_of_the_relay() -> None:
    """Its code is known, with this status and title, and its type names it."""
    shown = [(where, content["example"]) for where, media, content in CONTENTS if media == PROBLEM]
    assert len(shown) > 150
    for where, example in shown:
        kind = CODES[example["code"]]
        assert (example["status"], example["title"]) == (kind.status, kind.title)
        assert (example["type"], where.rpartition(" ")[2]) == (f"/api/problems/{kind.code}", str(kind.status))


@pytest.mark.parametrize("name", list(DOCUMENT["webhooks"]))
def test_the_example_of_a_delivery_has_its_type(name: str) -> None:
    """Types share a schema, but not an example."""
    content = DOCUMENT["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]
    assert content["example"]["type"] == name


def test_no_example_is_left_over() -> None:
    """Each is of a schema of the document."""
    assert EXAMPLES.keys() <= DOCUMENT["components"]["schemas"].keys()
