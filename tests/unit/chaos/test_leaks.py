"""The search for leaks matches a canary in every encoding, and nothing else."""

import base64
import json
from pathlib import Path

import pytest

from tests.chaos.canaries import Canaries
from tests.chaos.http1 import Message
from tests.chaos.leaks import Leaks
from tests.chaos.proxy import Exchange

CANARIES = Canaries("0123456789")
BODY, TITLE = CANARIES.secret("body"), CANARIES.title()
TOKEN = ".".join(base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "n": part}).encode()).decode().rstrip("=")
                 for part in ("head", "claims", "signature"))  # fmt: skip
HIDDEN = "a field that never leaves in logs"


@pytest.fixture
def leaks() -> Leaks:
    """Return a search that has one secret, too."""
    leaks = Leaks(CANARIES)
    leaks.secrets = {"the signing secret": "hunter2-and-more"}
    return leaks


@pytest.mark.parametrize("content", [
    BODY.encode(), json.dumps({"event": {"body": BODY}}).encode(), base64.b64encode(f"before {BODY} after".encode()),
    b"<MessageText>" + base64.b64encode(json.dumps({"x": BODY}).encode()) + b"</MessageText>",
    base64.urlsafe_b64encode(f"\xff\xfe {BODY}".encode("latin-1", "replace")), repr(ValueError(BODY)).encode()],
    ids=["clear", "json", "base64", "a queue message", "base64 of a URL", "an exception"])  # fmt: skip
def test_a_canary_is_matched(leaks: Leaks, content: bytes) -> None:
    """A canary is matched in plain text, in JSON and within base64."""
    leaks.search("logs", content)
    assert list(leaks.matches) == [HIDDEN]


def test_a_secret_and_a_token_are_matched(leaks: Leaks) -> None:
    """The match names the secret and does not show it."""
    leaks.search("logs", b"signed with hunter2-and-more")
    leaks.search("logs", f"Authorization: Bearer {TOKEN}".encode())
    assert list(leaks.matches) == ["the signing secret in logs", "a token in logs"]


def test_a_title_may_be_at_the_partner_and_nowhere_else(leaks: Leaks) -> None:
    """A private title holds the secret canary, so it may not be there either."""
    leaks.search("deliveries", TITLE.encode(), titles=True)
    assert leaks.matches == {}
    leaks.search("deliveries", BODY.encode(), titles=True)
    leaks.search("logs", TITLE.encode())
    assert list(leaks.matches) == ["a field that never leaves in deliveries", "a title in logs"]


def test_a_request_is_searched_with_its_line_and_headers(leaks: Leaks) -> None:
    """Request line and headers are searched like the body."""
    for number, head in enumerate((f"PUT /{BODY.replace(' ', '%20')} HTTP/1.1", f"PUT / HTTP/1.1\r\nX: {BODY}")):
        leaks.listener(f"place {number}")(Exchange("table", Message(head.encode() + b"\r\n\r\n")))
    assert len(leaks.matches) == 2


def test_every_file_is_searched_except_the_sandbox_settings(leaks: Leaks, tmp_path: Path) -> None:
    """Logs, core dumps and storage files are searched; the sandbox's own seed and settings hold secrets by design."""
    for name in ("host.log", "core.4711", "storage/queue.json", "seed.json", "local.settings.json", "tenant.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" + BODY.encode())
    leaks.search_below(tmp_path)
    searched = {match.rpartition(" in ")[2] for match in leaks.matches}
    assert searched == {"the file host.log", "the file core.4711", "storage's files"}


def test_text_without_a_canary_is_no_match(leaks: Leaks) -> None:
    """Ids, times and base64 of other data do not match."""
    leaks.search("logs", b"event AAMkAGI2 of room1@contoso.com " + base64.b64encode(bytes(range(256))))
    assert leaks.matches == {}
    assert leaks.searched == {"logs": 380}
