"""Claims about the acts of runs: each does what its verb says, and each lie ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.schedules import verbs
from tests.schedules.acts_relay import PARTNER_URL
from tests.schedules.campaign import quiet
from tests.schedules.history import History
from tests.schedules.plan import Act, Plan, Round
from tests.schedules.strategies import Recorded
from tests.schedules.verbs import WHICH
from tests.simulation.subscriptions import Subscriptions

LONGEST_LIE = timedelta(hours=30)
ROOM0 = "room0@contoso.com"
LIES = ("untrue_404", "silent", "unreadable_answers", "quota_for", "throttled", "accepts_twins", "forbidden",
        "refuse_all", "longest", "spelled")  # fmt: skip


def run_of(*rounds: list[Act], mailboxes: int = 5) -> History:
    """Return a run after its first set-ups and rounds five minutes apart, without its end."""
    plan = Plan(1, mailboxes, is_calm=True, before=[])
    plan.rounds = [Round(f"r{number}", 300.0 * (number + 1), acts) for number, acts in enumerate(rounds)]
    history = History(plan, Recorded({}))
    with quiet():
        history._begin()
        for each in plan.rounds:
            history.passage.to(each.at)
            history._round(each)
    return history


def outside(verb: str, variant: int = 0) -> Act:
    """Return an act about the first mailbox."""
    return Act("outside", verb, variant * WHICH)


def ids_of(history: History, mailbox: str = ROOM0) -> list[str]:
    """Return the ids of the relay's subscriptions of a mailbox."""
    return [each.subscription.id for each in history.site.graph.of(mailbox) if each.own]


def test_each_verb_has_an_act() -> None:
    """And no act is without a verb."""
    history = run_of()
    relay, others = set(history.relay.verbs), set(history.outside.verbs)
    assert relay == {*verbs.RELAY_VERBS, *verbs.FILLERS}
    assert others | {f"lie: {each}" for each in verbs.LIES} == {*verbs.CALM_VERBS, *verbs.WILD_VERBS}


@pytest.mark.parametrize("lie", verbs.LIES)
def test_each_lie_ends(lie: str) -> None:
    """After its time, all answers are true again."""
    history = run_of()
    site, truth = history.site, Subscriptions(history.site.now)
    for variant in range(40):
        history.lies.begin(lie, variant * WHICH)
        assert history.lies.present == [lie]
        history.scheduler.clock.pass_by(LONGEST_LIE.total_seconds())
        history.lies.end_due()
        assert {name: getattr(site.graph, name) for name in LIES} == {name: getattr(truth, name) for name in LIES}
        assert [*site.graph.list()] == [each.subscription for each in site.graph.live()]
        assert (site.date_skew, site.has_vault, history.lies.present) == (timedelta(), True, [])
        assert (site.directory.shown, site.directory.denied, site.directory.refuse_all) == ({}, set(), None)
        assert (site.calendars.forbidden, site.calendars.refuse_all) == (set(), None)


def test_a_process_crashes_between_its_claim_and_the_post_and_the_next_run_goes_on() -> None:
    """The row that it leaves is claimed, and no subscription exists until the claim is given up."""
    assert verbs.CRASHES[0] == ("graph.create", "kill", "set up")
    history = run_of([Act("a1", "crash", 0), Act("a1", "set up", 2)])
    row = next(row for row in history.site.tables["watches"].rows.values() if row.get("mailbox") == "room2@contoso.com")
    assert row["pending_since"]
    assert ids_of(history, "room2@contoso.com") == []
    with quiet():
        history.passage.to(history.scheduler.clock.seconds + 3600)
    assert len(ids_of(history, "room2@contoso.com")) == 1


def test_a_stopped_app_does_nothing() -> None:
    """Neither in rounds nor between them."""
    history = run_of([outside("stop")], [Act("a1", "let go")])
    calls = history.site.graph.calls.copy()
    assert history.site.is_stopped
    assert len(ids_of(history)) == 1
    with quiet():
        history.passage.to(verbs.STOPS[0])
    assert history.site.graph.calls == calls
    with quiet():
        history.passage.to(verbs.STOPS[0] + 90_000)
    assert history.site.graph.calls["GET"] > calls["GET"]


