"""The types of the table of operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel

Caller = Literal["anyone", "Microsoft Graph", "partner", "operations"]
WITH_KEY = ("partner", "operations")


@dataclass(frozen=True)
class Response:
    """A successful response: its meaning and body. `names` is the route that takes the ids in it, for links."""

    description: str
    model: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    media: str = "application/json"
    names: str = ""


@dataclass(frozen=True)
class Query:
    """A query parameter, optional or required, and its JSON schema."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Header:
    """An optional request header, and its JSON schema."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """A route and a method, served by `function` if its feature is on.

    `problems` are the statuses that come with problem details.
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
