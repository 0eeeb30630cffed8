"""A call to Graph and its response, independent of HTTP, so that $batch parts are handled like single calls."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from multidict import CIMultiDict

from sandbox.tenant.graph.errors import GraphError, bad_request
from sandbox.tenant.tokens import Caller

NOBODY = Caller("", frozenset())
"""The caller of a call whose token was not read yet."""


@dataclass
class Call:
    """One call; `path` holds the decoded segments after /v1.0, `query` the decoded options in order."""

    method: str
    path: list[str]
    query: list[tuple[str, str]]
    headers: CIMultiDict[str]
    body: Any = None
    base: str = ""
    """The address of Graph as the caller wrote it, with /v1.0, for links in responses."""
    params: dict[str, str] = field(default_factory=dict)
    """The values of the parameters in the matched template."""
    caller: Caller = NOBODY
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def client_request_id(self) -> str:
        """The caller's own id of the call; Graph uses its own if none was sent."""
        return self.headers.get("client-request-id", self.request_id)

    def json_object(self) -> dict[str, Any]:
        """Return the body. Raises GraphError (400) when it is not a JSON object."""
        if not isinstance(self.body, dict):
            raise bad_request("Empty Payload. JSON content expected.")
        return self.body


@dataclass
class Answer:
    """A response: its JSON body (None: no body), and headers besides the request ids."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def unauthorized(code: str, message: str) -> GraphError:
    """Return the 401, with its challenge, for a token that Graph does not accept."""
    challenge = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    return GraphError(401, code, message, {"WWW-Authenticate": challenge})
