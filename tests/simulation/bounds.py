"""The bounds of a simulated run, and the print of its measurements."""

from __future__ import annotations

from datetime import timedelta

from shared.graph.subscriptions import DeleteReason
from tests.simulation.measures import LIMITS, NOT_OURS, Results

MOST_CALLS = 60.0  # that changed something, for each subscription and year
MOST_SHORT = 1.5  # times the renewals that short lifetimes need
MOST_OF = {"PATCH": 0.3, "GET": 1.2}  # all calls, for each watch and day


def broken_bounds(results: Results, days: int, subscriptions: int) -> list[str]:
    """Return the bounds that a run exceeded."""
    bounds = {
        f"{results.longest.get(cause)} without a live subscription ({cause}), {limit} allowed":
            results.longest.get(cause, timedelta()) > limit for cause, limit in LIMITS.items()
    }  # fmt: skip
    bounds |= {
        f"{daily(results, verb, days, subscriptions):.2f} {verb} for each watch and day, {most} allowed":
            daily(results, verb, days, subscriptions) > most for verb, most in MOST_OF.items()
    }  # fmt: skip
    bounds |= {
        f"{results.short.calls['PATCH']} PATCH while Graph allowed short lifetimes only, {most_short(results)} allowed":
            results.short.calls["PATCH"] > most_short(results),
        f"{minutes(results.ours)} minutes without a live subscription are ours": bool(results.ours),
        f"{yearly(results, days, subscriptions):.1f} calls per subscription-year, {MOST_CALLS:.0f} allowed":
            yearly(results, days, subscriptions) > MOST_CALLS,
        f"{len(results.missed)} changes missed, none allowed: {results.missed[:3]}": bool(results.missed),
        f"{len(results.stuck)} watches are not live, and nothing is wrong: {results.stuck[:3]}": bool(results.stuck),
        f"{len(results.broken)} rules broken: {results.broken[:2]}": bool(results.broken),
    }  # fmt: skip
    return [name for name, is_broken in bounds.items() if is_broken]


def show(results: Results, days: int, subscriptions: int) -> None:
    """Print every measurement."""
    for name, number in sorted(results.losses.items()):
        print(f"{name}: {number}")
    print(f"changes: {results.changes}; notifications lost: {results.lost_hints}; deliveries: {results.deliveries}")
    print("without a living subscription, by cause (in all, the longest, allowed):")
    for cause in sorted(results.without):
        limit = "-" if cause in NOT_OURS else str(LIMITS.get(cause, "never"))
        print(f"  {cause}: {minutes(results.without[cause])} minutes, {results.longest[cause]}, {limit}")
    print(f"  ours: {minutes(results.ours)} minutes")
    reasons = ", ".join(f"{reason} {results.deleted[reason]}" for reason in sorted({*DeleteReason, *results.deleted}))
    print(f"DELETE of a living subscription, each with its reason: {reasons}")
    print(f"changes at Graph per subscription-year (POST, PATCH, DELETE): {yearly(results, days, subscriptions):.1f}")
    rates = ", ".join(f"{verb} {daily(results, verb, days, subscriptions):.3f}" for verb in sorted(results.calls))
    print(f"all calls about subscriptions, for each watch and day: {rates}")
    print(f"in {results.short.days:.1f} days with short lifetimes: {results.short.calls['PATCH']} PATCH, "
          f"{most_short(results)} allowed")  # fmt: skip
    print(f"beside them: {results.views} calendar views, {results.reads} readings")
    print(f"changes missed after resync: {len(results.missed)}")


def minutes(time: timedelta) -> str:
    """Return a duration in whole minutes, rounded up."""
    return f"{-(-time // timedelta(minutes=1))}"


def daily(results: Results, verb: str, days: int, subscriptions: int) -> float:
    """Return the calls with a verb for each watch and day, outside of the time with short lifetimes."""
    short = results.short
    return (results.calls[verb] - short.calls[verb]) / subscriptions / (days - short.days)


def most_short(results: Results) -> int:
    """Return how many PATCHes are allowed in the time with short lifetimes."""
    return round(MOST_SHORT * results.short.renewals)


def yearly(results: Results, days: int, subscriptions: int) -> float:
    """Return the changes for each subscription and year, without those that the partner or the administrator asked for:
    the first set-ups, deleted and forbidden watches, and the DELETE before a replacement, which new keys need.
    """
    deleted, short = results.deleted, results.short
    asked = 2 * (deleted[DeleteReason.TOMBSTONE] + deleted[DeleteReason.FORBIDDEN]) + deleted[DeleteReason.REPLACED]
    done = sum(results.done[verb] - short.done[verb] for verb in ("POST", "PATCH", "DELETE"))
    return (done - subscriptions - asked) / subscriptions * 365 / (days - short.days)
