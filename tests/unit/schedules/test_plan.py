"""Claims about plans: what is drawn, how often, and that acts meet."""

from __future__ import annotations

from collections import Counter

from tests.schedules import verbs
from tests.schedules.plan import Plan, drawn, read
from tests.schedules.ports import GRAPH_CALLS, TABLE_CALLS
from tests.schedules.rounds import MEETINGS, SCENES, Round
from tests.schedules.verbs import WORKERS, variant_of, which_of

SHORT: list[Plan] = [drawn(seed, 3, 10) for seed in range(60)]
ROUNDS: list[Round] = [each for plan in SHORT for each in plan.rounds]


def test_a_seed_has_a_plan_which_is_the_same_after_it_was_stored() -> None:
    """So a failure can be replayed."""
    assert drawn(7) == drawn(7) == read(drawn(7).text())
    assert drawn(7) != drawn(8)


def test_calm_plans_have_no_lie_no_wrong_clock_and_no_mistake() -> None:
    """One plan in six is calm."""
    calm = [plan for plan in SHORT if plan.is_calm]
    assert len(calm) == 10
    assert not {verb for plan in calm for verb in plan.counts()} & set(verbs.WILD_VERBS)


def test_most_acts_of_a_round_concern_the_same_mailbox() -> None:
    """Counted over all acts: more than two of three."""
    shares = [Counter(which_of(act.number) for act in each.acts).most_common(1)[0][1] for each in ROUNDS]
    assert sum(shares) > sum(len(each.acts) for each in ROUNDS) * 2 / 3


def test_several_processes_act_in_most_rounds() -> None:
    """At the same time, so that their calls can alternate."""
    numbers = [len({WORKERS[act.worker] for act in each.acts} - {"outside"}) for each in ROUNDS]
    assert sum(number > 1 for number in numbers) > len(ROUNDS) * 0.8


def test_rounds_follow_each_other_within_minutes_and_after_days() -> None:
    """A confirmed loss takes a minute, an abandoned claim two, a room list twenty."""
    gaps = [after.at - before.at for plan in SHORT for before, after in zip(plan.rounds, plan.rounds[1:], strict=False)]
    assert sum(60 < gap <= 130 for gap in gaps) > len(gaps) / 10
    assert sum(130 < gap <= 900 for gap in gaps) > len(gaps) / 10
    assert sum(gap > 43_200 for gap in gaps) > len(gaps) / 20


def test_each_meeting_names_verbs_of_the_relay() -> None:
    """None is misspelt."""
    meetings = [*MEETINGS, *(meeting for _, meeting in SCENES)]
    named = {verb for meeting in meetings for some in meeting for verb in some.split(", ")}
    assert named <= {*verbs.RELAY_VERBS, *verbs.FILLERS}
    assert {verb for verb, _ in SCENES} <= {*verbs.CALM_VERBS, *verbs.WILD_VERBS}


def test_each_crash_is_at_a_call_that_waits() -> None:
    """Otherwise it would never happen."""
    waiting = {*(f"graph.{call}" for call in GRAPH_CALLS), *(f"watches.{call}" for call in TABLE_CALLS)}
    assert {call for call, _, _ in verbs.CRASHES} <= waiting | {"work.put", "jobs.put"}


def test_each_crash_is_likely_in_an_act_that_follows_it() -> None:
    """And for each act that follows a crash there is a fitting one."""
    after = {
        some.rpartition("crash, ")[2].split(", ")[0] for meeting in MEETINGS for some in meeting if "crash" in some
    }
    assert after <= {verb for _, _, verb in verbs.CRASHES} <= {*verbs.RELAY_VERBS, *verbs.FILLERS}


def test_runs_have_five_to_fifty_mailboxes() -> None:
    """More than ten in some, because a brake is only on above ten responses of a kind."""
    sizes = Counter(drawn(seed, 3, 1).mailboxes for seed in range(300))
    assert (min(sizes), max(sizes)) == (5, 50)
    assert sum(number for size, number in sizes.items() if size > 10) > 30


def test_the_app_is_stopped_for_hours_to_nine_days_or_idle() -> None:
    """And mostly the next round begins when it has started again, or later."""
    lengths, later = set(), []
    for plan in SHORT:
        for each, after in zip(plan.rounds, plan.rounds[1:], strict=False):
            pauses = [verbs.pause_of(act.verb, act.number) for act in each.acts if act.verb in ("stop", "idle")]
            lengths |= {*pauses}
            later += [after.at - each.at >= length for length in pauses]
    assert lengths == {*verbs.STOPS, *verbs.IDLE}
    assert sum(later) > len(later) / 2


def test_a_number_selects_a_mailbox_and_a_variant_independently() -> None:
    """So acts about one mailbox differ in everything else."""
    acts = [act for each in ROUNDS for act in each.acts]
    assert {which_of(act.number) for act in acts} == set(range(verbs.WHICH))
    assert len({variant_of(act.number) for act in acts}) > 500
