"""The types of the table of operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from pydantic import BaseModel

Caller = Literal["anyone", "Microsoft Graph", "Dataverse", "partner", "operations"]
WITH_KEY = ("partner", "operations")


@dataclass(frozen=True)
class Response:
    """A successful response: its meaning and body. `names` is the route that takes the ids in it, for links.

    `example`: of the body, in place of the model's.
    """

    description: str
    model: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    media: str = "application/json"
    names: str = ""
    example: Any = None


@dataclass(frozen=True)
class Query:
    """A query parameter, optional or required, and its JSON schema. `deprecated`: what to use instead."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = False
    deprecated: str = ""


@dataclass(frozen=True)
class Header:
    """An optional request header, and its JSON schema."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """A route and a method, served by `function` if its feature is on.

    `problems` are the statuses that come with problem details. `description`: sentences that the summary has no place
    for. `deprecated`: what to use instead.
    """

    function: str
    method: Literal["get", "post", "patch", "delete"]
    route: str
    caller: Caller
    summary: str
    responses: dict[int, Response]
    problems: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    body_is_needed: bool = True
    query: tuple[Query, ...] = ()
    headers: tuple[Header, ...] = ()
    feature: str = "relay"
    by_token: bool = False
    token_is_optional: bool = False
    description: str = ""
    deprecated: str = ""

    @property
    def id(self) -> str:
        """Its operationId: the function's name in camelCase. NSwag splits an id at underscores into two clients."""
        return operation_id(self.function)


def operation_id(name: str) -> str:
    """Return the operationId of a function, or of a type of delivery (`calendar.event.created`). Pure."""
    return to_camel(name.replace(".", "_"))
