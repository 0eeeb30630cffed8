"""HTTP/1.1 messages for a proxy: complete, and unchanged byte for byte.

RFC 9112, "Message Body Length": chunked, with a given length, or (a response) up to the end of the connection.
"""

import asyncio
from dataclasses import dataclass, replace

_END = b"\r\n\r\n"
_BODYLESS = (204, 304)


@dataclass(frozen=True)
class Message:
    """A request or response: `head` with its blank line and `body` as framed; `content` is the body without chunks."""

    head: bytes
    body: bytes = b""
    content: bytes = b""

    @property
    def start(self) -> list[str]:
        """The three parts of the start line; the last may be empty."""
        parts = self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        return parts + [""] * (3 - len(parts))

    @property
    def is_last(self) -> bool:
        """Whether nothing follows on this connection."""
        return self.headers.get("connection", "").lower() == "close"

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def with_start(self, start: str) -> "Message":
        """Return the same message with another start line."""
        rest = self.head.split(b"\r\n", 1)[1]
        return replace(self, head=start.encode("latin-1") + b"\r\n" + rest)

    def with_header(self, name: str, value: str) -> "Message":
        """Return the same message with another value of a header that it has."""
        lines = self.head.decode("latin-1").split("\r\n")
        named = [f"{name}: {value}" if line.lower().startswith(f"{name.lower()}:") else line for line in lines]
        return replace(self, head="\r\n".join(named).encode("latin-1"))


async def read_request(reader: asyncio.StreamReader) -> Message | None:
    """Read one request; None at the end of the connection. Raises IncompleteReadError for half a message."""
    head = await _head(reader)
    return None if head is None else await _whole(reader, Message(head), to_the_end=False)


async def read_response(reader: asyncio.StreamReader, method: str) -> Message:
    """Read the response to a request with this method. Raises IncompleteReadError when the connection ends before."""
    head = await _head(reader)
    if head is None:
        raise asyncio.IncompleteReadError(b"", None)
    message = Message(head)
    if method == "HEAD" or int(message.start[1]) in _BODYLESS:
        return message
    return await _whole(reader, message, to_the_end=True)


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readuntil(_END)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None


async def _whole(reader: asyncio.StreamReader, message: Message, *, to_the_end: bool) -> Message:
    headers = message.headers
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader, message)
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await reader.read() if to_the_end else b""
    return replace(message, body=body, content=body)


async def _chunks(reader: asyncio.StreamReader, message: Message) -> Message:
    body, content = b"", b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        chunk = await reader.readexactly(size + 2) if size else await reader.readuntil(b"\r\n")
        body, content = body + line + chunk, content + (chunk[:-2] if size else b"")
        if not size:
            return replace(message, body=body, content=content)
