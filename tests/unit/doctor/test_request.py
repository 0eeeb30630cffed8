"""Claims about what may be asked of the doctor."""

from __future__ import annotations

from typing import Any

import pytest

from shared.doctor.request import MOST_MAILBOXES, DoctorRequest, parse_doctor_request
from shared.errors import RequestRejected


def test_a_wish_is_read() -> None:
    """Addresses in lower case, each once."""
    assert parse_doctor_request({}) == DoctorRequest()
    content = {"allowed": ["A@contoso.com", "a@contoso.com"], "refused": ["b@contoso.com"], "ping": False}
    assert parse_doctor_request(content) == DoctorRequest(("a@contoso.com",), ("b@contoso.com",), ping=False)


@pytest.mark.parametrize("content", [
    {"allowed": "a@contoso.com"}, {"allowed": [1]}, {"allowed": ["canary"]}, {"ping": "yes"}, {"x": 1},
    {"refused": ["a@contoso.com"] * (MOST_MAILBOXES + 1)}, {"allowed": ["a@b.example"], "refused": ["A@b.example"]},
])  # fmt: skip
def test_a_wish_that_is_not_sound_is_refused(content: dict[str, Any]) -> None:
    """422, and the value is not repeated."""
    with pytest.raises(RequestRejected) as refusal:
        parse_doctor_request(content)
    assert (refusal.value.status, "canary" in str(refusal.value)) == (422, False)
