"""The tables of the partner guide match the code, and both libraries sign as the relay does."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from standardwebhooks import Webhook

from sandbox.process import ROOT
from shared.partner.status_policy import Disposition, disposition_of
from shared.partner.webhook import EXCHANGE_SECONDS, signed_headers
from shared.reliability.retry_schedule import ATTEMPT_OFFSETS
from shared.watches.requests import MOST_MAILBOXES
from tests.support.guide import GUIDE, rows_below, signed_in_node
from tools.openapi.document import document

DISPOSITIONS = {
    "is done": Disposition.DELIVERED, "tries again": Disposition.RETRY,
    "tries again and alerts": Disposition.RETRY_AND_ALERT,
    "sets the change aside": Disposition.REJECT, "stops all deliveries": Disposition.DISABLE,
}  # fmt: skip
SECONDS = {"second": 1, "minute": 60, "hour": 3_600}
BODIES = ['{"title":"Møte 📅"}', "{}", '{"a": "b\\u0000"}', "\u2028 é 漢"]


def documented(status: int) -> Disposition:
    """Return the disposition that the page documents for a status."""
    meanings = {said: meaning for row, meaning in rows_below("What your answer means") for said in row.split(", ")}
    hundred = f"{status // 100}xx"
    text = meanings.get(str(status)) or meanings.get("any other 4xx" if hundred == "4xx" else hundred) or ""
    return DISPOSITIONS[max((words for words in DISPOSITIONS if text.startswith(words)), key=len)]


@pytest.mark.parametrize("status", [*range(200, 600)])
def test_the_table_of_statuses_matches_the_code(status: int) -> None:
    """The page gives the right disposition for every status that a partner may return."""
    assert documented(status) == disposition_of(status)


def test_the_retry_schedule_matches_the_code() -> None:
    """The page lists the attempts of the first day, then one every 12 hours for 7 days."""
    text = GUIDE.partition("\n## When it tries again\n")[2].partition(" after the first try")[0]
    tries = [int(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+) (second|minute|hour)", text)]
    assert tuple(tries) == ATTEMPT_OFFSETS[1 : len(tries) + 1]
    rest = ATTEMPT_OFFSETS[len(tries) :]
    assert {later - sooner for sooner, later in pairwise(rest)} == {12 * 3_600}
    assert 6.5 < ATTEMPT_OFFSETS[-1] / 86_400 <= 7


def test_the_limits_match_the_code() -> None:
    """The limits that the page states as numbers are those of the code."""
    limits = dict(rows_below("Limits"))
    assert limits["mailboxes of one call"] == str(MOST_MAILBOXES)
    assert limits["your answer"].startswith(f"{EXCHANGE_SECONDS:.0f} seconds")


def test_every_status_of_the_document_is_explained() -> None:
    """The page of errors has a table for every status in the OpenAPI document, or says that the host answers it."""
    page = (ROOT / "docs" / "errors.md").read_text()
    explained = set(re.findall(r"^### (\d{3})$", page, re.MULTILINE)) | {"500"}
    assert "\n| 500," in page.partition("\n## What the Functions host answers\n")[2]
    operations = [one for path in document()["paths"].values() for one in path.values()]
    answered = {status for one in operations for status in one["responses"] if status >= "400"}
    assert answered <= explained


def test_the_libraries_of_both_languages_sign_as_the_relay_does() -> None:
    """The golden vectors cover secrets from the shortest to the longest and bodies in many scripts."""
    secrets = ["whsec_" + base64.b64encode(bytes(range(length))).decode() for length in (24, 32, 64)]
    numbered = list(enumerate(BODIES))
    vectors = [(secret, f"msg_{number}", 1_795_168_804, body) for secret in secrets for number, body in numbered]
    ours = [_signature(*vector) for vector in vectors]
    assert ours == [Webhook(secret).sign(name, _at(seconds), body) for secret, name, seconds, body in vectors]
    assert ours == signed_in_node(vectors)
    assert len(set(ours)) == len(vectors)


def _signature(secret: str, name: str, seconds: int, body: str) -> str:
    return signed_headers("n", secret, name, _at(seconds), body)["webhook-signature"]


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
