"""Harmless calls that show what login and Graph currently allow the relay to do.

They read no meeting: they request one id from a calendar view of zero length that lies before any meeting. They write
nothing: they send an empty change of an event that cannot exist. ("List calendarView", "List places", "Update event")
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.errors import GraphError, GraphUnavailable
from shared.graph.client import CONNECT_SECONDS, READ_SECONDS, GetToken, GraphClient

if TYPE_CHECKING:
    import requests


LONG_AGO = "1990-01-01T00:00:00Z"
NO_EVENT = "no-event"
NO_SUCH_EVENT = frozenset({"ErrorInvalidIdMalformed", "ErrorItemNotFound"})


class GraphDiagnostics:
    """Calls Graph below `base_url`, with one token of `get_token` for all calls.

    Methods raise GraphError, and without a token ConfigurationError or ServiceUnavailable.
    """

    def __init__(self, base_url: str, get_token: GetToken, session: requests.Session) -> None:
        self._base_url = base_url
        self._get_token = get_token
        self._session = session
        self._graph = GraphClient(lambda: base_url, lambda **_: self._token, lambda: session)

    @cached_property
    def _token(self) -> str:
        return self._get_token()

    def roles(self) -> frozenset[str]:
        """Return the permissions in the token. They are shown to administrators, never used for decisions.

        Permissions that Exchange grants (role based access control for applications) are not in tokens.
        """
        import jwt

        try:
            claims = jwt.decode(self._token, options={"verify_signature": False})
        except jwt.InvalidTokenError:  # the format of Graph's tokens is not guaranteed
            return frozenset()
        roles = claims.get("roles", [])
        return frozenset(map(str, roles)) if isinstance(roles, list) else frozenset()

    def read_calendar(self, mailbox: str) -> None:
        """Read an empty part of a mailbox's calendar."""
        params = {"startDateTime": LONG_AGO, "endDateTime": LONG_AGO, "$select": "id", "$top": "1"}
        self._graph.call("GET", f"/users/{quote(mailbox, safe='@')}/calendarView", params=params)

    def write_calendar(self, mailbox: str) -> None:
        """Try to change an event that does not exist: Graph checks the permission before it looks for the event."""
        try:
            self._graph.call("PATCH", f"/users/{quote(mailbox, safe='@')}/events/{NO_EVENT}", body={})
        except GraphError as error:
            if error.code not in NO_SUCH_EVENT:
                raise

    def read_room_list(self, address: str) -> None:
        """Read one room of a room list."""
        path = f"/places/{quote(address, safe='@')}/microsoft.graph.roomList/rooms"
        self._graph.call("GET", path, params={"$select": "id", "$top": "1"})

    def read_rooms(self) -> None:
        """Read one room of the tenant."""
        self._graph.call("GET", "/places/microsoft.graph.room", params={"$select": "id", "$top": "1"})

    def server_time(self) -> datetime | None:
        """Return Graph's time, to the second; None if its response has no Date. Needs no token."""
        from requests import RequestException

        limit = (CONNECT_SECONDS, READ_SECONDS)
        try:
            response = self._session.get(f"{self._base_url}/", timeout=limit, allow_redirects=False)
        except RequestException as error:
            raise GraphUnavailable(0, f"NoAnswer.{type(error).__name__}") from None
        try:
            return parsedate_to_datetime(response.headers.get("Date", "")).astimezone()
        except ValueError:
            return None
