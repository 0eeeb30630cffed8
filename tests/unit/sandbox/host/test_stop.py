"""How calls and the host itself end."""

import base64
import threading

import pytest
from azure.storage.queue import QueueClient

from tests.support.host_process import RunningHost, StartHost, eventually

pytestmark = pytest.mark.server

STOPPING = """
import asyncio, time
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
begun = []

@app.route("slow")
async def slow(req: func.HttpRequest) -> str:
    begun.append("slow")
    await asyncio.sleep(0.3)
    return "finished"

@app.route("endless")
async def endless(req: func.HttpRequest) -> str:
    await asyncio.Event().wait()

@app.route("put")
@app.queue_output(arg_name="out", queue_name="q", connection="AzureWebJobsStorage")
async def put(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set(req.params["text"])
    return "put"

@app.queue_trigger(arg_name="msg", queue_name="stopping", connection="AzureWebJobsStorage")
async def work(msg: func.QueueMessage) -> None:
    begun.append("work")
    await asyncio.sleep(0.3)
    print("worked on " + msg.get_body().decode())

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
async def yearly(timer: func.TimerRequest) -> None: ...

@app.route("begun")
async def told(req: func.HttpRequest) -> str:
    return str(len(begun))
"""


@pytest.fixture
def alone(start_host: StartHost) -> RunningHost:
    """Start a host that needs no storage and gives its functions 0.6 seconds."""
    document = {"version": "2.0", "functionTimeout": "00:00:00.6"}
    return start_host(STOPPING, "--no-storage", host_json=document, AzureWebJobsStorage="")


def test_without_storage_outputs_are_checked_and_dropped(alone: RunningHost) -> None:
    """A valid output is accepted, an invalid one is a failure; a call has its time limit."""
    assert alone.call("GET", "/api/put", params={"text": "well"}).text == "put"
    assert alone.call("GET", "/api/put", params={"text": "{broken}"}).status_code == 500
    assert alone.call("GET", "/api/endless").status_code == 500


def test_a_stop_lets_running_calls_finish(alone: RunningHost) -> None:
    """After SIGTERM the running call gets its response, and the process ends with 0."""
    answers: list[str] = []
    caller = threading.Thread(target=lambda: answers.append(alone.call("GET", "/api/slow").text))
    caller.start()
    eventually(lambda: alone.call("GET", "/api/begun").text == "1")
    alone.process.terminate()
    caller.join(180)
    assert answers == ["finished"]
    assert alone.process.wait(180) == 0


def test_a_stop_lets_a_message_in_progress_finish(start_host: StartHost, storage: str) -> None:
    """The message is processed and deleted, timers and polling end immediately, and the process ends with 0."""
    queue = QueueClient.from_connection_string(storage, "stopping", api_version="2024-11-04")
    queue.create_queue()
    queue.send_message(base64.b64encode(b"the last one").decode())
    host = start_host(STOPPING, AzureWebJobsStorage=storage)
    eventually(lambda: host.call("GET", "/api/begun").text == "1")
    host.process.terminate()
    assert host.process.wait(180) == 0
    assert "worked on the last one" in host.log.read_text()
    assert queue.get_queue_properties().approximate_message_count == 0
