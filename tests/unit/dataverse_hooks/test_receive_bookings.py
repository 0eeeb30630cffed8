"""The route of the webhooks: what it answers, what it queues and what it counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from functions.booking_hooks import receive
from shared.dataverse.flow.hints import HintQueue, read
from shared.dataverse.hooks.body import LARGEST_BODY
from shared.errors import ServiceUnavailable
from shared.health.request_metrics import RequestMetrics
from shared.key_vault import Secrets
from tests.support.fake_vault import Vault, denied, sdk_error
from tests.support.hooks_world import FIRST, NAME
from tests.support.pairs_world import MemoryQueue
from tests.support.world import World
from tests.unit.dataverse_hooks.test_body import BOOKING, ORGANIZATION, context

OTHER = "99999999-0000-4000-8000-000000000001"


class RouteWorld(World):
    """A relay that was started for ORGANIZATION, in memory."""

    def __init__(self) -> None:
        self.vault = Vault(**{NAME: [FIRST]})
        self.queue = MemoryQueue(self.now)
        super().__init__(
            {"pair_queue": HintQueue(self.queue), "secrets": Secrets(lambda: self.vault, lambda: 300.0),
             "request_metrics": RequestMetrics(lambda: 0.0, every=0.0)},
            FEATURES="dataverse", DATAVERSE_URL="https://contoso.crm4.dynamics.com", DATAVERSE_RESOURCES="column:new_x",
        )  # fmt: skip
        self.tracking.change(lambda _: {"organization": ORGANIZATION, "started_at": self.now()})

    def post(self, body: bytes = b"", secret: str | None = FIRST, params: Any = None, **headers: str) -> Any:
        """Send a webhook, that of an update without a body; names of headers have _ instead of -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        proof = {} if secret is None else {"X-Calendar-Relay-Secret": secret}
        request = func.HttpRequest(
            "POST", "https://relay.example/api/dataverse/notifications", params=params, body=body or context(),
            headers={"Content-Type": "application/json; charset=utf-8"} | proof | named,
        )  # fmt: skip
        return receive(request, self)


@pytest.fixture
def world() -> Iterator[RouteWorld]:
    """A relay that was started."""
    made = RouteWorld()
    yield made
    made.end()


def code_of(answer: func.HttpResponse) -> tuple[int, str]:
    """Return status and problem code."""
    return answer.status_code, json.loads(answer.get_body() or b"{}").get("code", "")


