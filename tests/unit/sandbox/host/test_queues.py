"""Queue triggers and queue outputs, on the real Azurite."""

import base64
import contextlib
import json

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, QueueServiceClient

from tests.support.host_process import RunningHost, StartHost, eventually

pytestmark = pytest.mark.server

APP = """
import asyncio, json
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen, active, peak, released = [], 0, 0, asyncio.Semaphore(0)
STORAGE = {"connection": "AzureWebJobsStorage"}

@app.route("send/{how}", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%SENT%", **STORAGE)
@app.queue_output(arg_name="other", queue_name="other", **STORAGE)
async def send(req: func.HttpRequest, out: func.Out[str], other: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    if req.route_params["how"] == "with-other":
        other.set(req.params["other"])
    return None if req.route_params["how"] == "none" else func.HttpResponse(status_code=202)

@app.queue_trigger(arg_name="msg", queue_name="received", **STORAGE)
async def receive(msg: func.QueueMessage) -> None:
    times = (msg.insertion_time, msg.time_next_visible, msg.expiration_time)
    seen.append({"id": msg.id, "body": msg.get_body().decode(), "count": msg.dequeue_count,
                 "receipt": bool(msg.pop_receipt), "ordered": times == tuple(sorted(times))})

@app.queue_trigger(arg_name="msg", queue_name="failing", **STORAGE)
def fail(msg: func.QueueMessage) -> None:
    seen.append({"body": msg.get_body().decode(), "count": msg.dequeue_count})
    raise ValueError("no")

@app.queue_trigger(arg_name="msg", queue_name="waiting", **STORAGE)
async def wait(msg: func.QueueMessage) -> None:
    global active, peak
    active += 1
    peak = max(peak, active)
    await released.acquire()
    active -= 1
    seen.append({"body": msg.get_body().decode()})

@app.route("seen")
async def tell(req: func.HttpRequest) -> str:
    return json.dumps({"seen": seen, "active": active, "peak": peak})

@app.route("release")
async def release(req: func.HttpRequest) -> str:
    released.release()
    return ""
"""
QUEUES = {"batchSize": 2, "newBatchThreshold": 1, "maxDequeueCount": 2, "maxPollingInterval": "00:00:00.2"}


@pytest.fixture(scope="module")
def host(start_host: StartHost, storage: str) -> RunningHost:
    """Start one host for all tests here."""
    document = {"version": "2.0", "extensions": {"queues": QUEUES}}
    return start_host(APP, host_json=document, AzureWebJobsStorage=storage, SENT="sent")


def queue(storage: str, name: str) -> QueueClient:
    """Return a client that sends and reads texts unchanged."""
    return QueueClient.from_connection_string(storage, name, api_version="2024-11-04")


def send(storage: str, name: str, *contents: str) -> None:
    """Put messages on a queue unchanged; create it if it does not exist."""
    client = queue(storage, name)
    with contextlib.suppress(ResourceExistsError):
        client.create_queue()
    for content in contents:
        client.send_message(content)


def encoded(text: str) -> str:
    """Encode as the host does."""
    return base64.b64encode(text.encode()).decode()


def seen(host: RunningHost, *bodies: str) -> list[dict[str, object]]:
    """Return what the host's functions saw of messages with these bodies."""
    return [item for item in host.call("GET", "/api/seen").json()["seen"] if item["body"] in bodies]


def drained(storage: str, name: str) -> list[str]:
    """Return the decoded contents of a queue."""
    messages = queue(storage, name).receive_messages(max_messages=32)
    return [base64.b64decode(message.content).decode() for message in messages]


