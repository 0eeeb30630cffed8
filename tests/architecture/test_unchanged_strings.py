"""What alerts, workbooks and auditors read is the same as before the restructure."""

from __future__ import annotations

import json
import re
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
from tests.architecture.outward import as_json, in_order, reference
from tests.architecture.test_import import ROOT

BEFORE = reference("strings")
VALUES: dict[str, dict[str, Any]] = BEFORE["values"]
NUMBER = "a number"
ADDED: dict[str, set[str]] = {  # since
    "counters": {
        "appointments", "businesses", "dataverse_brake", "dataverse_dead_letters", "dataverse_decisions",
        "dataverse_hooks", "dataverse_restored", "dataverse_retries", "owner_checks", "requests", "rows_unreadable",
        "timer_runs",
    },
    "gauges": {
        "changes_retried", "dataverse_held", "dataverse_oldest_hint_seconds", "dataverse_pairs",
        "dataverse_token_percent", "relay_stopped",
    },
    "audits": {
        "dataverse-hold", "dataverse-release", "dataverse-start", "dataverse-write", "delete-unknown-subscriptions",
        "forget", "start", "stop",
    },
}  # fmt: skip
# Since rows decide and lists do not, no subscription is deleted because a list lacks its row.
NO_LONGER_COUNTED = {"needed-meanwhile"}
ADDED_VALUES = {
    ("businesses", "failed"),
    ("businesses", "read"),
    ("owner_checks", "other"),
    ("owner_checks", "unknown"),
    ("repairs", "unknown"),
    ("timer_runs", "succeeded"),
}  # a job of a later version, whose own kind may be any text
ADDED_ENDS = {"skipped"}  # an instance with a wrong clock does no work that is due
# The day's subscriptions do not exist at Graph. Nothing reads the list, and one 404 is not believed.
DAY = {
    "reconciled=2 end=created": "reconciled=2 end=noted",
    "repairs=1 kind=reauthorizationRequired end=just-renewed": "repairs=1 kind=reauthorizationRequired end=missing",
    "repairs=1 kind=subscriptionRemoved end=kept": "repairs=1 kind=subscriptionRemoved end=missing",
}
FILES = (path for folder in ("docs", "infra") for path in sorted((ROOT / folder).rglob("*")) if path.is_file())
PAGES = "\n".join(path.read_text() for path in FILES)
FILTER = r"""message startswith (?:'([^']*)'|"([^"]*)")"""
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEY = Key("v1", b"a secret of the relay", NOW)
QUOTED = {  # log texts that docs/ and infra/ quote, with the quoted part
    "A change of watch %s failed (attempt %d): %s": "A change of watch",
    "A change of watch %s is a dead letter: %s, status %d": "A change of watch",
    "The partner's endpoint is %s: %s": "The partner's endpoint is",
    "Subscriptions: %d of %d steps done (%s)": "Subscriptions: 420 of 1000 steps done (",
    "Subscriptions are reconciled: %s": "Subscriptions are reconciled: ",
    "Row %d for the booking %s %s": "Row ",
}


@pytest.mark.parametrize("kind", ["counters", "gauges", "audits"])
def test_every_metric_stays_with_its_dimensions(kind: str) -> None:
    """None is removed, and the order of the dimensions stays: it is that of the line's text."""
    now = outward_strings.dimensions_by_name()[kind]
    assert {name: ways for name, ways in now.items() if len(ways) > 1} == {}
    assert {name: list(*ways) for name, ways in now.items() if name not in ADDED[kind]} == BEFORE[kind]
    assert now.keys() - BEFORE[kind].keys() == ADDED[kind]


def test_the_file_has_the_values_of_every_dimension() -> None:
    """So that the tests below leave out no dimension, except those of an audit, which are ids and people's texts."""
    metrics = BEFORE["counters"] | BEFORE["gauges"]
    assert {name: sorted(dimensions) for name, dimensions in metrics.items() if dimensions} == {
        name: sorted(values) for name, values in VALUES.items()
    }


@pytest.mark.parametrize("name", sorted(VALUES))
def test_every_value_still_exists_in_the_product(name: str) -> None:
    """As a text, as the start of one (written "drained-{"), or as a counted name."""
    texts = outward_strings.texts()
    values = {value for some in VALUES[name].values() if some != NUMBER for value in some}
    assert values - texts == NO_LONGER_COUNTED & values


