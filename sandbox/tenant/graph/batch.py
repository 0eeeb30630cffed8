"""$batch: up to twenty calls in one.

Graph: Combine multiple HTTP requests using JSON batching. Each part has its own status and headers; responses come in
any order; at most four Outlook parts run concurrently. With dependsOn, the parts run one after the other. A planted
fault with a status also applies to a part, by its own "METHOD /v1.0/path".
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from multidict import CIMultiDict

from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.dispatch import perform, refusal
from sandbox.tenant.graph.errors import GraphError, bad_request
from sandbox.tenant.graph.routing import Endpoint, segments
from sandbox.tenant.graph.service import Graph

LARGEST = 20
CONCURRENT = 4
KEYS = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def endpoint(single: list[Endpoint]) -> Endpoint:
    """Return the $batch operation over these single operations."""

    async def run(graph: Graph, call: Call) -> Answer:
        """Run all parts and return their responses in any order. Raises GraphError (400) for a malformed batch."""
        parts = _parts(call.json_object())
        done = await _run(Batch(graph, single, call), parts)
        responses = [_json(part_id, answer) for part_id, answer in done.items()]
        graph.random.shuffle(responses)
        return Answer(200, {"responses": responses})

    return Endpoint("POST", "/$batch", run)


@dataclass(frozen=True)
class Batch:
    """The shared context of the parts of one batch."""

    graph: Graph
    single: list[Endpoint]
    outer: Call


async def _run(batch: Batch, parts: list[dict[str, Any]]) -> dict[str, Answer]:
    """Return the parts' responses by id; sequentially if any part has dependsOn, else four at a time."""
    done: dict[str, Answer] = {}
    if any(part.get("dependsOn") for part in parts):
        for part in parts:
            done[part["id"]] = await _part(batch, part, done)
        return done
    slots = asyncio.Semaphore(CONCURRENT)
    answers = await asyncio.gather(*(_run_in_slot(slots, batch, part) for part in parts))
    return dict(zip([part["id"] for part in parts], answers, strict=True))


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a batch. Raises GraphError (400) if it is malformed."""
    parts = body.get("requests")
    if body.keys() != {"requests"} or not isinstance(parts, list) or not parts:
        raise bad_request("Invalid batch payload format.")
    if len(parts) > LARGEST:
        text = f"Number of batch request steps exceeds the maximum value of {LARGEST}."
        raise bad_request(text, "MaximumValueExceeded")
    if not all(_well_formed(part) for part in parts):
        raise bad_request("Invalid batch payload format.")
    ids = [part["id"] for part in parts]
    if len(set(ids)) < len(ids):
        raise bad_request("Request Id values must be unique within a batch.")
    for index, part in enumerate(parts):
        if not set(part.get("dependsOn") or ()) <= set(ids[:index]):
            raise bad_request(f"Request Id '{part['id']}' depends on a request that does not come before it.")
    return parts


def _well_formed(part: Any) -> bool:
    """Return whether a part has the format that Graph accepts; a body needs a Content-Type."""
    if (
        not isinstance(part, dict)
        or part.keys() - KEYS
        or not all(isinstance(part.get(key), str) for key in ("id", "method", "url"))
    ):
        return False
    headers = {key.lower(): value for key, value in (part.get("headers") or {}).items()}
    typed = "body" not in part or str(headers.get("content-type", "")).startswith("application/json")
    return bool(part["id"]) and part["method"].upper() in METHODS and "://" not in part["url"] and typed


async def _run_in_slot(slots: asyncio.Semaphore, batch: Batch, part: dict[str, Any]) -> Answer:
    """Run one part once a slot is free."""
    async with slots:
        return await _part(batch, part, {})


async def _part(batch: Batch, part: dict[str, Any], done: dict[str, Answer]) -> Answer:
    """Run one part, or return 424 if one that it depends on failed."""
    path, _, query = part["url"].removeprefix("/").partition("?")
    token = batch.outer.headers.get("Authorization", "")
    headers = CIMultiDict({**(part.get("headers") or {}), "Authorization": token})
    inner = Call(
        part["method"].upper(),
        [unquote(segment) for segment in segments(path)],
        parse_qsl(query, keep_blank_values=True),
        headers,
        part.get("body"),
        batch.outer.base,
    )
    if any(done[part_id].status >= 400 for part_id in part.get("dependsOn") or ()):
        text = "A request on which this request depends has failed."
        return refusal(batch.graph, inner, GraphError(424, "FailedDependency", text))
    fault = batch.graph.tenant.faults.take(f"{inner.method} /v1.0/{path}")
    if fault is not None and fault.status is not None:
        await asyncio.sleep(fault.delay_seconds)
        return Answer(fault.status, fault.body, fault.headers)
    try:
        return await perform(batch.graph, inner, batch.single)
    except GraphError as error:
        return refusal(batch.graph, inner, error)


def _json(part_id: str, answer: Answer) -> dict[str, Any]:
    """Return one part's response."""
    headers = dict(answer.headers)
    if answer.body is None:
        return {"id": part_id, "status": answer.status, "headers": headers}
    return {
        "id": part_id,
        "status": answer.status,
        "headers": {"Content-Type": "application/json", **headers},
        "body": answer.body,
    }