def counted(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what became of each webhook, as counted."""
    lines = [line for line in caplog.messages if line.startswith("dataverse_hooks=")]
    return [line.partition("kind=")[2] for line in lines]


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_a_webhook_is_a_delayed_hint(world: RouteWorld, caplog: pytest.LogCaptureFixture) -> None:
    """200 without a body; the message holds the booking's id and the time alone, delayed by SETTLE_SECONDS."""
    answer = world.post(context(InputParameters=[{"key": "Target", "value": {"name": "canary"}}]))
    assert (answer.status_code, answer.get_body()) == (200, b"")
    ((due, text),) = world.queue.messages
    hints = read(text)
    assert (hints.bookings, hints.events, hints.resource) == ((BOOKING,), (), "")
    assert (hints.hinted_at, due - hints.hinted_at) == (world.now(), timedelta(seconds=10))
    assert "canary" not in text
    assert counted(caplog) == ["accepted"]


@pytest.mark.parametrize("secret", [None, "", "x" * 40, FIRST[:-1], f"{FIRST},{FIRST}", FIRST.upper()], ids=range(6))
@pytest.mark.parametrize("body", [context(), b"x", b"x" * (LARGEST_BODY + 1)], ids=["webhook", "text", "large"])
def test_without_the_secret_nothing_is_read(
    world: RouteWorld, caplog: pytest.LogCaptureFixture, secret: str | None, body: bytes
) -> None:
    """The same 401 for every body and parameter; storage is not read, nothing is queued."""
    world.pair_rows.failing = 1
    answer = world.post(body, secret, params={"canary": "1"})
    assert code_of(answer) == (401, "unauthenticated")
    assert (world.queue.messages, world.pair_rows.failing) == ([], 1)
    assert FIRST not in answer.get_body().decode()
    assert counted(caplog) == ["refused-401"]


def test_the_header_is_the_only_place_of_the_secret(world: RouteWorld) -> None:
    """The host logs addresses."""
    assert world.post(secret=None, params={"code": FIRST}).status_code == 401


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (context(Padding="x" * LARGEST_BODY), {}, (413, "request_too_large")),
        (context(), {"Content_Length": str(LARGEST_BODY + 1)}, (413, "request_too_large")),
        (context(), {"Content_Length": "9" * 5000}, (413, "request_too_large")),
        (b"[" + b"1," * 126_000 + b"1]", {}, (413, "too_many_items")),
        (context(), {"Content_Type": "text/plain"}, (415, "unsupported_media_type")),
        (context(), {"Content_Encoding": "gzip"}, (415, "unsupported_media_type")),
        (b"x", {}, (400, "not_a_json_object")),
        (b"[]", {}, (422, "invalid_request")),
        (context(OrganizationId=None), {}, (422, "invalid_request")),
        (context(PrimaryEntityId="canary"), {}, (422, "invalid_request")),
    ],
    ids=range(10),
)  # fmt: skip
def test_bad_input_is_refused(
    world: RouteWorld, caplog: pytest.LogCaptureFixture, body: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """With a code, never a 500, and never with its content."""
    answer = world.post(body, **headers)
    assert code_of(answer) == expected
    assert b"canary" not in answer.get_body()
    assert world.queue.messages == []
    assert counted(caplog) == [f"refused-{expected[0]}"]


@pytest.mark.parametrize("length", ["", "abc", "-1", "12"])
def test_an_odd_length_changes_nothing(world: RouteWorld, length: str) -> None:
    """The host has read the body by then."""
    assert world.post(Content_Length=length).status_code == 200


def test_an_unknown_parameter_is_refused(world: RouteWorld) -> None:
    """As on every route that was added."""
    assert code_of(world.post(params={"canary": "1"})) == (422, "unknown_parameter")
    assert world.post(params={"code": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "result"),
    [(context(OrganizationId=OTHER), "other-organization"), (context(PrimaryEntityName="account"), "other-table"),
     (context(OrganizationId=OTHER, PrimaryEntityName="account", PrimaryEntityId=None), "other-table")],
    ids=range(3),
)  # fmt: skip
def test_what_is_none_of_ours_is_dropped_and_counted(
    world: RouteWorld, caplog: pytest.LogCaptureFixture, body: bytes, result: str
) -> None:
    """200, so that no system job fails."""
    assert world.post(body).status_code == 200
    assert (world.queue.messages, counted(caplog)) == ([], [result])
    assert world.tracking.read().hooked_at is None


@pytest.mark.parametrize("broken", ["queue", "tracking", "vault", "denied"])
def test_a_failure_is_503(world: RouteWorld, caplog: pytest.LogCaptureFixture, broken: str) -> None:
    """Dataverse sends a webhook once more after 502, 503 and 504 alone. The answer names no secret and no setting."""

    def fail() -> None:
        raise ServiceUnavailable("storage")

    if broken == "queue":
        world.queue.before = fail
    elif broken == "tracking":
        world.pair_rows.failing = 1
    else:
        world.vault.failure = denied() if broken == "denied" else sdk_error(503)
    answer = world.post()
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert NAME not in answer.get_body().decode()
    assert counted(caplog) == ["error"]


def test_a_hint_is_queued_although_its_time_cannot_be_stored(world: RouteWorld) -> None:
    """The time only shows that webhooks arrive."""

    def fail_from_now_on() -> None:
        world.pair_rows.failing = 100

    world.queue.before = fail_from_now_on
    assert world.post().status_code == 200
    assert (len(world.queue.messages), world.pair_rows.failing < 100) == (1, True)


def test_without_a_secret_in_the_vault_every_webhook_is_refused(world: RouteWorld) -> None:
    """Nothing was set up: that is no error of the relay."""
    world.vault.secrets.clear()
    assert world.post().status_code == 401


def test_before_the_start_a_webhook_proves_that_it_arrives(world: RouteWorld) -> None:
    """`setup` waits for it; the organization is not known yet."""
    world.tracking.change(lambda _: {"organization": "", "started_at": None})
    assert world.post(context(OrganizationId=OTHER)).status_code == 200
    assert (world.tracking.read().hooked_at, world.queue.messages) == (world.now(), [])