def test_the_partner_changes_the_delivery_and_back() -> None:
    """By deleting the watch and setting it up anew."""
    history = run_of([Act("a1", "set up direct")])
    assert [each.subscription.notification_url for each in history.site.graph.of(ROOM0)] == [PARTNER_URL]
    back = run_of([Act("a1", "set up direct")], [Act("b1", "set up direct")])
    assert [each.subscription.notification_url for each in back.site.graph.of(ROOM0)] != [PARTNER_URL]


def test_the_partner_accepts_the_delivery_in_the_answer() -> None:
    """A room of a list has delivery by the relay."""
    history = run_of()
    history.relay.direct.add(ROOM0)
    with quiet():
        history.relay.set_up(history.processes["a"], ROOM0)
    assert history.relay.direct == set()


def test_a_restore_of_the_watches_leaves_the_other_tables() -> None:
    """With all tables, the others are restored, too."""
    history = run_of([outside("change"), Act("a1", "wait"), Act("a1", "queues")])
    tables = history.site.tables
    ledger, watches = dict(tables["ledger"].rows), dict(tables["watches"].rows)
    assert ledger
    history.outside.act("restore watches", 0)
    assert (tables["ledger"].rows == ledger, tables["watches"].rows == watches) == (True, False)
    history.outside.act("restore", 0)
    assert tables["ledger"].rows != ledger


@pytest.mark.parametrize("variant", [2, 3])
def test_subscriptions_of_another_deployment_are_left_alone(variant: int) -> None:
    """Beside the relay's, or where Graph lost the relay's: then a set-up is refused until the other one is gone."""
    history = run_of([outside("another's", variant)], [Act("a1", "timer"), Act("b1", "audit")])
    others = history.outside.others
    assert others.changed() == []
    assert len(history.site.graph.of(ROOM0)) == (2 if variant == 2 else 1)
    history.site.graph.touched.append(("DELETE", sorted(others.ids)[0]))
    assert len(others.changed()) == 1
    others.live(to_end=True)
    assert all(each.own for each in history.site.graph.of(ROOM0))


def test_a_late_event_is_about_a_former_subscription() -> None:
    """Graph does not hold it any more, and the relay does nothing about the present one."""
    history = run_of([outside("lose silently")], [Act("a1", "set up")], [outside("late event")])
    texts = [text for _, _, text in history.site.queues["jobs"].waiting]
    assert len(texts) == 1
    assert "subscriptionRemoved" in texts[0]
    assert not any(each in texts[0] for each in ids_of(history))


def test_a_twin_is_a_second_subscription_with_the_same_urls() -> None:
    """As if a POST without an answer was carried out twice."""
    history = run_of([outside("twin")])
    assert len(ids_of(history)) == 2
    assert len({each.subscription.notification_url for each in history.site.graph.of(ROOM0)}) == 1


def test_a_list_that_vanished_exists_again_when_a_room_joins() -> None:
    """Its rooms have left."""
    history = run_of()
    history.outside.act("list vanishes", 0)
    address = next(iter(history.site.directory.vanished))
    assert history.site.directory.rooms[address] == set()
    history.outside.act("room joins", 0)
    assert [*history.site.directory.of_list(address)] == [ROOM0]


def test_without_the_vault_a_set_up_fails_and_nothing_ends() -> None:
    """The keys that were read before still verify."""
    history = run_of([outside("lie: vault", 3)], [Act("a1", "set up", 2), Act("b1", "timer")])
    assert ids_of(history, "room2@contoso.com") == []
    assert len(ids_of(history)) == 1


def test_an_idle_host_leaves_its_work_to_the_next_round() -> None:
    """Notifications are taken in; no timer runs and no message is processed until then."""
    history = run_of([outside("idle", 3)], [outside("lose with notice")])
    calls, queue = history.site.graph.calls.copy(), history.site.queues["jobs"]
    with quiet():
        history.passage.to(300 + verbs.IDLE[3])
    assert history.site.graph.calls == calls
    assert queue.waiting
    with quiet():
        history.passage.to(900 + verbs.IDLE[3])
    assert history.site.graph.calls["GET"] > calls["GET"]
    assert not queue.waiting


def test_a_restart_in_a_round_takes_the_present_settings_and_version() -> None:
    """Others take them after the round."""
    history = run_of([outside("address", 1), outside("rollback"), Act("b1", "wait"), Act("b1", "restart")])
    assert history.processes["b"].version == "before"
    assert history.processes["b"].given["PUBLIC_BASE_URL"] == history.site.given["PUBLIC_BASE_URL"]
