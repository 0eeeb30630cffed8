"""How an operation is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel

Caller = Literal["anyone", "Microsoft Graph", "partner", "operations"]
WITH_KEY = ("partner", "operations")


@dataclass(frozen=True)
class Response:
    """An answer that is no error: when it is given, and its body. `names` is the route of what its ids lead to."""

    description: str
    model: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    media: str = "application/json"
    names: str = ""


@dataclass(frozen=True)
class Query:
    """A query parameter that may be given, or has to be, and its JSON schema."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Header:
    """A request header that may be given, and its JSON schema."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """A route and a method, served by `function` where its feature is on.

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
