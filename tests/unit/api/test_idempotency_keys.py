"""An Idempotency-Key has one form on every route."""

from __future__ import annotations

import pytest

from shared.api.idempotency_keys import check_key
from shared.errors import RequestRejected
from tools.openapi.routes import operations


@pytest.mark.parametrize("key", ["x", "x" * 128, "two words", "!~", '"quoted"', "order-17"])
def test_printable_ascii_is_a_key(key: str) -> None:
    """From 1 to 128 characters."""
    check_key(key)


@pytest.mark.parametrize("key", ["", "x" * 129, "é", "a\tb", "a\n", "\x7f", "\ud800", "📅"], ids=ascii)
def test_anything_else_is_refused(key: str) -> None:
    """Without the key in the text."""
    with pytest.raises(RequestRejected, match="1 to 128 printable ASCII") as caught:
        check_key(key)
    assert caught.value.status == 422


def test_the_document_says_the_same_on_every_route() -> None:
    """Where the header is read."""
    schemas = {one.function: header.schema for one in operations() for header in one.headers
               if header.name == "Idempotency-Key"}  # fmt: skip
    assert {"create_event", "create_booking"} <= schemas.keys()
    limits = [(schema["minLength"], schema["maxLength"], schema["pattern"]) for schema in schemas.values()]
    assert set(limits) == {(1, 128, "^[ -~]+$")}
