"""Sends webhooks: asynchronously, in any order, at times twice, with one more attempt after 502, 503 or 504.

Dataverse: Use webhooks (60 seconds; a failed system job for everything else than a 2xx).
"""

import asyncio
import ssl
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from sandbox.certificates import make_certificates
from sandbox.dataverse.hooks.body import content_of, context_of, headers_of
from sandbox.dataverse.hooks.steps import authenticated, steps_of
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row
from sandbox.dataverse.system_tables import FAILED
from sandbox.dataverse.writer import Actor, Write

PORTS = (80, 443)
LOOPBACK = ("localhost", "127.0.0.1")
AGAIN = (502, 503, 504)
SUCCEEDED = range(200, 300)


class HookSender:
    """The webhooks of one environment, those that wait and those that are under way."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()
        self.counts: Counter[str] = Counter()
        """Numbers of sent, repeated, retried and failed ones."""
        self.off = False
        """Whether none is sent: what is lost is never sent later."""
        self._context: ssl.SSLContext | None = None

    def follow(self, write: Write) -> None:
        """Send what the steps of a write demand, later."""
        if self.off:
            return
        organization = self._organization
        for step, endpoint in steps_of(organization, write):
            twice = organization.random.random() < organization.settings.hook_twice
            for number in range(1 + twice):
                context = context_of(organization, write, step)
                delay = organization.random.uniform(0, organization.settings.hook_spread_seconds)
                self.counts["repeated"] += number
                self._start(self._send_later(dict(step), dict(endpoint), context, delay))

    async def flush(self) -> dict[str, int]:
        """Send all that wait, including further attempts, and return the counters."""
        self._hurry.set()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hurry.clear()
        return dict(self.counts)

    async def close(self) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_later(self, step: Row, endpoint: Row, context: dict[str, Any], delay: float) -> None:
        await self._sleep(delay)
        status = await self._post(endpoint, context)
        if status in AGAIN:
            self.counts["retried"] += 1
            await self._sleep(self._organization.settings.hook_retry_seconds)
            status = await self._post(endpoint, context)
        if status in SUCCEEDED:
            self.counts["sent"] += 1
        else:
            self._fail(step, endpoint, status)

    async def _sleep(self, seconds: float) -> None:
        """Sleep for the tenant's seconds, or until somebody flushes."""
        due = self._organization.clock.now() + timedelta(seconds=seconds)
        sleep = asyncio.ensure_future(self._organization.clock.until(due))
        hurry = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait((sleep, hurry), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            hurry.cancel()

    async def _post(self, endpoint: Row, context: dict[str, Any]) -> int:
        """Send one attempt and return its status; 0: no answer in time, or a port that is not allowed."""
        url = str(endpoint.get("url") or "")
        if not _reachable(url):
            return 0
        added, parameters = authenticated(endpoint)
        content, too_large = content_of(context)
        headers = {**headers_of(self._organization, context), **added}
        if too_large:
            headers["x-ms-dynamics-msg-size-exceeded"] = "true"
        limit = aiohttp.ClientTimeout(total=self._organization.settings.hook_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.post(
                    url, data=content, headers=headers, params=parameters, ssl=self._tls(), allow_redirects=False
                ) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            authority = make_certificates(self._organization.tenant.folder).ca_pem
            self._context = ssl.create_default_context(cafile=str(authority))
        return self._context

    def _fail(self, step: Row, endpoint: Row, status: int) -> None:
        """Keep a failed system job; nothing sends it again."""
        self.counts["failed"] += 1
        organization = self._organization
        organization.writer.create(
            organization.tables["asyncoperation"],
            {"name": step["name"], "statuscode": FAILED, "statecode": 3,
             "owningextensionid": step["sdkmessageprocessingstepid"],
             "message": f"The web service at {endpoint['url']} answered {status or 'nothing'}."},
            Actor(organization.ids["user:administrator"]),
        )  # fmt: skip


def _reachable(url: str) -> bool:
    """Return whether a webhook may have this address: ports 80 and 443 alone, or here any port of this machine."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.hostname in LOOPBACK or port in PORTS
