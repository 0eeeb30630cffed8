"""HTTPS requests to an app's URLs, verified against the sandbox's CA, without following redirects."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from sandbox.certificates import make_certificates
from sandbox.tenant.state import Tenant

LARGEST_ANSWER = 65_536


@dataclass(frozen=True)
class Reply:
    """The response of an endpoint; status 0 with the reason in `failure` if there was none in time."""

    status: int
    media_type: str = ""
    body: bytes = b""
    failure: str = ""
    seconds: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Callbacks:
    """An HTTPS client that is opened at first use and closed with the tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], limit: float) -> Reply:
        """POST to an app's URL; never raises. `limit` is in real seconds, from connecting to the response."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(limit):
                return await self._post(url, body, headers, began)
        except TimeoutError:
            return Reply(0, failure="timeout", seconds=time.monotonic() - began)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(0, failure=f"{type(error).__name__}: {error}", seconds=time.monotonic() - began)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str], began: float) -> Reply:
        """POST and read the beginning of the response."""
        # encoded=True: send the query string exactly as the app wrote it.
        request = self._open().post(URL(url, encoded=True), data=body, headers=headers, allow_redirects=False)
        async with request as response:
            content = b""
            while chunk := await response.content.read(LARGEST_ANSWER - len(content)):
                content += chunk
            return Reply(
                response.status, response.headers.get("Content-Type", ""), content, seconds=time.monotonic() - began
            )

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, created at first use because it needs the running loop."""
        if self._session is None:
            trust = ssl.create_default_context(cafile=str(make_certificates(self._tenant.folder).ca_pem))
            # No limit: slow endpoints must not block connections to others.
            connector = aiohttp.TCPConnector(ssl=trust, limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
