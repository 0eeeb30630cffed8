"""The request body of the doctor."""

from __future__ import annotations

from typing import Any

import pytest

from shared.doctor.request import MOST_MAILBOXES, DoctorRequest, parse_doctor_request
from shared.errors import RequestRejected


def test_a_request_is_parsed() -> None:
    """Addresses are converted to lower case, and duplicates are removed."""
    assert parse_doctor_request({}) == DoctorRequest()
    content = {"allowed": ["A@contoso.com", "a@contoso.com"], "refused": ["b@contoso.com"], "ping": False}
    assert parse_doctor_request(content) == DoctorRequest(("a@contoso.com",), ("b@contoso.com",), ping=False)


@pytest.mark.parametrize("content", [
    {"allowed": "a@contoso.com"}, {"allowed": [1]}, {"allowed": ["canary"]}, {"ping": "yes"}, {"x": 1},
    {"refused": ["a@contoso.com"] * (MOST_MAILBOXES + 1)}, {"allowed": ["a@b.example"], "refused": ["A@b.example"]},
])  # fmt: skip
def test_an_invalid_request_is_rejected(content: dict[str, Any]) -> None:
    """The error is a 422 that does not repeat the value."""
    with pytest.raises(RequestRejected) as refusal:
        parse_doctor_request(content)
    assert (refusal.value.status, "canary" in str(refusal.value)) == (422, False)
