"""Links in Dataverse's answers: the token goes to the organization alone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.dynamics.client import DynamicsClient
from shared.dynamics.errors import DynamicsRejected

URL = "https://contoso.crm4.dynamics.com"
ROOT = f"{URL}/api/data/v9.2/"


class Answer:
    """An answer of the Web API."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.status_code, self.content = 200, content
        self.headers: dict[str, str] = {}

    def json(self) -> dict[str, Any]:
        """Return the content."""
        return self.content


class Session:
    """Answers the first call with a link and the second with the last page; keeps the addresses and options."""

    def __init__(self, link: str) -> None:
        self.link = link
        self.calls: list[str] = []
        self.redirects: list[object] = []

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """Return an answer."""
        del method
        self.calls.append(url)
        self.redirects.append(options["allow_redirects"])
        first = {"value": [{"id": 1}], "@odata.nextLink": self.link}
        return Answer(first if len(self.calls) == 1 else {"value": [{"id": 2}]})


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

    return DynamicsClient(lambda: URL, token, lambda: session, NoBreaker())  # type: ignore[arg-type,return-value]


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
