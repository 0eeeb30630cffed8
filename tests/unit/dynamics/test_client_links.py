"""Links in Dataverse's answers: the token goes to the organization alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
import requests

from shared.dynamics.client import DynamicsClient
from shared.dynamics.errors import DynamicsRejected

URL = "https://contoso.crm4.dynamics.com"
ROOT = f"{URL}/api/data/v9.2/"


def answer_of(content: Mapping[str, object]) -> requests.Response:
    """Return an answer of the Web API."""
    answer = requests.Response()
    answer.status_code, answer.raw = 200, BytesIO(json.dumps(content).encode())
    return answer


class Session(requests.Session):
    """Answers the first call with a link and the second with the last page; keeps the addresses and options."""

    def __init__(self, link: str) -> None:
        super().__init__()
        self.link = link
        self.calls: list[str] = []
        self.redirects: list[object] = []

    def request(self, method: Any, url: Any, *_: Any, **options: Any) -> requests.Response:
        """Return an answer."""
        del method
        self.calls.append(str(url))
        self.redirects.append(options["allow_redirects"])
        first = {"value": [{"id": 1}], "@odata.nextLink": self.link}
        return answer_of(first if len(self.calls) == 1 else {"value": [{"id": 2}]})


class NoBreaker:
    """Lets every call pass."""

    def require(self) -> None:
        """Do nothing."""

    def record(self, error: Exception | None) -> None:
        """Do nothing."""


def client(session: Session) -> DynamicsClient:
    """Return a client over a session."""

    def token(*, fresh: bool = False) -> str:
        return f"token {fresh}"

    return DynamicsClient(lambda: URL, token, lambda: session, NoBreaker())


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data/v9.2/rows", "http://contoso.crm4.dynamics.com/api/data/v9.2/rows",
        "https://contoso.crm4.dynamics.com:8443/api/data/v9.2/rows", f"{URL}/other/rows",
        "https://contoso.crm4.dynamics.com@evil.example/api/data/v9.2/rows", f"{URL}.evil.example/api/data/v9.2/rows",
    ],
    ids=["host", "scheme", "port", "path", "user", "suffix"],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_not_followed(link: str) -> None:
    """It is an error, and not the end of the rows."""
    session = Session(link)
    with pytest.raises(DynamicsRejected):
        list(client(session).pages("rows"))
    assert session.calls == [f"{ROOT}rows"]


def test_a_link_of_the_organization_is_followed() -> None:
    """Up to the last page; a redirect is never followed, since it would carry the token."""
    session = Session(f"{ROOT}rows?$skiptoken=2")
    assert [row["id"] for row in client(session).pages("rows")] == [1, 2]
    assert session.calls == [f"{ROOT}rows", f"{ROOT}rows?$skiptoken=2"]
    assert session.redirects == [False, False]
