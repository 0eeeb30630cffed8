"""Requests around each bound of the API: one below it, at it, and one above.

What is within a bound is not refused for it, what is above is refused with the bound's own status, and nothing is
answered 500 or above. The bounds are written here as numbers, as docs/inputs.md and docs/openapi.json have them.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import requests

from sandbox.clients import RelayClient
from tools.openapi.operation import WITH_KEY, Operation
from tools.openapi.routes import operations

LARGEST_COLLECTION, LARGEST_BODY = 4 * 1024 * 1024, 64 * 1024  # bytes
MOST_ITEMS, MOST_VALUES = 5_000, 125_000
LONGEST_ID, LONGEST_TOKEN = 1_024, 4_096
ROOM, BUSINESS = "room1@contoso.com", "shop@contoso.com"
START = "2040-01-02T08:00:00Z"
NAMES = {"mailbox": ROOM, "business": BUSINESS}
HEALTH = "health_checks"  # 503 with its checks is its answer, as while INVITEES is `any`
# Documented: on a busy machine the sandbox answers a long window later than the relay waits for Graph
SLOW = ("graph_unavailable", "bookings_unavailable")
ALIKE = ("below", "at", "above")
NO_HEADERS: dict[str, str] = {}
JSON = {"Content-Type": "application/json"}
# Bodies that are refused, whatever else they are: each names a field that no route has
ODD: dict[str, tuple[bytes, dict[str, str]]] = {
    "gzip": (gzip.compress(b'{"unknown": 1}'), {"Content-Encoding": "gzip"}),
    "byte order mark": (b'\xef\xbb\xbf{"unknown": 1}', NO_HEADERS),
    "UTF-16": ('{"unknown": 1}'.encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    "another type": (b"unknown=1", {"Content-Type": "application/x-www-form-urlencoded"}),
    "repeated name": (b'{"unknown": 1, "unknown": {}}', NO_HEADERS),
    "huge number": (b'{"unknown": 1' + b"0" * 5_000 + b"}", NO_HEADERS),
    "exponent": (b'{"unknown": 1e999999}', NO_HEADERS),
    "nested lists": (b'{"unknown": ' + b"[" * 60_000, NO_HEADERS),
    "nested objects": (b'{"unknown": ' * 5_000, NO_HEADERS),
    "control characters": (b'{"unknown\x00": "\x01"}', NO_HEADERS),
    "no body": (b"", NO_HEADERS),
}
# Parts of a path that name nothing, escaped; the last three are steps of Graph's own
STRAY = (
    "%2F", "..%2F..", "%252F", "%5C", "%255C", "%00", "%0D%0A", "a%3Bb", "a%3Fb", "a%23b", "%FF", "%ED%A0%80", "%20",
    "room1@contoso.com%2Fevents", "%7B%7D", "%27", "$batch", "$value", "me",
)  # fmt: skip
IS_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Case:
    """A request, and whether it is within its bound: within, none of the statuses `refused`; above, one of them."""

    name: str
    method: str
    path: str
    within: bool
    refused: tuple[int, ...] = (422,)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = "master"

    def fault_of(self, answer: requests.Response) -> str:
        """Return what is wrong with an answer, "" if nothing."""
        if answer.status_code == 503 and (answer.json().get("code") in SLOW or self._is_health(answer)):
            return ""
        if answer.status_code >= 500:
            return f"{self.name}: {answer.status_code} {answer.text[:200]}"
        if (answer.status_code in self.refused) is self.within:
            return f"{self.name}: {answer.status_code}, {'within' if self.within else 'above'} the bound"
        return ""

    def _is_health(self, answer: requests.Response) -> bool:
        return self.name.startswith(HEALTH) and "checks" in answer.json()


def cases() -> Iterator[Case]:
    """Yield every case."""
    for route in ("/notifications", "/lifecycle"):
        yield from _collections(route)
    for operation in operations(entra=False):
        if operation.caller in WITH_KEY:
            yield from _bodies(operation)
            yield from _path_parts(operation)
    yield from _windows()
    yield from _lengths()


def failures(relay: RelayClient) -> tuple[int, list[str]]:
    """Send every case; return how many there were, and what was wrong."""
    sent, wrong = 0, []
    for case in cases():
        answer = relay.call(case.method, case.path, key=case.key, **case.arguments)
        sent += 1
        if fault := case.fault_of(answer):
            wrong.append(fault)
    return sent, wrong


def _around(bound: int, step: int = 1) -> Iterator[tuple[str, int, bool]]:
    for name, number in zip(ALIKE, (bound - step, bound, bound + step), strict=True):
        yield name, number, number <= bound


def _collections(route: str) -> Iterator[Case]:
    """Yield bodies for the two anonymous receivers: bytes, items, values, and the validation token."""
    for name, size, within in _around(LARGEST_COLLECTION):
        yield _receiver(f"{route} bytes {name}", route, within, (413,), data=b'{"value":[]}'.ljust(size), headers=JSON)
    for name, number, within in _around(MOST_ITEMS):
        yield _receiver(f"{route} items {name}", route, within, (413,), json={"value": [{}] * number})
    for name, number, within in _around(MOST_VALUES, 10):  # the members of one object, and what is around them
        body = {"value": [{str(member): 1 for member in range(number - 3)}]}
        yield _receiver(f"{route} values {name}", route, within, (413,), json=body)
    for name, number, within in _around(LONGEST_TOKEN):
        path = f"{route}?{urlencode({'validationToken': 'x' * number})}"
        yield _receiver(f"{route} token {name}", path, within, (400,))


def _receiver(name: str, path: str, within: bool, refused: tuple[int, ...], **arguments: Any) -> Case:  # noqa: FBT001
    return Case(name, "POST", path, within, refused, arguments, key=None)


def _bodies(operation: Operation) -> Iterator[Case]:
    """Yield bodies of any size for every route with a key. White space is as long as anything else."""
    method, path = operation.method.upper(), _path(operation, {})
    for name, size, within in _around(LARGEST_BODY):
        sized: dict[str, Any] = {"data": b'{"unknown": 1}'.ljust(size), "headers": JSON}
        yield Case(f"{operation.function} bytes {name}", method, path, within, (413,), sized)
    if operation.method in ("post", "patch"):
        for name, number, within in _around(MOST_ITEMS):
            items: dict[str, Any] = {"json": {"unknown": [1] * number}}
            yield Case(f"{operation.function} items {name}", method, path, within, (413,), items)
        for name, (content, headers) in ODD.items():
            odd = {"data": content, "headers": JSON | headers}
            yield Case(f"{operation.function} {name}", method, path, within=True, refused=(), arguments=odd)


def _path_parts(operation: Operation) -> Iterator[Case]:
    """Yield parts of every path, of any length and with any characters. None of them names anything."""
    for part in IS_FIELD.findall(operation.route):
        for name, number, _ in _around(LONGEST_ID):
            path = _path(operation, {part: "A" * number})
            case = f"{operation.function} {part} {name}"
            yield Case(case, operation.method.upper(), path, within=True, refused=(413,))
        for stray in STRAY:
            path, case = _path(operation, {}).replace(_value(part), stray, 1), f"{operation.function} {part} {stray}"
            yield Case(case, operation.method.upper(), path, within=True, refused=(200, 201, 202))


def _path(operation: Operation, given: Mapping[str, str]) -> str:
    def escaped(match: re.Match[str]) -> str:
        return quote(given.get(match[1], _value(match[1])), safe="@")

    return "/" + IS_FIELD.sub(escaped, operation.route)


def _value(part: str) -> str:
    return NAMES.get(part, "0" * 32)


def _windows() -> Iterator[Case]:
    """Yield windows of the length that each list allows, a second shorter and a second longer."""
    lists: tuple[tuple[str, tuple[str, str], int, dict[str, str]], ...] = (
        (f"/schedules/{ROOM}/slots", ("from", "to"), 31, {"duration": "30"}),
        (f"/bookings/{BUSINESS}/appointments", ("from", "to"), 62, {}),
        (f"/bookings/{BUSINESS}/availability", ("from", "to"), 62, {}),
        (f"/calendars/{ROOM}/events", ("start", "end"), 1_825, {}),
    )
    start = datetime.fromisoformat(START)
    for path, names, days, more in lists:
        for name, seconds, within in _around(days * 24 * 3600):
            ends = (start, start + timedelta(seconds=seconds))
            texts = {each: f"{end:%Y-%m-%dT%H:%M:%SZ}" for each, end in zip(names, ends, strict=True)}
            yield Case(f"{path} window {name}", "GET", path, within, arguments={"params": texts | more})


def _lengths() -> Iterator[Case]:
    """Yield texts, lists and numbers around their bounds."""
    event = {"title": "T", "start": START, "end": "2040-01-02T09:00:00Z"}
    booking = {"start": START, "duration": 30, "title": "T", "customer": {"name": "Ola"}}
    yield from _keys(f"/calendars/{ROOM}/events", event, 255)  # of version 1
    yield from _keys(f"/schedules/{ROOM}/bookings", booking, 128)
    for name, number, within in _around(255):
        yield _post(f"title of an event {name}", f"/calendars/{ROOM}/events", event | {"title": "x" * number}, within)
        change = booking | {"title": "x" * number}
        yield _post(f"title of a booking {name}", f"/schedules/{ROOM}/bookings", change, within)
    for name, number, within in _around(500):
        guests = [{"address": f"g{each}@contoso.com"} for each in range(number)]
        yield _post(f"attendees {name}", f"/calendars/{ROOM}/events", event | {"attendees": guests}, within)
        yield _post(f"dead letters {name}", "/dead-letters/replay", {"ids": [f"{each:032x}" for each in range(number)]},
                    within)  # fmt: skip
        yield _post(f"reason {name}", "/relay/resume", {"reason": "x" * number}, within)
    for name, number, within in _around(100):
        boxes = [f"made-up{each}@fabrikam.com" for each in range(number)]
        for path in ("/subscriptions/batch", "/subscriptions/query"):
            yield _post(f"mailboxes {name} {path}", path, {"mailboxes": boxes}, within)
    for name, number, within in _around(64):  # of the part before the @; within, the mailbox is not found or refused
        yield _post(f"address {name}", "/subscriptions", {"mailbox": f"{'a' * number}@fabrikam.com"}, within)
        path = f"/calendars/{'a' * number}@fabrikam.com"
        yield Case(f"address in a path {name}", "GET", path, within)
    for name, number, within in _around(63):  # of a label of its domain
        yield _post(f"label {name}", "/subscriptions", {"mailbox": f"a@{'b' * number}.com"}, within)
    for name, number, within in _around(1_000):
        yield Case(f"pageSize {name}", "GET", "/subscriptions", within, arguments={"params": {"pageSize": number}})


def _keys(path: str, body: Mapping[str, Any], longest: int) -> Iterator[Case]:
    for name, number, within in _around(longest):
        headers = {"Idempotency-Key": "k" * number}
        yield Case(f"{path} key {name}", "POST", path, within, arguments={"json": body, "headers": headers})


def _post(name: str, path: str, body: Mapping[str, Any], within: bool) -> Case:  # noqa: FBT001
    arguments = {"data": json.dumps(body), "headers": JSON}
    return Case(name, "POST", path, within, arguments=arguments)
