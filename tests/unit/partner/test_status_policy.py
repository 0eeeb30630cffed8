"""The disposition of each status that a partner may return."""

from __future__ import annotations

import pytest

from shared.partner.status_policy import Disposition, disposition_of


@pytest.mark.parametrize(
    ("disposition", "statuses"),
    [
        (Disposition.DELIVERED, [200, 201, 202, 204, 226, 299]),
        (Disposition.RETRY, [0, 408, 425, 429, 500, 501, 502, 503, 504, 507, 599]),
        (Disposition.REJECT, [400, 413, 422]),
        (Disposition.DISABLE, [410]),
        (
            Disposition.RETRY_AND_ALERT,
            [401, 403, 404, 405, 406, 409, 411, 412, 414, 415, 417, 421, 423, 426, 428, 431, 451, 499],
        ),
        (Disposition.RETRY_AND_ALERT, [100, 103, 300, 301, 302, 303, 304, 307, 308, 399, 600, 999, -1]),
    ],
)
def test_each_status_has_its_disposition(disposition: Disposition, statuses: list[int]) -> None:
    """The dispositions are those of the partner guide."""
    assert {status: disposition_of(status) for status in statuses} == dict.fromkeys(statuses, disposition)
