"""What each source of information proves about subscriptions and watches, and what is done about it.

The modules that act name the source here. docs/subscriptions.md shows the same table; a test holds both together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A source: what it proves, what it does not prove, what limits its consequences, and where that is carried out."""

    name: str
    proves: str
    does_not_prove: str
    brake: str
    module: str


SOURCES = (
    Source(
        "a row of the table of watches", "that the mailbox is watched, and which subscription is its own",
        "by its absence, that a subscription is surplus", "none is deleted because of it",
        "shared/subscriptions/plan.py",
    ),
    Source(
        "GET of a subscription by its id: 200", "that it exists at Graph, and where it posts",
        "that it sends notifications", "a silent one is replaced after two daily resyncs, 1 % an hour",
        "shared/resync/silence.py",
    ),
    Source(
        "404 to PATCH or GET of a subscription, or subscriptionRemoved", "nothing by itself; twice, 60 seconds apart, "
        "that it is gone", "by one, that it is gone", "above 10 and 1 % of a run: 1 % is made anew an hour",
        "shared/subscriptions/losses.py",
    ),
    Source(
        "409 to POST", "that the subscription which it names exists", "that it belongs to another app registration",
        "it is asked for by its id, then adopted", "shared/subscriptions/creation.py",
    ),
    Source(
        "401 or 403", "that this call was refused", "that the permission is gone, if most calls are refused",
        "above 10 and 5 % of a run: no state is changed", "shared/subscriptions/brakes.py",
    ),
    Source(
        "the list of subscriptions", "that what it contains exists", "that what it does not contain is gone",
        "it only counts unknown subscriptions", "shared/subscriptions/unknown/audit.py",
    ),
    Source(
        "the directory: the rooms of a list", "who is a member, if the answer is whole",
        "by an empty, missing or much shorter answer, that rooms have left", "20 minutes and a second reading",
        "shared/policy/room_list_rule.py",
    ),
    Source(
        "the calendar view", "which events exist in the window", "that an event outside of the answer was deleted",
        "each is read by its id before the partner is told", "shared/resync/resync.py",
    ),
)  # fmt: skip
