"""Slots on the running stack while Graph shows its writes late and fails: none is given twice."""

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from tests.support.relay import Relay
from tests.support.scheduling_calls import agent, book, calendar_of


@pytest.mark.parametrize("seed", [5, 6])
def test_fifty_callers_on_a_graph_that_is_late_and_fails(relay: Relay, seed: int) -> None:
    """They repeat their calls until they know: each booking that was promised is one event, and no two overlap."""
    address, chance = agent(relay), random.Random(seed)
    names = ["createdUnseenSeconds", "listLagSeconds", "scheduleLags", "valuesSpelled"]
    choice = {"seed": seed, "share": 0.6, "names": names, "of": [address], "longestSeconds": 2}
    relay.tenant.control("POST", "/behaviours/random", choice)
    for number in range(8):
        match = ("POST .*/events$", "GET .*/calendarView", "POST .*/getSchedule", "GET .*/events/")[number % 4]
        relay.fault(match, status=chance.choice([429, 500, 503]), times=3, after=bool(number % 3))
    hours = [10 + chance.randrange(0, 36) / 12 for _ in range(50)]
    with ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda hour: book_with_retries(relay, address, hour), hours))
    relay.tenant.control("DELETE", "/behaviours")
    promised = sorted(answer.json()["event"]["start"] for answer in answers if answer.status_code in (200, 201))
    spans = sorted((event["start"]["dateTime"], event["end"]["dateTime"]) for event in calendar_of(relay, address))
    assert [start[:19] + "Z" for start, _ in spans] == promised
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
    assert promised


def book_with_retries(relay: Relay, address: str, hour: float) -> Any:
    """Book with a key, and repeat the call until it is no 503."""
    key = uuid.uuid4().hex
    for _ in range(30):
        answer = book(relay, address, hour, key=key)
        if answer.status_code not in (429, 503):
            break
        time.sleep(min(float(answer.headers.get("Retry-After", 1)), 1))
    assert answer.status_code in (200, 201, 409), answer.text
    return answer
