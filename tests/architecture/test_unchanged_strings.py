"""What alerts, workbooks and auditors read stays as it was before the restructure: names, dimensions, values, texts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from shared.delivery.intake import take_in
from shared.graph.client_state import Key, sign
from shared.graph.notification import LIFECYCLE_EVENTS
from shared.reliability.dead_letters import GAVE_UP, REJECTED, UNREADABLE
from shared.storage.partner_endpoint import EndpointState
from shared.storage.watches import State
from tests.architecture import outward_lines, outward_strings
from tests.architecture.outward import as_json, in_order, kept

BEFORE = kept("strings")
VALUES: dict[str, dict[str, Any]] = BEFORE["values"]
NUMBER = "a number"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEY = Key("v1", b"a secret of the relay", NOW)


@pytest.mark.parametrize("kind", ["counters", "gauges", "audits"])
def test_every_name_that_is_told_stays_with_its_dimensions(kind: str) -> None:
    """None more and none less, and the dimensions in their order, which is that of the line's text."""
    now = outward_strings.told()[kind]
    assert {name: ways for name, ways in now.items() if len(ways) > 1} == {}
    assert {name: list(*ways) for name, ways in now.items()} == BEFORE[kind]


def test_the_file_has_the_values_of_every_dimension() -> None:
    """So that no dimension is left out of the tests below. Those of an audit are ids and people's own words."""
    told = BEFORE["counters"] | BEFORE["gauges"]
    assert {name: sorted(dimensions) for name, dimensions in told.items() if dimensions} == {
        name: sorted(values) for name, values in VALUES.items()
    }


@pytest.mark.parametrize("name", sorted(VALUES))
def test_every_value_still_stands_in_the_product(name: str) -> None:
    """As a text, as the beginning of one (written "drained-{"), or as a name that is counted."""
    words = outward_strings.words()
    values = {value for some in VALUES[name].values() if some != NUMBER for value in some}
    assert values - words == set()


def test_a_value_that_a_call_holds_is_one_of_before() -> None:
    """Also where the call chooses between two; of some counters these are all values."""
    now: dict[str, set[str]] = {}
    for name, dimension, value in outward_strings.values_at_calls():
        assert value in VALUES[name][dimension], (name, value)
        now.setdefault(name, set()).add(value)
    for name in ("bookings", "slot_bookings"):
        assert sorted(now[name]) == VALUES[name]["end"]


def test_a_name_that_is_counted_is_a_value_of_before() -> None:
    """Such a value stands in the code as a name, which a renaming could take for the code's own."""
    ends = {value for values in VALUES.values() for value in values.get("end", ())}
    assert outward_strings.counted_names() - ends == set()


def test_the_answers_of_the_partner_mean_what_they_did() -> None:
    """Every status from 0 to 599, and no other meaning is counted."""
    assert outward_strings.policy() == BEFORE["answers"]
    assert sorted({meaning for _, _, meaning in BEFORE["answers"]}) == VALUES["partner_answers"]["verdict"]


def test_the_states_are_those_of_before() -> None:
    """Of watches and of the partner's endpoint: who reads them also finds them stored."""
    assert sorted(get_args(State)) == VALUES["watches"]["state"]
    states = sorted([EndpointState.FAILING, EndpointState.FLOWING, EndpointState.GONE_410, EndpointState.PAUSED])
    assert states == VALUES["endpoint"]["state"] == VALUES["deliveries_held"]["state"]


def test_the_reasons_of_dead_letters_are_those_of_before() -> None:
    """They are stored, shown and counted."""
    assert sorted([REJECTED, GAVE_UP, UNREADABLE]) == VALUES["dead_letters"]["reason"]


def test_callers_are_refused_for_the_reasons_of_before() -> None:
    """All that the code names where it refuses, and the missing role."""
    assert sorted({*outward_strings.refusals_of_callers(), "role"}) == VALUES["callers_refused"]["reason"]


def test_a_change_ends_with_a_word_of_before() -> None:
    """Where its end is made; "failed" becomes put-back, parked or dead before it is counted."""
    now = outward_strings.ends_of_changes()
    assert now == {"busy", "covered", "failed", "no-news", "not-allowed", "put-off", "told"}
    assert now - {"failed"} < set(VALUES["changes"]["end"])


def test_the_kinds_of_repairs_begin_with_the_words_of_graph() -> None:
    """The other six are the relay's own; see the messages."""
    assert set(VALUES["repairs"]["kind"]) > LIFECYCLE_EVENTS
    assert {given[0][1] for one in kept("messages")["written"] if one["kind"] == "repairs" for given in [one["given"]]
            } == set(VALUES["repairs"]["kind"])  # fmt: skip


def test_notifications_are_dropped_for_the_reasons_of_before() -> None:
    """One item for each reason."""
    good = {"clientState": sign("a" * 32, KEY), "tenantId": "tenant"}
    items = [7, {"clientState": "forged"}, good | {"tenantId": "another"}, good]
    taken = take_in(json.dumps({"value": items}).encode(), [KEY], "tenant", NOW)
    assert sorted(in_order(taken)[-1]) == VALUES["notifications_dropped"]["reason"]


def test_a_line_is_written_as_it_was() -> None:
    """By the same logger, at the same level, to the last blank."""
    assert as_json(outward_lines.lines_now()) == BEFORE["lines"]


def test_a_day_of_a_room_is_counted_as_it_was() -> None:
    """Changes that come to most ends, repairs of each kind, answers of the partner: line by line."""
    assert outward_lines.lines_of_a_day() == BEFORE["day"]


def test_the_texts_of_the_logs_stay() -> None:
    """An administrator may search for them; values are set in later."""
    assert outward_strings.log_texts() == BEFORE["logs"]