def test_an_output_is_on_the_queue_before_the_response(host: RunningHost, storage: str) -> None:
    """The first write creates the queue; an array is several messages, an object a single one, indented; base64."""
    for text in ('["one", {"two": 2}]', '{"three": "å"}', "four {"):
        assert host.call("POST", "/api/send/all", data=text.encode()).status_code == 202
        assert drained(storage, "sent") == {
            '["one", {"two": 2}]': ["one", json.dumps({"two": 2}, indent=2)],
            '{"three": "å"}': ['{\n  "three": "å"\n}'],
            "four {": ["four {"],
        }.get(text)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("with-other?other={broken}", "good"),
        ("with-other?other=good", "{broken}"),
        ("with-other?other=good", "x" * 49_153),
        ("none", "good"),
    ],
)
def test_a_broken_output_is_a_failure_and_nothing_is_written(
    host: RunningHost, storage: str, path: str, body: str
) -> None:
    """Over 64 KiB encoded, invalid text like JSON, or a returned None: 500, and no output is written."""
    assert host.call("POST", f"/api/send/{path}", data=body.encode()).status_code == 500
    for name in ("sent", "other"):
        assert name not in names(storage) or not queue(storage, name).peek_messages()


def names(storage: str) -> list[str]:
    """List the names of the queues."""
    service = QueueServiceClient.from_connection_string(storage, api_version="2024-11-04")
    return [properties.name for properties in service.list_queues()]


def test_a_message_reaches_its_function_with_its_metadata(host: RunningHost, storage: str) -> None:
    """The body is decoded, count and times are the message's; it is deleted afterwards."""
    send(storage, "received", encoded("blåbær"))
    eventually(lambda: seen(host, "blåbær"))
    (item,) = seen(host, "blåbær")
    assert (item["count"], item["receipt"], item["ordered"]) == (1, True, True)
    eventually(lambda: queue(storage, "received").get_queue_properties().approximate_message_count == 0)


def test_an_id_in_the_body_hides_the_messages_id(host: RunningHost, storage: str) -> None:
    """The host binds properties of a JSON body by name, so msg.id is the body's."""
    body = '{"Id": 7}'
    send(storage, "received", encoded(body))
    eventually(lambda: seen(host, body))
    assert seen(host, body)[0]["id"] == "7"


def test_a_message_that_fails_goes_to_poison_at_the_last_try(host: RunningHost, storage: str) -> None:
    """With maxDequeueCount 2 the function gets it twice; then it is on the poison queue, unchanged."""
    send(storage, "failing", encoded("fails"))
    eventually(lambda: "failing-poison" in names(storage) and list(queue(storage, "failing-poison").peek_messages()))
    assert [item["count"] for item in seen(host, "fails")] == [1, 2]
    assert drained(storage, "failing-poison") == ["fails"]
    eventually(lambda: queue(storage, "failing").get_queue_properties().approximate_message_count == 0)


def test_a_message_that_is_not_base64_goes_to_poison_immediately(host: RunningHost, storage: str) -> None:
    """The function never gets it, and a valid message after it is processed."""
    send(storage, "received", "not base64!", encoded("after"))
    eventually(lambda: seen(host, "after"))
    poison = queue(storage, "received-poison")
    eventually(lambda: "received-poison" in names(storage) and list(poison.peek_messages()))
    (message,) = poison.receive_messages()
    assert (message.content, message.dequeue_count) == ("not base64!", 1)
    assert not seen(host, "not base64!")


def test_batch_size_and_threshold_limit_concurrency(host: RunningHost, storage: str) -> None:
    """A batch of two, and two more when one is left: at most three at a time.

    The host may see the first message alone, and two more then.
    """
    bodies = [f"wait {number}" for number in range(6)]
    send(storage, "waiting", *map(encoded, bodies))
    eventually(lambda: host.call("GET", "/api/seen").json()["active"] >= 2)
    host.call("GET", "/api/release")
    eventually(lambda: host.call("GET", "/api/seen").json()["peak"] == 3)
    for _ in bodies[1:]:
        host.call("GET", "/api/release")
    eventually(lambda: len(seen(host, *bodies)) == len(bodies))
    assert host.call("GET", "/api/seen").json()["peak"] == 3
