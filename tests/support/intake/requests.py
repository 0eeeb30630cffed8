"""The table of requests to the two anonymous routes, and their expected results."""

import gzip
import json
from typing import Any

from tests.support.intake.case import LIFECYCLE, Case, Target, fixed, handshake, items

OTHER_TENANT = "11111111-2222-3333-4444-555555555555"
_JSON = "application/json"


def _body(target: Target) -> bytes:
    return json.dumps({"value": [target.item()]}).encode()


def _raw(pattern: str) -> Any:
    """Return a body in which %STATE% and %EVENT% are replaced: for JSON that no library writes."""
    return lambda t: (
        pattern.replace("%STATE%", t.state).replace("%USER%", t.user).replace("%EVENT%", t.trap)
        .replace("%TENANT%", t.tenant).replace("%FOREIGN%", t.foreign_state).encode()
    )  # fmt: skip


_ITEM = '{"clientState":"%STATE%","changeType":"updated","resource":"Users/%USER%/Events/%EVENT%"}'

HANDSHAKES = {
    "a token": handshake("validationToken=abc", answer="abc"),
    "a token at the lifecycle address": handshake("validationToken=abc", answer="abc", path=LIFECYCLE),
    "encoded characters": handshake("validationToken=a%2Bb%20c%25d+e", answer="a+b c%d e"),
    "unicode": handshake("validationToken=%C3%A6%E2%82%AC", answer="æ€"),
    "a token encoded twice": handshake("validationToken=%2541", answer="%41"),
    "Graph's own wording": handshake(
        "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+1-2",
        answer="Validation: Testing client application reachability for subscription Request-Id: 1-2",
    ),
    "a token after another parameter": handshake("x=1&validationToken=abc", answer="abc"),
    "a script": handshake("validationToken=%3Cscript%3Ealert(1)%3C/script%3E", 400),
    "a line break": handshake("validationToken=a%0D%0ASet-Cookie:%20x", 400),
    "a zero byte": handshake("validationToken=a%00b", 400),
    "no UTF-8 in a token": handshake("validationToken=%FF%FE", 400),
    "an endless token": handshake("validationToken=" + "a" * 5000, 400),
    "an empty token": handshake("validationToken=", 400),
    "two tokens": handshake("validationToken=a&validationToken=b", 400),
    "a token without a body": handshake("validationToken=abc", answer="abc", body=fixed(b"")),
    "a token as text/plain": handshake("validationToken=abc", answer="abc", headers={"content-type": "text/plain"}),
}

METHODS = {
    f"{method} {path}": Case(items(), 405, path=path, method=method)
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS")
    for path in ("/notifications", "/lifecycle", "/notifications?validationToken=a")
} | {"HEAD /notifications": Case(items(), 405, method="HEAD")}

