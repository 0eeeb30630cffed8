"""Common parts of the models: strict objects and types of text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.deprecation import SINCE, UNTIL
from shared.api.idempotency_keys import LONGEST_KEY

REF = "#/components/schemas/"


def schema_name(model: type[BaseModel]) -> str:
    """Return a model's name in the document: its configured title, or else the name of its class."""
    return model.model_config.get("title") or model.__name__


def ref(model: type[BaseModel]) -> dict[str, str]:
    """Return the reference to a model's schema."""
    return {"$ref": f"{REF}{schema_name(model)}"}


def deprecation(instead: str) -> str:
    """Return the sentences that describe an old spelling; `instead` says what to use."""
    return f"Deprecated since {SINCE:%Y-%m-%d}, accepted until {UNTIL:%Y-%m-%d}. {instead}"


# shared.api.idempotency_keys
IDEMPOTENCY_KEY = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"}


class Strict(BaseModel):
    """An object with exactly these fields, in camelCase."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


def never_null(schema: dict[str, Any]) -> None:
    """Remove the default of a field that is omitted where it does not apply: the default is never sent."""
    schema.pop("default", None)


def left_out(description: str) -> Any:
    """Return a text field that only some objects have."""
    return Field(default="", description=description, json_schema_extra=never_null)


Moment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        description="UTC, whole seconds.",
        json_schema_extra={"format": "date-time"},
    ),
]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", json_schema_extra={"format": "date"})]
WatchId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
