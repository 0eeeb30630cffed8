"""The validation of endpoints that respond correctly, late or wrongly."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from sandbox.certificates import make_certificates
from tests.support.graph_world import World, refusal
from tests.support.receiver import Post, Reply, receiving

pytestmark = pytest.mark.server


def _text(post: Post) -> str:
    """Return the decoded token of a handshake."""
    return post.token or ""


def _raw(post: Post) -> str:
    """Return the token as it is in the query string."""
    return post.query.partition("validationToken=")[2]


def test_the_token_must_be_decoded_exactly_once(world: World) -> None:
    """Its spaces arrive as plus signs, and a second or missing decoding changes it."""
    world.subscribe()
    post = world.receiver.handshakes[0]
    assert "+" in _raw(post)
    assert "%20" not in _raw(post)
    assert ": " in _text(post)
    assert unquote(_text(post)) != _text(post)
    assert post.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert post.body == b""


def test_an_url_keeps_its_query_string(world: World) -> None:
    """The URL's own query string comes first, unchanged, in handshakes and notifications."""
    query = "code=a%2Bb%2fc==&x=1"
    world.subscribe(notificationUrl=f"{world.receiver.url}?{query}")
    assert world.receiver.handshakes[0].query.startswith(f"{query}&validationToken=")
    world.book()
    world.flush()
    assert {post.query for post in world.receiver.notifications} == {query}


def test_both_urls_are_validated(world: World) -> None:
    """The lifecycle URL gets its own handshake; the same URL for both gets two, with different tokens."""
    world.subscribe(lifecycleNotificationUrl=world.receiver.url)
    tokens = {post.token for post in world.receiver.handshakes}
    assert len(world.receiver.handshakes) == len(tokens) == 2


@pytest.mark.parametrize(
    "reply",
    [
        lambda post: Reply(202, _text(post)),
        lambda post: Reply(201, _text(post)),
        lambda post: Reply(404, _text(post)),
        lambda post: Reply(200, _text(post), "application/json"),
        lambda post: Reply(200, _text(post), "text/html"),
        lambda post: Reply(200, _raw(post)),
        lambda post: Reply(200, unquote(_raw(post))),
        lambda post: Reply(200, unquote(_text(post))),
        lambda post: Reply(200, f'"{_text(post)}"'),
        lambda post: Reply(200, f"{_text(post)}\n"),
        lambda _post: Reply(200, ""),
    ],
    ids=["202", "201", "404", "json", "html", "encoded", "plus signs", "twice decoded", "quoted", "newline", "empty"],
)
def test_a_wrong_response_refuses_the_subscription(world: World, reply: Callable[[Post], Reply]) -> None:
    """Only 200, text/plain and the decoded token are accepted; otherwise nothing is created."""
    world.receiver.handshake = reply
    answer = world.graph("POST", "/subscriptions", world.subscription())
    assert refusal(answer) == (400, "ValidationError")
    assert world.get("/subscriptions")["value"] == []


def test_a_wrong_response_at_the_lifecycle_url_refuses_it_too(world: World) -> None:
    """A subscription needs both of its endpoints."""
    world.receiver.handshake = lambda post: Reply(200, _text(post) if post.path == "/notify" else "no")
    body = world.subscription(lifecycleNotificationUrl=f"{world.receiver.url}/lifecycle")
    assert refusal(world.graph("POST", "/subscriptions", body)) == (400, "ValidationError")


def test_a_redirect_is_not_followed(world: World) -> None:
    """An endpoint that redirects is rejected, also when the target would respond correctly."""
    good = f"{world.receiver.url}/good"
    world.receiver.handshake = lambda post: (
        Reply(200, _text(post))
        if post.path == "/notify/good"
        else Reply(307, headers={"Location": f"{good}?{post.query}"})
    )
    answer = world.graph("POST", "/subscriptions", world.subscription())
    assert refusal(answer) == (400, "ValidationError")
    assert [post.path for post in world.receiver.posts] == ["/notify"]


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Return the event that late endpoints wait for; it is set when the test ends."""
    event = threading.Event()
    yield event
    event.set()


def test_a_late_response_is_a_timeout(world: World, let_go: threading.Event) -> None:
    """An endpoint that exceeds its limit is rejected as timed out."""
    world.tenant.settings["handshakeSeconds"] = 0.2
    world.receiver.handshake = lambda post: Reply(200, _text(post), before=lambda: let_go.wait(5))
    answer = world.graph("POST", "/subscriptions", world.subscription())
    assert refusal(answer) == (400, "ValidationError")
    assert "timed out" in answer.json()["error"]["message"]


def test_a_certificate_of_another_authority_is_refused(world: World, tmp_path: Path) -> None:
    """Callbacks are verified against the tenant's own CA."""
    make_certificates(tmp_path)
    with receiving(tmp_path) as stranger:
        answer = world.graph("POST", "/subscriptions", world.subscription(notificationUrl=stranger.url))
    assert refusal(answer) == (400, "ValidationError")
    assert stranger.posts == []


def test_an_unreachable_endpoint_is_refused(world: World) -> None:
    """A closed port, and a host name that the certificate does not have."""
    port = world.receiver.url.partition("localhost:")[2]
    for url in ("https://localhost:1/notify", f"https://127.0.0.2:{port}"):
        answer = world.graph("POST", "/subscriptions", world.subscription(notificationUrl=url))
        assert refusal(answer) == (400, "ValidationError")
    assert world.receiver.posts == []