SHAPES = {
    "no body": Case(fixed(b""), 400),
    "no JSON": Case(fixed(b"clientState=x"), 400),
    "truncated": Case(lambda t: _body(t)[:-2], 400),
    "rubbish behind": Case(lambda t: _body(t) + b"x", 400),
    "two documents": Case(lambda t: _body(t) + _body(t), 400),
    "no value": Case(lambda t: t.item(), 400),
    "value is null": Case(fixed({"value": None}), 400),
    "value is an object": Case(lambda t: {"value": t.item()}, 400),
    "value is a string": Case(fixed({"value": ""}), 400),
    "value is a number": Case(fixed({"value": 1}), 400),
    "an array": Case(lambda t: [t.item()], 400),
    "a string": Case(fixed("value"), 400),
    "null": Case(fixed(None), 400),
    "an empty value": Case(fixed({"value": []})),
    "items that are none": Case(lambda t: {"value": [None, 1, "x", [t.item()], True, {}]}),
    "no UTF-8": Case(lambda t: _body(t).replace(b"updated", b"upd\xffted"), 400),
    "UTF-16": Case(lambda t: _body(t).decode().encode("utf-16"), 400),
    "a byte order mark": Case(lambda t: b"\xef\xbb\xbf" + _body(t), delivered=True),
    "a zero byte behind": Case(lambda t: _body(t) + b"\0", 400),
    "NaN": Case(_raw('{"x":NaN,"value":[' + _ITEM + "]}"), 400),
    "Infinity": Case(_raw('{"x":-Infinity,"value":[' + _ITEM + "]}"), 400),
    "a number beyond all bounds": Case(_raw('{"x":1e999,"value":[' + _ITEM + "]}"), delivered=True),
    "a number of 5,000 digits": Case(_raw('{"x":' + "1" * 5000 + ',"value":[' + _ITEM + "]}"), 400),
    "100,000 nested arrays": Case(fixed(b'{"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), 400),
    "100,000 nested objects": Case(fixed(b'{"value":[' + b'{"a":' * 100_000), 400),
    "a body of 10 MB": Case(lambda t: _body(t)[:-1] + b',"x":"' + b"x" * 10_000_000 + b'"}', 413),
    "5,001 items": Case(fixed(b'{"value":[' + b"1," * 5_000 + b"1]}"), 413),
    "10,000 unknown keys": Case(lambda t: {"value": [t.item() | {f"k{n}": n for n in range(10_000)}]}, delivered=True),
    "keys that mean something elsewhere": Case(
        items(**{"__proto__": {"x": 1}, "$AzureWebJobsParentId": "x", "id": "mine", "retry": "x", "attempt": 9}),
        delivered=True,
    ),
}

TYPES = {
    name: Case(items(), status, delivered=status == 202, headers=headers)
    for name, status, headers in (
        ("text/plain", 415, {"content-type": "text/plain"}),
        ("a form", 415, {"content-type": "application/x-www-form-urlencoded"}),
        ("multipart", 415, {"content-type": "multipart/form-data; boundary=x"}),
        ("XML", 415, {"content-type": "application/xml"}),
        ("JSON with a charset", 202, {"content-type": f"{_JSON}; charset=utf-8"}),
        ("JSON in capitals", 202, {"content-type": "APPLICATION/JSON"}),
        ("no type", 202, {}),
        ("a forged host and forwarding", 202, {
            "content-type": _JSON, "host": "evil.example", "x-forwarded-host": "evil.example",
            "x-original-url": "/api/health", "x-forwarded-for": "127.0.0.1",
        }),
        ("a header of 6 kB", 202, {"content-type": _JSON, "x-long": "x" * 6000}),
    )
} | {
    "gzip": Case(lambda t: gzip.compress(_body(t)), 415, headers={"content-type": _JSON, "content-encoding": "gzip"}),
    "a gzip bomb": Case(
        fixed(gzip.compress(b"[" * 20_000_000)), 415, headers={"content-type": _JSON, "content-encoding": "gzip"}
    ),
}  # fmt: skip

STATES = {
    "wrong": "x", "empty": "", "a number": 1, "an object": {"a": 1}, "a list": [], "true": True,
    "129 characters": "x" * 129,
    "a megabyte": "x" * 1_000_000, "unicode": "é\u2028\U0001f600", "a lone surrogate": "\ud800", "dots": "...",
    "log injection": "\r\n2026-01-01 ERROR \x1b[31m ${jndi:ldap://x}",
}  # fmt: skip
FORGED = {
    **{f"clientState {name}": Case(items(clientState=value)) for name, value in STATES.items()},
    "no clientState": Case(items(clientState=None)),
    "clientState null": Case(lambda t: {"value": [t.item() | {"clientState": None}]}),
    "clientState with another MAC": Case(lambda t: {"value": [t.item(clientState=t.state[:-4] + "AAAA")]}),
    "clientState cut short": Case(lambda t: {"value": [t.item(clientState=t.state[:-1])]}),
    "clientState with something behind": Case(lambda t: {"value": [t.item(clientState=t.state + "=")]}),
    "clientState of another case": Case(lambda t: {"value": [t.item(clientState=t.state.swapcase())]}),
    "clientState of an unknown key version": Case(
        lambda t: {"value": [t.item(clientState="0" * 32 + t.state[t.state.index(".") :])]}
    ),
    "clientState made with an empty key": Case(lambda t: {"value": [t.item(clientState=t.foreign_state)]}),
    "clientState twice, the good one first": Case(
        _raw('{"value":[{"clientState":"%STATE%",' + _ITEM.replace("%STATE%", "%FOREIGN%")[1:] + "]}")
    ),
    "clientState twice, the good one last": Case(
        _raw('{"value":[{"clientState":"%FOREIGN%",' + _ITEM[1:] + "]}"), delivered=True
    ),
    "another tenant": Case(items(tenantId=OTHER_TENANT)),
    "a tenant that is a number": Case(items(tenantId=7)),
    "another tenant as organizationId": Case(items(tenantId=None, organizationId=OTHER_TENANT)),
    "no tenant": Case(items(tenantId=None), delivered=True),
    "our tenant in capitals": Case(lambda t: {"value": [t.item(tenantId=t.tenant.upper())]}, delivered=True),
    "one forged among good ones": Case(
        lambda t: {"value": [t.item(t.never, clientState="x"), t.item(), t.item(t.never, clientState=None)]},
        delivered=True,
    ),
}  # fmt: skip
