"""POST /webhook over HTTP: pass the raw request to receive.py, or fail by a planted behaviour."""

import asyncio

from aiohttp import web

from sandbox.partner.appointments import Appointments
from sandbox.partner.behaviour import Behaviour, Behaviours
from sandbox.partner.deliveries import Attempt, Deliveries
from sandbox.partner.receive import Receipt, Receiver

_LARGEST_DRIP = 64 * 1024


class WebhookRoute:
    """The route that the relay calls."""

    def __init__(
        self, receiver: Receiver, deliveries: Deliveries, behaviours: Behaviours, appointments: Appointments
    ) -> None:
        self.receiver = receiver
        self.deliveries = deliveries
        self.behaviours = behaviours
        self.appointments = appointments

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handle one delivery."""
        body = await request.read()
        attempt = await self.deliveries.arrived(request.headers, body)
        behaviour = self.behaviours.take(attempt.mailbox)
        receipt = await self._process(request, body, attempt) if behaviour.taken else None
        await asyncio.sleep(behaviour.delaySeconds)
        if behaviour.hang:
            await _client_left(request)
        if behaviour.hang or behaviour.cut == "before":
            return _cut(request)
        if not behaviour.works:
            return await self._answer(request, attempt, behaviour, behaviour.status or 500)
        receipt = receipt or await self._process(request, body, attempt)
        if behaviour.cut == "after":
            return _cut(request)
        status = behaviour.status if behaviour.status and receipt.status == 204 else receipt.status
        return await self._answer(request, attempt, behaviour, status)

    async def _process(self, request: web.Request, body: bytes, attempt: Attempt) -> Receipt:
        """Receive the delivery, and record the result."""
        receipt = self._receive(request, body)
        if receipt.status == 204:
            self.appointments.apply(body)
        await self.deliveries.completed(attempt, receipt)
        return receipt

    def _receive(self, request: web.Request, body: bytes) -> Receipt:
        """Receive the delivery; the content type is the only rule of the contract outside the body."""
        receipt = self.receiver.receive(request.headers, body)
        if receipt.status == 401 or request.content_type == "application/json":
            return receipt
        violations = (*receipt.violations, "Content-Type: not application/json")
        return Receipt(receipt.status, receipt.duplicate, violations)

    async def _answer(
        self, request: web.Request, attempt: Attempt, behaviour: Behaviour, status: int
    ) -> web.StreamResponse:
        """Respond with a status and, if planted, with headers and a body."""
        attempt.status = status
        if behaviour.drip is None:
            return web.Response(status=status, headers=behaviour.headers, text=behaviour.body)
        # A 204 cannot have a body.
        attempt.status = 200 if status == 204 else status
        return await _drip(request, behaviour, attempt.status)


async def _drip(request: web.Request, behaviour: Behaviour, status: int) -> web.StreamResponse:
    """Send a body at this many bytes per second; without a planted body, until the client disconnects."""
    speed = behaviour.drip or 1
    size = max(1, min(_LARGEST_DRIP, int(speed / 20)))
    response = web.StreamResponse(status=status, headers=behaviour.headers)
    await response.prepare(request)
    rest = behaviour.body.encode() if behaviour.body is not None else None
    try:
        while rest is None or rest:
            await response.write(b"." * size if rest is None else rest[:size])
            rest = rest if rest is None else rest[size:]
            await asyncio.sleep(size / speed)
    except ConnectionError:
        return response
    await response.write_eof()
    return response


async def _client_left(request: web.Request) -> None:
    """Wait until the client has closed the connection."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.05)


def _cut(request: web.Request) -> web.Response:
    """Close the connection; the returned response is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
