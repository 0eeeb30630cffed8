"""The validation handshake (Graph: Change notifications, delivery through webhooks)."""

from __future__ import annotations

import pytest

from shared.graph.handshake import LONGEST_TOKEN, BadToken, validation_token

URL = "https://relay.example/api/notifications"


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("validationToken=abc", "abc"),
        ("validationToken=a%2Bb%20c%25d", "a+b c%d"),
        ("validationToken=Validation%3a+Testing+Request-Id%3a+1", "Validation: Testing Request-Id: 1"),
        ("validationToken=%C3%A6%E2%82%AC%F0%9F%93%85", "æ€📅"),
        ("validationToken=%2541", "%41"),
        ("code=k%26y&validationToken=abc&x=1", "abc"),
        ("validationToken=" + "x" * LONGEST_TOKEN, "x" * LONGEST_TOKEN),
    ],
)  # fmt: skip
def test_a_token_is_decoded_exactly_once(query: str, token: str) -> None:
    """Plus signs become spaces, and other parameters are ignored."""
    assert validation_token(f"{URL}?{query}") == token


@pytest.mark.parametrize("query", ["", "?", "?x=validationToken", "?myvalidationToken=a", "?validationtoken=a"])
def test_a_request_without_a_token_is_no_handshake(query: str) -> None:
    """Only a parameter of exactly that name starts a handshake."""
    assert validation_token(URL + query) is None


@pytest.mark.parametrize(
    "token",
    [
        "", "%3Cscript%3E", "%3Csvg%20onload%3D1", "a%0D%0ASet-Cookie:x", "a%00b", "a%1Bb", "%7F", "%FF%FE", "%80",
        "x" * (LONGEST_TOKEN + 1), "x" * 1_000_000, "a&validationToken=b", "a&validationToken=a",
        "a" + "&x=1" * 20, "%E2%80%AE", "a%C2%85b",
    ],
)  # fmt: skip
def test_a_token_that_graph_never_sends_is_rejected(token: str) -> None:
    """Empty, repeated, too long, not UTF-8, control characters or markup: BadToken, and so 400."""
    with pytest.raises(BadToken):
        validation_token(f"{URL}?validationToken={token}")


def test_a_parameter_without_a_value_is_an_empty_token() -> None:
    """`?validationToken` is rejected like an empty value."""
    with pytest.raises(BadToken):
        validation_token(URL + "?validationToken")


@pytest.mark.parametrize("host", ["[", "\u2100.example", "[::1"])
def test_a_forged_host_header_changes_nothing(host: str) -> None:
    """The host builds the URL from a header that anyone may send; only the query is used."""
    assert validation_token(f"http://{host}/api/notifications?validationToken=abc") == "abc"
