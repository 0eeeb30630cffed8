"""Claims about POSTs to the anonymous routes. All cases are posted first; each test checks one of them.

Invariants of every case: no 5xx, no forged item is accepted, and a valid notification after it is delivered.
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
VALID = Case(items())


@dataclass
class Campaign:
    """The results of all cases.

    A trap is the event of a case; a marker is the event of the valid notification after it, whose status is in `after`.
    Only forged items name the event `never`.
    """

    answers: dict[str, requests.Response]
    after: dict[str, int]
    traps: dict[str, str]
    markers: dict[str, str]
    never: str
    delivered: set[str]
    log: str


@pytest.fixture(scope="module")
def campaign(shared_relay: Relay) -> Campaign:
    """Post every case and a valid notification after each, then wait for the expected deliveries."""
    address = shared_relay.mailbox()
    booked = [shared_relay.book(address, days=number % 90)["immutableId"] for number in range(2 * len(TABLE) + 1)]
    traps, markers = dict(zip(TABLE, booked, strict=False)), dict(zip(TABLE, booked[len(TABLE) :], strict=False))
    target, start = _target(shared_relay, address, booked[-1]), len(shared_relay.stack.host.log.read_text())
    # In their own mailbox, because a `missed` resyncs the whole mailbox and would deliver all traps.
    elsewhere = _target(shared_relay, shared_relay.mailbox(), booked[-1])
    answers, after = {}, {}
    for name, case in TABLE.items():
        addressee = elsewhere if name.startswith("lifecycle") else target
        answers[name] = _post(shared_relay, case, replace(addressee, trap=traps[name]))
        after[name] = _post(shared_relay, VALID, replace(target, trap=markers[name])).status_code

    def delivered() -> set[str]:
        return {str(attempt["eventId"]) for attempt in shared_relay.attempts(address)}

    expected = set(markers.values()) | {traps[name] for name, case in TABLE.items() if case.delivered}
    with contextlib.suppress(AssertionError):  # each test reports its missing delivery
        eventually(lambda: expected <= delivered(), every=0.3)
        shared_relay.quiet()
    log = shared_relay.stack.host.log.read_text()[start:]
    return Campaign(answers, after, traps, markers, booked[-1], delivered(), log)


def _target(relay: Relay, address: str, never: str) -> Target:
    """Watch a mailbox; events booked before were not delivered."""
    watch = relay.api.watch(address)
    (subscription,) = relay.subscriptions(address)
    state, user = subscription["clientState"], str(uuid.uuid4())  # only the clientState identifies the mailbox
    version = state.partition(".")[0]
    mac = base64.urlsafe_b64encode(hmac.digest(b"", f"{version}.{watch['id']}".encode(), "sha256"))
    forged = f"{version}.{watch['id']}.{mac.rstrip(b'=').decode()}"
    return Target(user, subscription["id"], state, relay.stack.seed["tenantId"], forged, "", never)


def _post(relay: Relay, case: Case, target: Target) -> requests.Response:
    return relay.api.call(
        case.method, case.path, key=None, headers=dict(case.headers), data=case.content(target), allow_redirects=False
    )


@pytest.mark.parametrize("name", TABLE)
def test_each_post_gets_its_response_and_is_accepted_or_dropped(campaign: Campaign, name: str) -> None:
    """Each case gets its status, is delivered or not, and the valid notification after it is delivered."""
    case, answer = TABLE[name], campaign.answers[name]
    assert answer.status_code == case.status, answer.text[:300]
    assert len(answer.content) < 5000
    assert "Traceback" not in answer.text
    if case.answer is not None:
        assert answer.content == case.answer.encode()
        assert answer.headers["content-type"].partition(";")[0] == "text/plain"
        assert answer.headers["x-content-type-options"] == "nosniff"
    elif answer.status_code in (400, 405, 413, 415) and (answer.content or answer.status_code != 413):
        assert answer.headers["content-type"].startswith("application/problem+json")
    else:
        assert answer.content == b""
    assert (campaign.traps[name] in campaign.delivered) == case.delivered
    assert campaign.after[name] == 202
    assert campaign.markers[name] in campaign.delivered


def test_dropped_notifications_are_counted(campaign: Campaign) -> None:
    """The log counts dropped notifications by reason, so that an administrator can see an attack."""
    counted: dict[str, int] = {}
    for number, reason in re.findall(r"notifications_dropped=(\d+) reason=([a-z-]+)", campaign.log):
        counted[reason] = counted.get(reason, 0) + int(number)
    assert counted["forged-client-state"] >= 20
    assert counted["foreign-tenant"] >= 4
    assert counted["not-understood"] >= 40
    assert counted["not-an-object"] == 5


def test_nothing_posted_gets_into_the_log(campaign: Campaign) -> None:
    """A POST cannot add lines, colours or look-ups to the log."""
    for trace in ("jndi", "\x1b", "2026-01-01 ERROR", "evil.example", "Traceback", "Failed"):
        assert trace not in campaign.log


def test_an_event_that_only_forged_items_name_is_never_delivered(campaign: Campaign) -> None:
    """A valid item in the same POST does not make a forged item valid."""
    assert campaign.never not in campaign.delivered


def test_a_large_post_arrives_whole(relay: Relay) -> None:
    """Three hundred changes in one POST need several queue messages, and all of them arrive."""
    address = relay.mailbox()
    booked = [relay.book(address, days=number % 90)["immutableId"] for number in range(300)]
    target = _target(relay, address, "")
    body = {"value": [target.item(event) for event in booked for _ in range(2)]}
    assert _post(relay, Case(lambda _: body), target).status_code == 202
    relay.in_step(address)
    assert len(relay.attempts(address)) == 300
