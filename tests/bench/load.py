"""A light HTTP/1.1 load: the same prepared request on several connections, as fast as responses arrive."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """The result: number of responses, those with 202, the seconds, and each response's milliseconds."""

    answers: int
    accepted: int
    seconds: float
    milliseconds: list[float]

    @property
    def per_second(self) -> float:
        """Accepted requests per second."""
        return self.accepted / self.seconds

    def percentile(self, part: float) -> float:
        """Return the milliseconds within which this share of the responses arrived."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def post(url: str, body: bytes, *, seconds: float, connections: int = 16) -> Load:
    """Post `body` for a number of seconds; a connection sends its next request after each response."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return asyncio.run(_run(parts.hostname or "", parts.port or 80, head.encode() + body, seconds, connections))


async def _run(host: str, port: int, request: bytes, seconds: float, connections: int) -> Load:
    start = time.perf_counter()
    workers = [_worker(host, port, request, start + seconds) for _ in range(connections)]
    done = await asyncio.gather(*workers)
    spent = time.perf_counter() - start
    times = [milliseconds for responses in done for _, milliseconds in responses]
    accepted = sum(status == 202 for responses in done for status, _ in responses)
    return Load(len(times), accepted, spent, times)


async def _worker(host: str, port: int, request: bytes, stop: float) -> list[tuple[int, float]]:
    reader, writer = await asyncio.open_connection(host, port)
    done = []
    while (sent := time.perf_counter()) < stop:
        writer.write(request)
        status = await _answer(reader)
        done.append((status, (time.perf_counter() - sent) * 1000))
    writer.close()
    return done


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read a complete response and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    if length:
        await reader.readexactly(int(length))
    return int(head[9:12])
