"""Claims about what is posted to our anonymous addresses. All cases are posted first; each test judges one of them.

The invariants of every case: never a 5xx, never a false accept, and a good notification right after it is delivered.
"""

import base64
import contextlib
import hmac
import re
import uuid
from dataclasses import dataclass, replace

import pytest
import requests

from tests.support.intake.case import Case, Target, items
from tests.support.intake.items import CHANGES, LIFECYCLES, RESOURCES
from tests.support.intake.requests import FORGED, HANDSHAKES, METHODS, SHAPES, TYPES
from tests.support.relay import Relay
from tests.support.waiting import eventually

TABLE: dict[str, Case] = {
    f"{part}: {name}": case
    for part, cases in {
        "handshake": HANDSHAKES, "method": METHODS, "shape": SHAPES, "type": TYPES, "forged": FORGED,
        "resource": RESOURCES, "change": CHANGES, "lifecycle": LIFECYCLES,
    }.items()
    for name, case in cases.items()
}  # fmt: skip
GOOD = Case(items())


@dataclass
class Campaign:
    """What came of all cases: answers, the good answers after them, the traps and markers, and what was told."""

    answers: dict[str, requests.Response]
    after: dict[str, int]
    traps: dict[str, str]
    markers: dict[str, str]
    never: str
    delivered: set[str]
    log: str


@pytest.fixture(scope="module")
def campaign(shared_relay: Relay) -> Campaign:
    """Post every case and a good notification after each, then wait until all of them had time to arrive."""
    address = shared_relay.mailbox()
    booked = [shared_relay.book(address, days=number % 90)["immutableId"] for number in range(2 * len(TABLE) + 1)]
    traps, markers = dict(zip(TABLE, booked, strict=False)), dict(zip(TABLE, booked[len(TABLE) :], strict=False))
    target, began = _target(shared_relay, address, booked[-1]), len(shared_relay.stack.host.log.read_text())
    # A `missed` resyncs its mailbox: all traps were told.
    elsewhere = _target(shared_relay, shared_relay.mailbox(), booked[-1])
    answers, after = {}, {}
    for name, case in TABLE.items():
        whose = elsewhere if name.startswith("lifecycle") else target
        answers[name] = _post(shared_relay, case, replace(whose, trap=traps[name]))
        after[name] = _post(shared_relay, GOOD, replace(target, trap=markers[name])).status_code

    def delivered() -> set[str]:
        return {str(attempt["eventId"]) for attempt in shared_relay.attempts(address)}

    wanted = set(markers.values()) | {traps[name] for name, case in TABLE.items() if case.delivered}
    with contextlib.suppress(AssertionError):  # each test says what is missing
        eventually(lambda: wanted <= delivered(), seconds=30, every=0.3)
        shared_relay.quiet()
    log = shared_relay.stack.host.log.read_text()[began:]
    return Campaign(answers, after, traps, markers, booked[-1], delivered(), log)


def _target(relay: Relay, address: str, never: str) -> Target:
    """Watch the mailbox, whose events were booked before so that nobody was told of them."""
    watch = relay.api.watch(address)
    (subscription,) = relay.subscriptions(address)
    state, user = subscription["clientState"], str(uuid.uuid4())  # the clientState alone says which mailbox it is
    version = state.partition(".")[0]
    mac = base64.urlsafe_b64encode(hmac.digest(b"", f"{version}.{watch['id']}".encode(), "sha256"))
    forged = f"{version}.{watch['id']}.{mac.rstrip(b'=').decode()}"
    return Target(user, subscription["id"], state, relay.stack.seed["tenantId"], forged, "", never)


def _post(relay: Relay, case: Case, target: Target) -> requests.Response:
    return relay.api.call(
        case.method, case.path, key=None, headers=dict(case.headers), data=case.content(target), allow_redirects=False
    )


@pytest.mark.parametrize("name", TABLE)
def test_what_is_posted_is_answered_and_taken_in_or_not(campaign: Campaign, name: str) -> None:
    """Each case gets its status, is told or not told to the partner, and the good one after it is delivered."""
    case, answer = TABLE[name], campaign.answers[name]
    assert answer.status_code == case.status, answer.text[:300]
    assert len(answer.content) < 5000
    assert "Traceback" not in answer.text
    if case.answer is not None:
        assert answer.content == case.answer.encode()
        assert answer.headers["content-type"].partition(";")[0] == "text/plain"
        assert answer.headers["x-content-type-options"] == "nosniff"
    elif answer.status_code in (400, 413, 415):
        assert answer.headers["content-type"].startswith("application/problem+json")
    else:
        assert answer.content == b""
    assert (campaign.traps[name] in campaign.delivered) == case.delivered
    assert campaign.after[name] == 202
    assert campaign.markers[name] in campaign.delivered


def test_what_is_dropped_is_counted(campaign: Campaign) -> None:
    """The log counts what was dropped, by reason, so that an administrator can see an attack."""
    counted: dict[str, int] = {}
    for number, reason in re.findall(r"notifications_dropped=(\d+) reason=([a-z-]+)", campaign.log):
        counted[reason] = counted.get(reason, 0) + int(number)
    assert counted["forged-client-state"] >= 20
    assert counted["foreign-tenant"] >= 4
    assert counted["not-understood"] >= 40
    assert counted["not-an-object"] == 5


def test_nothing_posted_gets_into_the_log(campaign: Campaign) -> None:
    """What came from outside cannot write lines, colours or look-ups into the log."""
    for trace in ("jndi", "\x1b", "2026-01-01 ERROR", "evil.example", "Traceback", "Failed"):
        assert trace not in campaign.log


def test_an_event_that_only_forged_items_name_is_never_told(campaign: Campaign) -> None:
    """Good items beside forged ones do not vouch for them."""
    assert campaign.never not in campaign.delivered


def test_a_large_post_arrives_whole(relay: Relay) -> None:
    """Three hundred changes in one POST do not fit into one queue message, and all of them arrive."""
    address = relay.mailbox()
    booked = [relay.book(address, days=number % 90)["immutableId"] for number in range(300)]
    target = _target(relay, address, "")
    body = {"value": [target.item(event) for event in booked for _ in range(2)]}
    assert _post(relay, Case(lambda _: body), target).status_code == 202
    relay.in_step(address, seconds=40)
    assert len(relay.attempts(address)) == 300
