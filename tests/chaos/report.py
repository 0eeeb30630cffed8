"""The report of a run."""

from collections.abc import Iterator, Mapping

from tests.chaos.crash_points import CRASH_POINTS
from tests.chaos.run import Outcome

SHOWN = 20  # problems; twenty are enough to understand a run that loses a thousand changes


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield the report line by line."""
    plan, account, hints = outcome.plan, outcome.account, outcome.hints
    load, calm = outcome.seconds["load"], outcome.seconds["calm"]
    yield _line("changes", f"{sum(outcome.changes.values())} in {plan.rooms} rooms within {load:.0f} s, "
                           f"at rest after {calm:.0f} s more: {_counted(outcome.changes)}")  # fmt: skip
    kills = _counted({point: outcome.kills.get(point, 0) for point in CRASH_POINTS})
    missed = _counted(outcome.out_of_reach)
    yield _line("kills", f"{sum(outcome.kills.values())}: {kills}{missed and f'; waited for in vain: {missed}'}")
    yield _line("faults", f"{sum(outcome.faults.values())}: {_counted(outcome.faults)}")
    given, met, lies = sum(outcome.lies.given.values()), sum(outcome.lies.met.values()), outcome.lies
    yield _line("lies", f"{given}, of which the relay met {met}: {_counted(lies.given)}")
    yield _line("rooms lied", f"{lies.rooms}, of which {lies.replaced} have a new subscription; {lies.resyncs} resyncs"
                              f"; of the others {len(lies.lost)} have a new one")  # fmt: skip
    yield _line("behaviours", f"by seed {plan.seed}: {', '.join(outcome.behaviours) or 'none'}")
    yield _line("hints", f"{hints['hintsSent']} accepted in {hints['sent']} of {hints['attempts']} POSTs; "
                         f"answers {_counted(hints['answers'])}; {hints['dropped']} given up")  # fmt: skip
    yield _line("accepted", f"{account.accepted} events (several changes of one event within the settle time are one)")
    yield _line("delivered", f"{len(account.delivered)}")
    yield _line("parked", f"{len(account.parked)}; left in the table: {_counted(outcome.parked) or 'nothing'}")
    yield _line("lost", f"{len(account.lost)}")
    if hints["dropped"]:
        yield _line("later", f"{len(account.healed_later)} events that Graph gave up, left to a resync")
    share = account.duplicates / max(account.distinct, 1)
    yield _line("duplicates", f"{account.duplicates} of {account.attempts} deliveries were taken before: {share:.3f} "
                              f"for each of {account.distinct} states (webhook-ids)")  # fmt: skip
    yield _line("picture", f"{account.differing} events differ from the calendars")
    searched = sorted(outcome.searched.items())
    yield _line("searched", ", ".join(f"{place} {number / 1e6:.1f} MB" for place, number in searched))
    yield from (f"WRONG: {problem}" for problem in outcome.problems[:SHOWN])
    if len(outcome.problems) > SHOWN:
        yield f"WRONG: and {len(outcome.problems) - SHOWN} more"
    leaked = sum(problem.startswith("leaked") for problem in outcome.problems)
    yield (f"chaos: {account.accepted} accepted, {len(account.delivered)} delivered, {len(account.parked)} parked, "
           f"{len(account.lost)} lost, {leaked} leaked; again: SEED={plan.seed} CHANGES={plan.changes}")  # fmt: skip


def _line(name: str, text: str) -> str:
    return f"{name:<11}{text}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())