def test_a_literal_value_is_a_value_of_before() -> None:
    """Also where the call chooses between two; for some counters these are all values."""
    now: dict[str, set[str]] = {}
    for name, dimension, value in outward_strings.values_at_calls():
        assert value in VALUES.get(name, {}).get(dimension, ()) or (name, value) in ADDED_VALUES, (name, value)
        now.setdefault(name, set()).add(value)
    for name in ("bookings", "slot_bookings"):
        assert sorted(now[name]) == VALUES[name]["end"]


def test_a_name_that_is_counted_is_a_value_of_before() -> None:
    """The value is a name in the code, which a renaming could change by mistake."""
    ends = {value for values in VALUES.values() for value in values.get("end", ())}
    assert outward_strings.counted_names() - ends == ADDED_ENDS


def test_the_partners_statuses_keep_their_meaning() -> None:
    """Every status from 0 to 599, and no new meaning is counted."""
    assert outward_strings.policy() == BEFORE["answers"]
    assert sorted({meaning for _, _, meaning in BEFORE["answers"]}) == VALUES["partner_answers"]["verdict"]


def test_the_states_are_those_of_before() -> None:
    """Of watches and of the partner endpoint: they are also stored."""
    assert sorted(get_args(State)) == VALUES["watches"]["state"]
    states = sorted([EndpointState.FAILING, EndpointState.FLOWING, EndpointState.GONE_410, EndpointState.PAUSED])
    assert states == VALUES["endpoint"]["state"] == VALUES["deliveries_held"]["state"]


def test_the_reasons_of_dead_letters_are_those_of_before() -> None:
    """They are stored, shown and counted."""
    assert sorted([REJECTED, GAVE_UP, UNREADABLE]) == VALUES["dead_letters"]["reason"]


def test_callers_are_refused_for_the_reasons_of_before() -> None:
    """All reasons in the code, and the missing role."""
    assert sorted({*outward_strings.refusals_of_callers(), "role"}) == VALUES["callers_refused"]["reason"]


def test_a_change_has_an_outcome_of_before() -> None:
    """Where the outcome is set; "failed" becomes put-back, parked or dead before it is counted."""
    now = outward_strings.ends_of_changes()
    assert now == {"busy", "covered", "failed", "no-news", "not-allowed", "put-off", "told"}
    assert now - {"failed"} < set(VALUES["changes"]["end"])


def test_the_kinds_of_jobs_begin_with_graphs_lifecycle_events() -> None:
    """The other six are the relay's own; the messages test them."""
    assert set(VALUES["repairs"]["kind"]) > LIFECYCLE_EVENTS
    jobs = (message["given"] for message in reference("messages")["written"] if message["kind"] == "repairs")
    assert {given[0][1] for given in jobs} == set(VALUES["repairs"]["kind"])


def test_notifications_are_dropped_for_the_reasons_of_before() -> None:
    """One item for each reason. A reason of this version: a change with the clientState of a direct watch."""
    good = {"clientState": sign("a" * 32, KEY, "direct", "nonce"), "tenantId": "tenant"}
    change = {"changeType": "updated", "resource": "Users/u/Events/E"}
    items = [7, {"clientState": "forged"}, good | {"tenantId": "another"}, good, good | change]
    taken = take_in(json.dumps({"value": items}).encode(), [KEY], "tenant", NOW)
    assert sorted(in_order(taken)[-1]) == ["direct-watch", *VALUES["notifications_dropped"]["reason"]]


def test_a_line_stays_the_same() -> None:
    """By the same logger, at the same level, to the last blank."""
    assert as_json(outward_lines.lines_now()) == BEFORE["lines"]


def test_a_day_of_a_room_gives_the_same_lines() -> None:
    """Changes with most outcomes, jobs of each kind, statuses of the partner: line by line."""
    assert outward_lines.lines_of_a_day() == sorted(DAY.get(line, line) for line in BEFORE["day"])


def test_quoted_log_texts_stay() -> None:
    """An administrator searches for them; other log texts may change."""
    assert QUOTED.keys() <= set(outward_strings.log_texts())
    assert [quote for quote in QUOTED.values() if quote not in PAGES] == []


def test_every_query_filters_by_a_metric_or_a_quoted_log_text() -> None:
    """By the name of a metric, such as "watches=", the beginning of a text listed above, or the line at the start."""
    beginnings = {single or double for single, double in re.findall(FILTER, PAGES)}
    metrics = {f"{name}=" for kind in ("counters", "gauges") for name in {*BEFORE[kind], *ADDED[kind]}}
    assert beginnings - metrics == {"A change of watch", "The partner's endpoint is", "Row ", "relay.start version="}
    assert len(beginnings & metrics) > 10
