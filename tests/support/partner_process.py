"""The sandbox's partner in a thread, and deliveries signed as the relay signs them."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests
from aiohttp import web
from standardwebhooks import Webhook

from sandbox.partner.server import application

SECRET = "whsec_cGFydG5lci1zaWduaW5nLXNlY3JldC0wMDAx"
OTHER_SECRET = "whsec_cGFydG5lci1zaWduaW5nLXNlY3JldC0wMDAy"


def news(**event: Any) -> dict[str, Any]:
    """Return a delivery's valid JSON, with an event's fields changed."""
    return {
        "type": "calendar.event.updated",
        "timestamp": "2026-11-20T10:00:04Z",
        "data": {
            "subscriptionId": "watch-1",
            "mailbox": "room1@contoso.com",
            "event": {
                "id": "AAMk1",
                "seriesId": None,
                "title": "Ola Nordmann",
                "start": "2026-11-20T12:00:00Z",
                "end": "2026-11-20T13:00:00Z",
                "startDate": None,
                "endDate": None,
                "allDay": False,
                "availability": "busy",
                "cancelled": False,
            }
            | event,
        },
    }


def deleted(event_id: str = "AAMk1", timestamp: str = "2026-11-20T10:00:05Z") -> dict[str, Any]:
    """Return the JSON of a deletion."""
    told = news()
    told["data"]["event"] = {"id": event_id, "seriesId": None}
    return told | {"type": "calendar.event.deleted", "timestamp": timestamp}


def signed(body: bytes, webhook_id: str = "msg_1", secret: str = SECRET, **changed: str) -> dict[str, str]:
    """Return the headers of a delivery, signed now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body.decode()),
        "content-type": "application/json",
    } | changed


class RunningPartner:
    """The address of a running partner, and the calls that tests make."""

    def __init__(self, base: str) -> None:
        self.base = base

    def deliver(self, payload: Any, webhook_id: str = "msg_1", timeout: float = 5, **sign: str) -> requests.Response:
        """POST a signed delivery."""
        body = json.dumps(payload).encode()
        headers = signed(body, webhook_id, **sign)
        return requests.post(f"{self.base}/webhook", body, headers=headers, timeout=timeout, allow_redirects=False)

    def get(self, path: str) -> Any:
        """GET a control route's JSON."""
        return requests.get(f"{self.base}/_control{path}", timeout=180).json()

    def post(self, path: str, given: Any) -> requests.Response:
        """POST to a control route."""
        return requests.post(f"{self.base}/_control{path}", json=given, timeout=180)

    def delete(self, path: str = "") -> requests.Response:
        """DELETE a control route."""
        return requests.delete(f"{self.base}/_control{path}", timeout=180)


@contextmanager
def running_partner() -> Iterator[RunningPartner]:
    """Serve a partner on a free port until the block ends."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(application([SECRET]), access_log=None, shutdown_timeout=0.2)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> int:
        """Bind."""
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    try:
        port = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
        yield RunningPartner(f"http://127.0.0.1:{port}")
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()
