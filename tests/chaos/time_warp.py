"""Shortens waits, so that hours of retries fit into minutes: delays of queue messages, and claims of killed hosts.

A changed request for a queue must be signed again, by "Authorize with Shared Key" for Blob, Queue, and File Services;
the signature of a request for a table covers neither its body nor its length.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.chaos.http1 import Message

_SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
           "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")  # fmt: skip

_CLAIM = re.compile(rb'("claimed_until": ?")([^"]+)"')


def with_short_delay(message: Message, queue: str, longest: int, account: str, key: str) -> Message:
    """Return a Put Message with a delay of at most `longest` seconds, signed with the key; any other as it is."""
    method, target, version = message.start
    path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
    if method != "POST" or not path.endswith(f"/{queue}/messages") or int(query.get("visibilitytimeout", 0)) <= longest:
        return message
    query["visibilitytimeout"] = str(longest)
    altered = message.with_start(f"{method} {path}?{urlencode(query)} {version}")
    return altered.with_header("Authorization", f"SharedKey {account}:{signature(altered, account, key)}")


def with_short_claims(message: Message, longest: float) -> Message:
    """Return a request for a table with every claim ending within `longest` seconds, and the same length."""
    latest = datetime.now(UTC) + timedelta(seconds=longest)
    body = _CLAIM.sub(lambda match: match[1] + _earlier(match[2].decode(), latest).encode() + b'"', message.body)
    return replace(message, body=body, content=body)


def _earlier(text: str, latest: datetime) -> str:
    """Return the earlier of two moments, with as many characters as the first."""
    moment = datetime.fromisoformat(text)
    return text if moment <= latest else latest.isoformat(timespec="microseconds" if "." in text else "seconds")


def signature(message: Message, account: str, key: str) -> str:
    """Return the signature of a request, in base64."""
    method, target, _ = message.start
    headers = message.headers
    fixed = [headers.get(name, "") for name in _SIGNED]
    fixed[2] = "" if fixed[2] == "0" else fixed[2]
    fixed[5] = "" if "x-ms-date" in headers else fixed[5]
    named = sorted((name, value) for name, value in headers.items() if name.startswith("x-ms-"))
    resource = f"/{account}{urlsplit(target).path}"
    query = sorted((name.lower(), value) for name, value in parse_qsl(urlsplit(target).query))
    lines = [method, *fixed, *(f"{name}:{value}" for name, value in named), resource]
    text = "\n".join([*lines, *(f"{name}:{value}" for name, value in query)])
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()
