"""The C# lines of docs/receivers.md fit the relay's deliveries: they are not compiled here."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from shared.partner.webhook import signed_headers
from tests.support.pages import blocks
from tests.support.partner_process import SECRET

HEADERS = {
    name for name in signed_headers("n", SECRET, "msg_1", datetime.now(UTC), "{}") if name.startswith("webhook-")
}
BLOCKS = blocks("receivers", "csharp")


@pytest.mark.parametrize("lines", BLOCKS, ids=["the specification's package", "the other package"])
def test_the_lines_use_the_headers_of_a_delivery(lines: str) -> None:
    """Each verifies with the three headers that the relay sends, and with every secret."""
    assert set(re.findall(r'"(webhook-[a-z]+)"', lines)) == HEADERS
    assert "foreach (var secret in secrets)" in lines


def test_the_package_that_reads_the_first_signature_gets_each_alone() -> None:
    """Its lines split the header at what separates the two signatures of a rotation."""
    both = signed_headers("n", f"{SECRET} {SECRET}", "msg_1", datetime.now(UTC), "{}")["webhook-signature"]
    separator = re.sub(r"v1,[A-Za-z0-9+/=]+", "", both)
    assert BLOCKS[1].count(f"Split('{separator}')") == 1
    assert "Split(" not in BLOCKS[0]
